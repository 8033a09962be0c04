// Times the plan's stages, forward and backward, on one thread with one step's data.
// A stage's time holds everything from its input to its output: transforms, BN, ReLU, pooling.

import Dispatch
import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks

/// The two directions of a stage.
package enum StagePass: String, CaseIterable, Sendable {
  case forward, backward
}

/// One stage in one direction; figures are per image.
package struct StageFigure: Sendable {
  /// That of the stage's first node.
  package var name: String
  package var pass: StagePass
  /// What it reads first, what it stores, and what it does: `64x14x14 -> 32x14x14, 3x3`.
  package var shape: String
  package var isDense: Bool
  /// Floating-point operations of direct loops over real channels, a multiply-add counting as two; 0 for
  /// work that is no convolution.
  package var operationCount: Int
  /// Those of the forward convolution that a backward pass repeats because its output is not kept.
  package var recomputedOperationCount: Int
  /// Each operand once, as Floats of real channels.
  package var byteCount: Int
  /// What the loops of a kernel call come back to, which a cache should hold; 0 for work without weights.
  package var bytesInFlight: Int
  /// The fastest pass over the minibatch, divided by its images.
  package var elapsedSeconds: Double
}

/// The stages of a network with buffers for one minibatch.
package final class StageBenchmark {
  /// More than a cache of the first two levels holds, as in training.
  package static let sampleCount = 64

  let session: Session
  private let store: SampleStore
  private let order = [UInt32](0..<UInt32(sampleCount))

  /// Trains one step, so that every stage has its inputs and gradients; `images` are at least
  /// `sampleCount`.
  package init(
    network: Network, images: ImageSet, normalization: Normalization,
    configuration: EngineConfiguration
  ) throws {
    var configuration = configuration
    configuration.threadCount = 1
    session = try Session(
      network, state: .initial(network: network, seed: 1), configuration: configuration,
      sampleCapacity: Self.sampleCount, seed: 1)
    store = try SampleStore(images, normalization, binding: session.runner.memory.binding)
    _ = try session.trainingLosses(
      images[0..<Self.sampleCount], normalization, order: order, recipe: network.description.recipe)
  }

  /// Times every stage in both directions, each for `seconds`.
  package func run(seconds limit: Double) throws -> [StageFigure] {
    try session.pool.lead { [self] in
      let executor = session.runner.executor
      return executor.states.indices.flatMap { index in
        forEachTask { prepare(executor, index, $0) }
        return StagePass.allCases.map { pass in
          var figure = figure(index, pass)
          figure.elapsedSeconds = fastest(limit) { run(executor, index, pass, $0) }
          return figure
        }
      }
    }
  }

  /// Values and gradients as a step has them before the backward pass of stage `index`, with the constants of
  /// the last one: later passes put gradients where values were.
  private func prepare(_ executor: Executor, _ index: Int, _ task: ShardTask) {
    for stage in executor.states.indices { executor.forward(stage, task) }
    executor.loss(task)
    for stage in executor.plan.schedule.backward.joined().prefix(while: { $0 != index })
    where !executor.states[stage].isAffine {
      executor.backward(stage, task)
    }
  }

  private func run(_ executor: Executor, _ index: Int, _ pass: StagePass, _ task: ShardTask) {
    let isAffine = executor.states[index].isAffine
    switch pass {
    case .forward: executor.forward(index, task)
    // Its reader hands its gradient on.
    case .backward where isAffine: break
    case .backward: executor.backward(index, task)
    }
    // What its reader's time holds too.
    if isAffine { makeAndReturn(executor, index + 1, pass, task) }
  }

  /// An affine stage's work inside the passes of its reader, `index`.
  private func makeAndReturn(
    _ executor: Executor, _ index: Int, _ pass: StagePass, _ task: ShardTask
  ) {
    executor.forEachCall(of: executor.states[index], task) { places in
      let stage = executor.states[index].stage
      executor.prepareConvolution(stage, places, task)
      if pass == .backward { executor.returnConvolution(stage, places, task) }
    }
  }

  private func fastest(_ limit: Double, _ body: (ShardTask) -> Void) -> Double {
    let begin = DispatchTime.now()
    var fastest = Double.infinity
    repeat {
      let start = DispatchTime.now()
      forEachTask(body)
      fastest = min(fastest, seconds(since: start))
    } while seconds(since: begin) < limit
    return fastest / Double(Self.sampleCount)
  }

  private func forEachTask(_ body: (ShardTask) -> Void) {
    order.withUnsafeBufferPointer { order in
      let batch = Minibatch(
        source: store.source, sharding: session.runner.memory.sharding,
        samples: order.baseAddress!, count: order.count, epoch: 0)
      let scratch = session.runner.executor.scratch[0]
      for shard in 0..<batch.shardCount {
        body(ShardTask(batch: batch, mode: .training, shard: shard, scratch: scratch))
      }
    }
  }

  /// Everything of a figure but its time.
  private func figure(_ index: Int, _ pass: StagePass) -> StageFigure {
    let executor = session.runner.executor
    let state = executor.states[index]
    let stage = state.stage
    let sources = stage.reads.map { executor.plan.reads[$0].source }
    let input = sources.map { values(of: $0).count }.reduce(0, +)
    let output = stage.value.channels * stage.value.pooledPixels
    // Backward: weight gradient, and input gradient unless the input is the image.
    let products = pass == .forward || sources[0] < 0 ? 1 : 2
    let operands = pass == .forward ? 1 : 2
    let repeats = pass == .backward && (state.isAffine || stage.isRecomputed)
    let value = stage.value
    let stored = Shape(channels: value.channels, height: value.height, width: value.width)
    return StageFigure(
      name: executor.plan.tensors[index].name, pass: pass,
      shape: "\(values(of: sources[0]).text) -> \(stored.text), \(stage.workText)",
      isDense: stage.work == .dense, operationCount: 2 * products * stage.multiplyAdds,
      recomputedOperationCount: repeats ? 2 * stage.multiplyAdds : 0,
      byteCount: 4 * operands * (input + output), bytesInFlight: 4 * state.callCount(pass),
      elapsedSeconds: 0)
  }

  /// What readers of a stage, or of the image, find.
  private func values(of source: Int) -> Shape {
    guard source >= 0 else { return session.runner.executor.plan.network.input }
    let value = session.runner.executor.states[source].stage.value
    return Shape(
      channels: value.channels, height: value.pooledHeight, width: value.pooledWidth)
  }
}

extension Shape {
  fileprivate var text: String { "\(channels)x\(height)x\(width)" }
}

extension StageState {
  /// Floats that the loops of a call come back to.
  fileprivate func callCount(_ pass: StagePass) -> Int {
    guard pass == .backward else { return form.storage.forwardCall }
    return form.storage.backwardCall + (form.leavesInFlight - 1) * form.accumulatorStride
  }
}

extension Stage {
  /// Of one image's direct loops over real channels; 0 for work without weights.
  fileprivate var multiplyAdds: Int {
    switch work {
    case .convolution, .dense: geometry(rows: 1).multiplyAdds
    case .depthwise(let window): value.channels * value.pixels * window.taps
    default: 0
    }
  }

  fileprivate var workText: String {
    switch work {
    case .convolution: "\(geometry.kernelHeight)x\(geometry.kernelWidth)"
    case .dense: "dense"
    case .depthwise(let window): "depthwise \(window.windowHeight)x\(window.windowWidth)"
    case .pool(let kind, let window):
      "\(kind) pool \(window.windowHeight)x\(window.windowWidth)"
    case .sum: "sum"
    case .concatenate: "concat"
    case .multiply: "scale"
    case .copy: "copy"
    case .quantize: "quantize"
    case .image, .relayout: "layout"
    }
  }
}

// Which side of a kink every value fell on in the last step: ReLU masks and the places of maxima.
// A test that compares gradients forces these on the reference, by node; one flipped sign of a value
// near zero would hide everything else.

import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks

/// The discrete decisions of a step, by the node that makes them.
package struct NodeDecisions: Sendable {
  /// Whether each value of a ReLU is above zero, `[N, C, H, W]`.
  package var reluMasks: [Int: [Bool]] = [:]
  /// Piece of every value of another activation with kinks: the number of kinks below it.
  package var pieces: [Int: [Int8]] = [:]
  /// `[N, C, H', W']` places in `[N, C, H, W]`.
  package var poolPlaces: [Int: [Int]] = [:]
  /// Values of 8 bits in scales, `[N, C, H, W]`.
  package var roundedSteps: [Int: [Float]] = [:]
}

extension Session {
  /// Decisions of a step with the minibatch, at its statistics and the parameters.
  package func decisions(
    _ set: ImageSet, _ normalization: Normalization, order: [UInt32]
  ) throws -> NodeDecisions {
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var decisions = NodeDecisions()
      forEachMinibatch(of: order, store.source, epoch: 0) { _, batch in
        runner.computeValues(batch)
        for index in runner.executor.states.indices { add(index, batch, to: &decisions) }
      }
      return decisions
    }
  }

  private func add(_ index: Int, _ batch: Minibatch, to decisions: inout NodeDecisions) {
    let state = runner.executor.states[index]
    let nodes = runner.executor.plan.nodes[index]
    if case .pool(.maximum, let window) = state.stage.work, let node = nodes.first {
      decisions.poolPlaces[node] = places(index, window, batch)
    }
    if case .quantize(let form) = state.stage.work, let node = nodes.first {
      decisions.roundedSteps[node] = activations(index, batch).map { ($0 / form.scale).rounded() }
      decisions.pieces[node] = inputs(index, batch).map {
        Int8($0 / form.scale < form.lowest ? 0 : $0 / form.scale > form.highest ? 2 : 1)
      }
    }
    guard nodes.relu != nil || nodes.activation != nil || nodes.pool != nil else {
      return
    }
    let z = activations(index, batch)
    var pooled = z
    if let node = nodes.pool {
      let places = poolPlaces(state, z)
      decisions.poolPlaces[node] = places
      pooled = places.map { z[$0] }
    }
    func isPooled(_ node: Int) -> Bool { nodes.pool.map { $0 < node } ?? false }
    if let node = nodes.relu {
      decisions.reluMasks[node] = (isPooled(node) ? pooled : z).map { $0 > 0 }
    }
    if let node = nodes.activation,
      case .activation(let function) = runner.executor.plan.network.graph.nodes[node].operation
    {
      let pieced = PiecewiseActivation(function)
      let pieces = pieces(
        state, isPooled(node) ? pooled : z, isPooled(node), kinks: pieced?.kinks ?? [0])
      if function == .relu {
        decisions.reluMasks[node] = pieces.map { $0 > 0 }
      } else if pieced != nil {
        decisions.pieces[node] = pieces
      }
    }
  }

  private func pieces(
    _ state: StageState, _ z: [Float], _ isPooled: Bool, kinks: [Float]
  ) -> [Int8] {
    let value = state.stage.value
    let pixels = isPooled ? value.pooledPixels : value.pixels
    return z.indices.map { place in
      let channel = place / pixels % value.channels
      let scaled = state[.shift][channel].addingProduct(state[.scale][channel], z[place])
      return Int8(kinks.count { scaled > $0 })
    }
  }

  /// First extreme of each window: the maximum, or the minimum where the scale is negative.
  private func poolPlaces(_ state: StageState, _ z: [Float]) -> [Int] {
    let shape = state.stage.value.shape(rows: 1)
    let planes = z.count / (shape.height * shape.width)
    return (0..<planes * shape.pooledHeight * shape.pooledWidth).map { index in
      let (row, column) = (index / shape.pooledWidth, index % shape.pooledWidth)
      let (plane, y) = (row / shape.pooledHeight, row % shape.pooledHeight)
      let corner =
        (plane * shape.height + y * shape.window) * shape.width + column * shape.window
      let places = (0..<shape.window * shape.window).map {
        corner + $0 / shape.window * shape.width + $0 % shape.window
      }
      let channel = plane % state.stage.value.channels
      let isNegative = state.stage.value.view.hasNorm && state[.gamma][channel] < 0
      return Self.first(places, z, sign: isNegative ? -1 : 1)
    }
  }

  private static func first(_ places: [Int], _ z: [Float], sign: Float = 1) -> Int {
    let extreme = places.map { sign * z[$0] }.max()!
    return places.first { sign * z[$0] == extreme }!
  }

  /// Places of the maxima of a pool stage in what it reads.
  private func places(_ index: Int, _ window: WindowGeometry, _ batch: Minibatch) -> [Int] {
    let x = inputs(index, batch)
    let planes = x.count / (window.height * window.width)
    let outputs = window.outputHeight * window.outputWidth
    return (0..<planes * outputs).map { index in
      let (plane, output) = index.quotientAndRemainder(dividingBy: outputs)
      let (i, j) = output.quotientAndRemainder(dividingBy: window.outputWidth)
      let places = (0..<window.taps).compactMap { tap -> Int? in
        let y = i * window.verticalStride + tap / window.windowWidth - window.padding.top
        let x = j * window.horizontalStride + tap % window.windowWidth - window.padding.left
        guard 0..<window.height ~= y, 0..<window.width ~= x else { return nil }
        return (plane * window.height + y) * window.width + x
      }
      return Self.first(places, x)
    }
  }

  /// What a stage reads, `[N, C, H, W]`.
  private func inputs(_ index: Int, _ batch: Minibatch) -> [Float] {
    let executor = runner.executor
    let source = executor.source(of: executor.states[index].stage)
    let value = source.stage.value
    return collect(value, pixels: value.pooledPixels, batch) { places, task in
      executor.read(source, places, task, to: task.scratch.x)
      return task.scratch.x
    }
  }

  /// Full-size activations `[N, C, H, W]` of a stage, computed again.
  private func activations(_ index: Int, _ batch: Minibatch) -> [Float] {
    let executor = runner.executor
    let state = executor.states[index]
    let value = state.stage.value
    return collect(value, pixels: value.pixels, batch) { places, task in
      guard state.stage.isRecomputed || state.isAffine else {
        return state.z(places.lowerBound)
      }
      executor.compute(index, places, task, z: task.scratch.z)
      executor.activate(state, places, z: task.scratch.z, sumsMoments: false)
      return task.scratch.z
    }
  }

  /// `[N, C, H, W]` from what `body` leaves for single images, or for a leaf's vectors.
  private func collect(
    _ value: StoredValue, pixels: Int, _ batch: Minibatch,
    _ body: (Range<Int>, ShardTask) -> MutableFloatPointer
  ) -> [Float] {
    var values: [Float] = []
    for shard in 0..<batch.shardCount {
      let task = ShardTask(
        batch: batch, mode: .training, shard: shard, scratch: runner.executor.scratch[0])
      let size = value.isVector ? batch.sharding.leafSize : 1
      runner.executor.forEachPart(of: task.places, size: size) { places in
        let z = body(places, task)
        for row in 0..<places.count {
          for element in 0..<value.channels * pixels {
            let (channel, pixel) = element.quotientAndRemainder(dividingBy: pixels)
            let (block, lane) = channel.quotientAndRemainder(dividingBy: channelLanes)
            let vector = value.isVector ? block * places.count + row : block * pixels + pixel
            values.append(z[vector * channelLanes + lane])
          }
        }
      }
    }
    return values
  }
}

// A short training run on noise, at any number of threads, ranks and nodes.

import PTrainDatasets
import PTrainKernels
import PTrainMemory
import PTrainNetworks

@testable import PTrainEngine

/// A network, a recipe and images of noise with labels of noise.
struct NoiseRun: Sendable {
  struct Outcome: Equatable, Sendable {
    var state: [UInt32] = []
    var losses: [Double] = []
    var epochs: [Evaluation] = []
  }

  var nodes = 1
  var cpuCount = 2
  private let network: Network
  private let recipe: Recipe
  private let dataset: Dataset

  init(
    _ description: ModelDescription, input: Shape, classCount: Int = 10, epochs: Int = 2,
    training: Int, test: Int, batchSize: Int
  ) throws {
    network = try Network(description: description, input: input, classCount: classCount)
    var recipe = description.recipe
    recipe.epochs = epochs
    recipe.batchSize = batchSize
    self.recipe = recipe
    dataset = try Dataset(
      name: "noise", training: Self.noise(training, input, classCount, seed: 1),
      test: Self.noise(test, input, classCount, seed: 2))
  }

  private static func noise(
    _ count: Int, _ input: Shape, _ classCount: Int, seed: UInt64
  ) throws -> ImageSet {
    let stream = RandomStream(seed: seed, purpose: .augmentation)
    let bytes = (0..<count * input.count).map {
      UInt8(truncatingIfNeeded: stream.word(element: $0))
    }
    return try ImageSet(
      height: input.height, width: input.width, channels: input.channels, images: bytes,
      labels: (0..<count).map { UInt16(($0 < classCount ? $0 : Int(bytes[$0])) % classCount) })
  }

  func trainer(
    threads: Int, communicator: any Communicator = SingleProcess(),
    from snapshot: TrainingSnapshot? = nil
  ) throws -> Trainer {
    var configuration = EngineConfiguration(
      kernels: try KernelChoice.select(environment: [:]), threadCount: threads, cpuCount: cpuCount)
    configuration.communicator = communicator
    configuration.binding = SimulatedNodes(nodeCount: nodes)
    var options = TrainingOptions()
    // Another form at every step.
    options.calibrate = { [network] state in
      let form = NumberForm(scale: 0.03 + abs(state.values[0]) / 10, zeroPoint: -20)
      return network.graph.nodes.indices.map { ValueForm(node: $0, form: form) }
    }
    return try Trainer(
      network: network, recipe: recipe, dataset: dataset, options: options,
      configuration: configuration, from: snapshot)
  }

  /// The test set's, of a model in floating point.
  func evaluation(of state: ModelState) throws -> Evaluation {
    let session = try Session(
      network, state: state,
      configuration: EngineConfiguration(
        kernels: try KernelChoice.select(environment: [:]), threadCount: 1, cpuCount: 1),
      sampleCapacity: recipe.batchSize)
    return try session.evaluate(dataset.test, dataset.normalization)
  }

  func outcome(
    threads: Int, communicator: any Communicator = SingleProcess(),
    from snapshot: TrainingSnapshot? = nil
  ) throws -> Outcome {
    var outcome = Outcome()
    try trainer(threads: threads, communicator: communicator, from: snapshot).run { event in
      switch event {
      case .step(let step): outcome.losses.append(step.loss)
      case .epoch(let epoch, let state):
        outcome.state = state.values.map(\.bitPattern)
        outcome.epochs += [epoch.training, epoch.test]
      default: break
      }
    }
    return outcome
  }
}

/// Nodes that the machine does not have: worker `w` is at home on node `w` modulo `count`.
/// Their memory is the first node's.
struct SimulatedNodes: WorkerBinding {
  let nodeCount: Int
  func node(of worker: Int) -> Int { worker % nodeCount }
  func memoryNode(of node: Int) -> Int? { nodeCount > 1 ? 0 : nil }
  func run(as worker: Int, _ body: () -> Void) { body() }
  func report(_ reason: String) {}
}

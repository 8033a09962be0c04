// Whole runs: the same bits at any thread count, instruction set and interruption.

import PTrainDatasets
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainKernels
import PTrainMemory
import PTrainNetworks
import Synchronization
import Testing

@testable import PTrainEngine

/// A short run of a small network on random images.
struct ShortRun {
  var architecture = Architecture.normThenRelu
  var recipe = Recipe()
  var options = TrainingOptions()
  var threads = 2
  var kernels: any KernelSet = KernelChoice.kernels(for: KernelChoice.available.last!)

  init(batchSize: Int = 20) {
    recipe.epochs = 2
    recipe.batchSize = batchSize
    recipe.optimizer = .sgd
    recipe.nesterov = true
    recipe.learningRate = 0.05
    recipe.schedule = .oneCycle
    recipe.labelSmoothing = 0.1
    recipe.weightDecay = 0.01
    var affine = AffineAugmentation()
    affine.shiftPixels = 1
    recipe.augment = [.flip(FlipAugmentation()), .affine(affine), .crop(1), .cutout(3)]
  }

  func trainer(from snapshot: TrainingSnapshot? = nil) throws -> Trainer {
    let network = try architecture.network()
    let dataset = try Dataset(
      name: "random", training: architecture.samples(50), test: architecture.samples(30))
    return try Trainer(
      network: network, recipe: recipe, dataset: dataset, options: options,
      configuration: EngineConfiguration(kernels: kernels, threadCount: threads, cpuCount: 2),
      from: snapshot)
  }

  /// The model after the last epoch.
  func finalState() throws -> ModelState {
    let trainer = try trainer()
    let states = Mutex<[ModelState]>([])
    try trainer.run { event in
      if case .epoch(_, let state) = event { states.withLock { $0.append(state) } }
    }
    return try #require(states.withLock { $0.last })
  }
}

@Suite struct TrainerTests {
  @Test(arguments: [20, 16, 7])
  func threadsDoNotChangeABit(batchSize: Int) throws {
    var run = ShortRun(batchSize: batchSize)
    run.threads = 1
    let expected = try run.finalState()
    for threads in [2, 3, 5, 8, 16] {
      run.threads = threads
      #expect(try run.finalState() == expected, "\(threads) threads")
    }
    #expect(try run.finalState() == expected, "a second time")
    run.options.seed = 2
    #expect(try run.finalState() != expected, "another seed")
  }

  @Test(arguments: Architecture.allCases)
  func vectorWidthsDoNotChangeABit(architecture: Architecture) throws {
    var run = ShortRun()
    run.architecture = architecture
    run.recipe.epochs = 1
    let expected = try run.finalState()
    // The baseline of x86 has no fused multiply-add and bits of its own.
    for instructionSet in KernelChoice.available where instructionSet != .baseline {
      run.kernels = KernelChoice.kernels(for: instructionSet)
      #expect(try run.finalState() == expected, "\(instructionSet)")
    }
  }

  /// In a process of its own: the count is the process's, and other tests allocate meanwhile.
  @Test func aStepAllocatesNoBuffer() async {
    await #expect(processExitsWith: .success) {
      var run = ShortRun()
      run.recipe.averageDecay = 0.9
      let counts = Mutex<[Int]>([])
      try run.trainer().run { event in
        if case .step = event { counts.withLock { $0.append(AlignedBuffer.allocationCount) } }
      }
      #expect(counts.withLock { Set($0).count } == 1)
    }
  }

  /// With a rate of almost 0 the average is the parameters, and of a single minibatch a norm of momentum 1
  /// keeps the statistics that training saw.
  @Test func statisticsOfTheAverageAreOfAugmentedImages() throws {
    func state(averageDecay: Double, augment: String) throws -> [Float] {
      let description = try ModelDescription.parse(
        yaml: """
          name: norm
          layers:
            - conv: {filters: 8, padding: 1}
            - batchNorm: {momentum: 1}
            - relu
            - globalAveragePool
            - dense: classes
          recipe: {optimizer: sgd, learningRate: 1e-12, averageDecay: \(averageDecay), augment: \(augment)}
          """, source: "norm.yaml")
      let run = try NoiseRun(
        description, input: Shape(channels: 3, height: 8, width: 8), epochs: 1, training: 48,
        test: 10, batchSize: 48)
      return try run.outcome(threads: 2).state.map(Float.init(bitPattern:))
    }
    let expected = try state(averageDecay: 0, augment: "[flip, {crop: 4}]")
    let averaged = try state(averageDecay: 0.9, augment: "[flip, {crop: 4}]")
    #expect(zip(averaged, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    let plain = try state(averageDecay: 0.9, augment: "none")
    #expect(zip(averaged, plain).contains { abs($0 - $1) > 1e-2 })
  }

  @Test func divergenceNamesTheLayer() throws {
    var run = ShortRun()
    run.recipe.learningRate = 1e3
    run.recipe.schedule = .constant
    run.recipe.weightDecay = 1
    run.recipe.epochs = 60
    let error = try #require(throws: (any Error).self) { try run.trainer().run { _ in } }
    #expect("\(error)".contains("training diverged"))
    #expect("\(error)".contains("in layer"))
  }

  /// Each set, by each axis: workers would write images beyond their buffers.
  @Test(arguments: 0..<4, [(13, 14), (14, 15)])
  func imagesOfAnotherSizeAreRefused(use: Int, size: (height: Int, width: Int)) throws {
    let run = ShortRun()
    let network = try run.architecture.network()
    let (fit, other) = try (
      run.architecture.samples(20),
      ImageSet.synthetic(count: 20, height: size.height, width: size.width, classCount: 5)
    )
    let refusal = Failure(
      .badData, "the images have \(size.height)x\(size.width) pixels, the network takes 14x14")
    let configuration = EngineConfiguration(kernels: run.kernels, threadCount: 1, cpuCount: 1)
    if use < 3 {
      var dataset = try Dataset(name: "random", training: fit, test: fit)
      if use == 0 { dataset.training = other }
      if use == 1 { dataset.validation = other }
      if use == 2 { dataset.test = other }
      #expect(throws: refusal) {
        try Trainer(
          network: network, recipe: run.recipe, dataset: dataset, options: run.options,
          configuration: configuration)
      }
    } else {
      let session = try Session(
        network, state: .initial(network: network, seed: 1), configuration: configuration,
        sampleCapacity: 8)
      let normalization = Normalization(mean: 0.5, standardDeviation: 0.3)
      #expect(throws: refusal) { try session.evaluate(other, normalization) }
      #expect(throws: refusal) { try session.logits(other, normalization) }
    }
  }

  @Test func targetAccuracyEndsTheRun() throws {
    var run = ShortRun()
    run.options.targetAccuracy = 0.001
    #expect(try run.trainer().run { _ in }.epochCount == 1)
  }
}

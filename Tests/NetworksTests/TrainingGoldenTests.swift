// Optimizers, schedules and whole training steps against PyTorch.
// The steps run forward, loss, backward, running statistics and optimizer of two small networks.

import Testing

@testable import PTrainNetworks

@Suite struct OptimizerGoldenTests {
  let golden: Golden
  /// A dense layer 3 -> 2: its weight decays, its bias does not.
  let layout: StateLayout

  init() throws {
    golden = try Golden(file: "optimizers")
    let model = ModelDescription(name: "dense", layers: [.dense(features: nil, bias: true)])
    layout = try Network(description: model, input: Shape(channels: 3), classCount: 2).layout
  }

  private func run(
    _ values: Golden, _ step: (inout [Double], [Double], Double) -> Void
  ) throws {
    var parameters = try values["start"].numbers
    let rates = try values["learningRates"].numbers
    for (index, gradient) in try values["gradients"].list.enumerated() {
      step(&parameters, try gradient.numbers, rates[index])
      #expect(difference(parameters, try values["values"].list[index].numbers) < 1e-14)
    }
  }

  @Test func adam() throws {
    for values in try golden["adam"].list {
      let settings = Adam(weightDecay: try values["weightDecay"].number)
      var optimizer = ReferenceOptimizer<Double>(layout: layout, rule: settings)
      try run(values) { optimizer.step(values: &$0, gradient: $1, learningRate: $2) }
      #expect(optimizer.stepCount == 5)
    }
  }

  @Test func sgd() throws {
    for values in try golden["sgd"].list {
      let settings = SGD(
        momentum: try values["momentum"].number, nesterov: try values["nesterov"].flag,
        weightDecay: try values["weightDecay"].number)
      var optimizer = ReferenceOptimizer<Double>(layout: layout, rule: settings)
      try run(values) { optimizer.step(values: &$0, gradient: $1, learningRate: $2) }
    }
  }

  @Test func schedules() throws {
    for values in try golden["schedules"].list {
      var recipe = Recipe()
      recipe.schedule = try #require(Recipe.Schedule(rawValue: try values["kind"].text))
      recipe.epochs = try values["epochs"].int
      recipe.learningRate = try values["learningRate"].number
      if recipe.schedule == .step {
        recipe.stepEpochs = try values["stepEpochs"].int
        recipe.stepFactor = try values["stepFactor"].number
      }
      if recipe.schedule == .oneCycle { recipe.warmUp = try values["warmUp"].number }
      let schedule = LearningRateSchedule(
        recipe: recipe, stepsPerEpoch: try values["stepsPerEpoch"].int)
      let rates = try values["rates"].numbers
      #expect(schedule.stepCount == rates.count)
      for (step, rate) in rates.enumerated() {
        let error = abs(schedule.rate(at: step) / rate - 1)
        // PyTorch's cosine multiplies step by step and gathers rounding.
        #expect(
          error < 1e-12, "\(recipe.schedule) step \(step): \(schedule.rate(at: step)), \(rate)")
      }
    }
  }

  @Test func runningStatisticsAreNotTrained() throws {
    let before = try golden["adam"].list[0]["start"].numbers
    let model = ModelDescription(name: "bn", layers: [.batchNorm])
    let layout = try Network(description: model, input: Shape(channels: 2), classCount: 2).layout
    var values = before
    var adam = ReferenceOptimizer<Double>(layout: layout, rule: Adam())
    adam.step(values: &values, gradient: before, learningRate: 0.1)
    #expect(values[..<4] != before[..<4])
    #expect(values[4...] == before[4...])
  }
}

@Suite struct TrainingGoldenTests {
  static let small: [Layer] = [
    .conv(filters: 4, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
    .maxPool(size: 2), .conv(filters: 6, kernel: 3, stride: 1, padding: 1, bias: true), .relu,
    .batchNorm, .globalAveragePool, .dropout(rate: 0.25), .dense(features: 5, bias: true),
    .dense(features: nil, bias: true),
  ]
  static let stack: [Layer] = [
    .conv(filters: 3, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
    .maxPool(size: 2), .dropout(rate: 0.25),
    .conv(filters: 4, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
    .globalAveragePool, .dense(features: nil, bias: true),
  ]

  private func network(_ layers: [Layer]) throws -> Network {
    try Network(
      description: ModelDescription(name: "golden", layers: layers),
      input: Shape(channels: 1, height: 8, width: 8), classCount: 3)
  }

  private func block(_ state: Golden, _ layout: StateLayout) throws -> [Double] {
    try layout.tensors.flatMap { try state[$0.name].numbers }
  }

  /// `factor` is for Adam, whose step is the sign of a gradient where that is tiny.
  private func train<Scalar: ReferenceScalar>(
    _ name: String, _ layers: [Layer], smoothing: Double, factor: Double = 1, _: Scalar.Type,
    step: (inout [Scalar], [Scalar]) -> Void
  ) throws {
    let golden = try Golden(file: "training")[name]
    let network = try network(layers)
    let dropout = try #require(layers.firstIndex(of: .dropout(rate: 0.25)))
    var model = ReferenceNetwork(
      network: network, values: try block(golden["start"], network.layout).map { Scalar($0) })
    let limit = factor * tolerance(Scalar.self)
    for values in try golden["steps"].list {
      let mask = try values["mask"].numbers.map { Scalar($0) }
      let trace = model.forward(
        try values["x"].numbers.map { Scalar($0) },
        mode: ReferenceMode(isTraining: true, dropoutMasks: [dropout: mask]))
      let labels = try values["labels"].ints
      #expect(difference(trace.output, try values["logits"].numbers) < 10 * limit)
      let (losses, probabilities) = Reference.crossEntropyForward(
        logits: trace.output, labels: labels, labelSmoothing: smoothing)
      let loss = losses.reduce(0, +) / Scalar(labels.count)
      #expect(difference([loss], try values["loss"].numbers) < 10 * limit)
      let gradient = model.backward(
        trace,
        outputGradient: Reference.crossEntropyBackward(
          probabilities: probabilities, labels: labels, labelSmoothing: smoothing,
          scale: 1 / Scalar(labels.count)))
      try compare(gradient.block, values["gradients"], network.layout, 100 * limit)
      model.updateRunningStatistics(from: trace)
      step(&model.values, gradient.block)
    }
    try compare(model.values, golden["end"], network.layout, 100 * limit)
    let test = try golden["test"]
    let trace = model.forward(try test["x"].numbers.map { Scalar($0) }, mode: .evaluation)
    #expect(difference(trace.output, try test["logits"].numbers) < 10 * limit)
  }

  private func compare<Scalar: ReferenceScalar>(
    _ found: [Scalar], _ expected: Golden, _ layout: StateLayout, _ limit: Double
  ) throws {
    for tensor in layout.tensors {
      guard expected.has(tensor.name) else {
        #expect(!tensor.isTrainable && found[tensor.range].allSatisfy { $0 == 0 })
        continue
      }
      let error = difference(Array(found[tensor.range]), try expected[tensor.name].numbers)
      #expect(error < limit, "\(tensor.name)")
    }
  }

  @Test func eva8LikeWithAdam() throws {
    let layout = try network(Self.small).layout
    var adam = ReferenceOptimizer<Double>(layout: layout, rule: Adam())
    try train("small", Self.small, smoothing: 0, Double.self) {
      adam.step(values: &$0, gradient: $1, learningRate: 0.01)
    }
    var adamFloat = ReferenceOptimizer<Float>(layout: layout, rule: Adam())
    try train("small", Self.small, smoothing: 0, factor: 10, Float.self) {
      adamFloat.step(values: &$0, gradient: $1, learningRate: 0.01)
    }
  }

  @Test func compactLikeWithNesterovAndSmoothing() throws {
    let layout = try network(Self.stack).layout
    let settings = SGD(momentum: 0.9, nesterov: true, weightDecay: 0.01)
    var sgd = ReferenceOptimizer<Double>(layout: layout, rule: settings)
    try train("stack", Self.stack, smoothing: 0.1, Double.self) {
      sgd.step(values: &$0, gradient: $1, learningRate: 0.1)
    }
    var sgdFloat = ReferenceOptimizer<Float>(layout: layout, rule: settings)
    try train("stack", Self.stack, smoothing: 0.1, Float.self) {
      sgdFloat.step(values: &$0, gradient: $1, learningRate: 0.1)
    }
  }
}

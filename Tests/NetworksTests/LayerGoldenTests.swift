// Every reference layer against PyTorch, in Double and Float.
// Double must agree to rounding, which leaves no room for another formula.

import Testing

@testable import PTrainNetworks

@Suite struct LayerGoldenTests {
  let golden: Golden

  init() throws { golden = try Golden(file: "layers") }

  private func agree<Scalar: ReferenceScalar>(
    _ found: [Scalar], _ expected: Golden, factor: Double = 1,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let error = difference(found, try expected.numbers)
    #expect(error <= factor * tolerance(Scalar.self), sourceLocation: location)
  }

  private func scalars<Scalar: ReferenceScalar>(_ golden: Golden) throws -> [Scalar] {
    try golden.numbers.map { Scalar($0) }
  }

  @Test func convolution() throws {
    for values in try golden["conv"].list {
      try convolution(values, Double.self)
      try convolution(values, Float.self)
    }
  }

  private func convolution<S: ReferenceScalar>(_ values: Golden, _: S.Type) throws {
    let sizes = ReferenceConvSizes(
      count: try values["count"].int, input: try values["input"].shape,
      filters: try values["filters"].int, kernel: try values["kernel"].int,
      stride: try values["stride"].int, padding: try values["padding"].int)
    let bias: [S]? = values.has("bias") ? try scalars(try values["bias"]) : nil
    let (x, weights): ([S], [S]) = (try scalars(values["x"]), try scalars(values["weights"]))
    let z = Reference.convForward(sizes, x: x, weights: weights, bias: bias)
    try agree(z, values["z"])
    let gradient = Reference.convBackward(
      sizes, x: x, weights: weights, dz: try scalars(values["dz"]), wantsInput: true)
    try agree(gradient.weights, values["dWeights"])
    try agree(try #require(gradient.input), values["dx"])
    if bias != nil { try agree(gradient.bias, values["dBias"]) }
  }

  @Test func batchNorm() throws {
    for values in try golden["batchNorm"].list {
      try batchNorm(values, Double.self)
      try batchNorm(values, Float.self)
    }
  }

  private func batchNorm<S: ReferenceScalar>(_ values: Golden, _: S.Type) throws {
    let shape = try values["input"].shape
    let scale: [S] = try scalars(values["scale"])
    var mean = [S](repeating: 0, count: shape.channels)
    var variance = [S](repeating: 1, count: shape.channels)
    for batch in try values["batches"].list {
      let x: [S] = try scalars(batch["x"])
      let (y, memo) = Reference.batchNormForward(
        shape: shape, x: x, scale: scale, shift: try scalars(values["shift"]),
        running: try batch["training"].flag ? nil : (mean, variance))
      try agree(y, batch["y"])
      Reference.batchNormRunning(
        shape: shape, count: x.count / shape.count, memo: memo, mean: &mean, variance: &variance)
      try agree(mean, batch["runningMean"])
      try agree(variance, batch["runningVariance"])
      let gradient = Reference.batchNormBackward(
        shape: shape, memo: memo, scale: scale, dy: try scalars(batch["dy"]))
      try agree(gradient.scale, batch["dScale"])
      try agree(gradient.shift, batch["dShift"])
      try agree(gradient.input, batch["dx"], factor: 4)
    }
  }

  @Test func maxPool() throws {
    for values in try golden["maxPool"].list {
      try maxPool(values, Double.self)
      try maxPool(values, Float.self)
    }
  }

  /// Pooling copies: the values are the golden ones, rounded to the scalar type.
  private func maxPool<S: ReferenceScalar>(_ values: Golden, _: S.Type) throws {
    let x: [S] = try scalars(values["x"])
    let sizes = ReferencePoolSizes(
      input: try values["input"].shape, size: try values["size"].int)
    let (y, places) = Reference.maxPoolForward(sizes, x: x)
    #expect(try y == scalars(values["y"]))
    let dx = Reference<S>.maxPoolBackward(
      inputCount: x.count, places: places, dy: try scalars(values["dy"]))
    #expect(try dx == scalars(values["dx"]))
  }

  @Test func averagePool() throws {
    try averagePool(Double.self)
    try averagePool(Float.self)
  }

  private func averagePool<S: ReferenceScalar>(_: S.Type) throws {
    let values = try golden["averagePool"]
    let sizes = ReferencePoolSizes(whole: try values["input"].shape)
    let y: [S] = Reference.averagePoolForward(sizes, x: try scalars(values["x"]))
    try agree(y, values["y"])
    let dx: [S] = Reference.averagePoolBackward(sizes, dy: try scalars(values["dy"]))
    try agree(dx, values["dx"])
  }

  @Test func dropout() throws {
    try dropout(Double.self)
    try dropout(Float.self)
  }

  private func dropout<S: ReferenceScalar>(_: S.Type) throws {
    let values = try golden["dropout"]
    let mask: [S] = try scalars(values["mask"])
    #expect(mask.contains(0) && mask.contains { $0 > 1 })
    try agree(Reference.dropoutForward(x: scalars(values["x"]), mask: mask), values["y"])
    try agree(Reference.dropoutBackward(mask: mask, dy: scalars(values["dy"])), values["dx"])
  }

  @Test func relu() throws {
    try relu(Double.self)
    try relu(Float.self)
  }

  private func relu<S: ReferenceScalar>(_: S.Type) throws {
    let values = try golden["relu"]
    let (y, mask): ([S], [Bool]) = Reference.reluForward(x: try scalars(values["x"]))
    #expect(try y == scalars(values["y"]))
    let dx: [S] = Reference.reluBackward(mask: mask, dy: try scalars(values["dy"]))
    #expect(try dx == scalars(values["dx"]))
  }

  @Test func sigmoid() throws {
    try sigmoid(Double.self)
    try sigmoid(Float.self)
  }

  private func sigmoid<S: ReferenceScalar>(_: S.Type) throws {
    let values = try golden["sigmoid"]
    let y: [S] = Reference.sigmoidForward(x: try scalars(values["x"]))
    try agree(y, values["y"])
    try agree(Reference.sigmoidBackward(y: y, dy: scalars(values["dy"])), values["dx"])
  }

  @Test func dense() throws {
    for values in try golden["dense"].list {
      try dense(values, Double.self)
      try dense(values, Float.self)
    }
  }

  private func dense<S: ReferenceScalar>(_ values: Golden, _: S.Type) throws {
    let (inputs, outputs) = (try values["inputs"].int, try values["outputs"].int)
    let (x, weights): ([S], [S]) = (try scalars(values["x"]), try scalars(values["weights"]))
    let bias: [S]? = values.has("bias") ? try scalars(values["bias"]) : nil
    let z = Reference.denseForward(
      inputs: inputs, outputs: outputs, x: x, weights: weights, bias: bias)
    try agree(z, values["z"])
    let gradient = Reference.denseBackward(
      inputs: inputs, outputs: outputs, x: x, weights: weights, dz: try scalars(values["dz"]))
    try agree(gradient.weights, values["dWeights"])
    try agree(gradient.input, values["dx"])
    if bias != nil { try agree(gradient.bias, values["dBias"]) }
  }

  @Test func crossEntropy() throws {
    for values in try golden["crossEntropy"].list {
      try crossEntropy(values, Double.self)
      try crossEntropy(values, Float.self)
    }
  }

  private func crossEntropy<S: ReferenceScalar>(_ values: Golden, _: S.Type) throws {
    let labels = try values["labels"].ints
    let smoothing = try values["labelSmoothing"].number
    let (losses, probabilities): ([S], [S]) = Reference.crossEntropyForward(
      logits: try scalars(values["logits"]), labels: labels, labelSmoothing: smoothing)
    try agree(losses, values["losses"])
    let gradient = Reference.crossEntropyBackward(
      probabilities: probabilities, labels: labels, labelSmoothing: smoothing,
      scale: 1 / S(labels.count))
    try agree(gradient, values["gradient"])
  }

  /// PyTorch's mean over weights of classes.
  @Test func weightedCrossEntropy() throws {
    let values = try Golden(file: "losses")["weightedCrossEntropy"]
    let labels = try values["labels"].ints
    let weights: [Float] = try scalars(values["weights"])
    let factors = Reference<Double>.sampleFactors(labels: labels, classWeights: weights)
    let (losses, probabilities): ([Double], [Double]) = Reference.crossEntropyForward(
      logits: try scalars(values["logits"]), labels: labels)
    let loss = zip(losses, factors).reduce(0) { $0 + $1.0 * $1.1 } / Double(labels.count)
    // Weights of classes are Floats here.
    #expect(abs(loss - (try values["loss"].numbers[0])) < 1e-7)
    let gradient = Reference<Double>.crossEntropyBackward(
      probabilities: probabilities, labels: labels, scale: 1 / Double(labels.count))
    let expected = try values["gradient"].numbers
    for (place, value) in gradient.enumerated() {
      #expect(abs(value * factors[place / 4] - expected[place]) < 1e-7)
    }
  }

  @Test func halfSquaredError() throws {
    try halfSquaredError(Double.self)
    try halfSquaredError(Float.self)
  }

  private func halfSquaredError<S: ReferenceScalar>(_: S.Type) throws {
    let values = try golden["halfSquaredError"]
    let (outputs, targets): ([S], [S])
    (outputs, targets) = (try scalars(values["outputs"]), try scalars(values["targets"]))
    let errors = Reference.halfSquaredErrorForward(outputs: outputs, targets: targets)
    try agree([errors.reduce(0, +)], values["loss"])
    let gradient = Reference.halfSquaredErrorBackward(outputs: outputs, targets: targets)
    try agree(gradient, values["gradient"])
  }
}

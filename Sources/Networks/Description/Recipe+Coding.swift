// A recipe's keys in a description file, read and written.
// A key that the chosen optimizer or schedule would ignore is refused.

extension Recipe: Codable {
  static let knownKeys = grammar.map(\.name)

  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try DescriptionKeys(decoder, of: "a recipe", known: Recipe.knownKeys)
    optimizer = try keys.choice("optimizer", default: optimizer)
    schedule = try keys.choice("schedule", default: schedule)
    try refuseIdleKeys(keys)
    epochs = try keys.number("epochs", default: epochs, RecipeLimits.epochs)
    batchSize = try keys.number("batchSize", default: batchSize, RecipeLimits.batchSize)
    learningRate = try keys.number(
      "learningRate", default: learningRate, RecipeLimits.learningRate)
    momentum = try keys.number("momentum", default: momentum, RecipeLimits.momentum)
    nesterov = try keys.flag("nesterov", default: nesterov)
    if nesterov && momentum == 0 {
      throw keys.failure("nesterov", "`nesterov` needs a `momentum` above 0")
    }
    try readRest(keys)
  }

  private mutating func readRest(_ keys: DescriptionKeys) throws {
    weightDecay = try keys.number("weightDecay", default: weightDecay, RecipeLimits.weightDecay)
    stepEpochs = try keys.number("stepEpochs", default: stepEpochs, RecipeLimits.stepEpochs)
    stepFactor = try keys.number("stepFactor", default: stepFactor, RecipeLimits.stepFactor)
    warmUp = try keys.number("warmUp", default: warmUp, RecipeLimits.warmUp)
    labelSmoothing = try keys.number(
      "labelSmoothing", default: labelSmoothing, RecipeLimits.labelSmoothing)
    averageDecay = try keys.number(
      "averageDecay", default: averageDecay, RecipeLimits.averageDecay)
    freeze = try keys.number("freeze", default: freeze, RecipeLimits.freeze)
    classWeights = try keys.optional("classWeights", ClassWeightsChoice.self)?.weights
    augment = try keys.optional("augment", AugmentChoice.self)?.affine
  }

  private func refuseIdleKeys(_ keys: DescriptionKeys) throws {
    if optimizer != .sgd {
      try keys.refuse(["momentum", "nesterov"], "needs `optimizer: sgd`")
    }
    if schedule != .step {
      try keys.refuse(["stepEpochs", "stepFactor"], "needs `schedule: step`")
    }
    if schedule != .oneCycle {
      try keys.refuse(["warmUp"], "needs `schedule: one-cycle`")
    }
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  var form: DescriptionForm {
    var pairs: [(String, DescriptionForm)] = [
      ("epochs", .integer(epochs)), ("batchSize", .integer(batchSize)),
      ("optimizer", .word(optimizer.rawValue)), ("learningRate", .number(learningRate)),
    ]
    if optimizer == .sgd {
      pairs += [("momentum", .number(momentum)), ("nesterov", .flag(nesterov))]
    }
    pairs += [("weightDecay", .number(weightDecay)), ("schedule", .word(schedule.rawValue))]
    if schedule == .step {
      pairs += [("stepEpochs", .integer(stepEpochs)), ("stepFactor", .number(stepFactor))]
    }
    if schedule == .oneCycle { pairs += [("warmUp", .number(warmUp))] }
    pairs += [
      ("labelSmoothing", .number(labelSmoothing)), ("averageDecay", .number(averageDecay)),
    ]
    // Descriptions without these are older.
    if freeze > 0 { pairs.append(("freeze", .integer(freeze))) }
    if let classWeights { pairs.append(("classWeights", classWeights.form)) }
    pairs += [
      ("augment", augment?.form ?? .word("none"))
    ]
    return .map(pairs)
  }
}

extension AffineAugmentation: Codable {
  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try DescriptionKeys(
      decoder, of: "augment", known: AffineAugmentation.grammar.map(\.name))
    rotationDegrees = try keys.number(
      "rotation", default: rotationDegrees, RecipeLimits.rotationDegrees)
    scale = try keys.number("scale", default: scale, RecipeLimits.scale)
    shear = try keys.number("shear", default: shear, RecipeLimits.shear)
    shiftPixels = try keys.number("shift", default: shiftPixels, RecipeLimits.shiftPixels)
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  var form: DescriptionForm {
    .map([
      ("rotation", .number(rotationDegrees)), ("scale", .number(scale)),
      ("shear", .number(shear)), ("shift", .number(shiftPixels)),
    ])
  }
}

/// The value of `augment`: `none`, `affine` (its defaults) or the ranges of an affine map.
private struct AugmentChoice: Decodable {
  var affine: AffineAugmentation?

  init(from decoder: any Decoder) throws {
    switch try? decoder.singleValueContainer().decode(String.self) {
    case nil: affine = try AffineAugmentation(from: decoder)
    case "none": affine = nil
    case "affine": affine = AffineAugmentation()
    case .some(let word):
      throw descriptionError(
        decoder.codingPath, "`augment` is `\(word)`, expected none, affine or its ranges")
    }
  }
}

// A recipe's keys in a description file, read and written.
// A key that the chosen optimizer or schedule would ignore is refused.

extension Recipe: Codable {
  static let knownKeys = grammar.map(\.name)

  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try DescriptionKeys(decoder, of: "a recipe", known: Recipe.knownKeys)
    optimizer = try keys.choice("optimizer", default: optimizer)
    schedule = try keys.choice("schedule", default: schedule)
    quantize = try keys.choice("quantize", default: quantize)
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
    biasRate = try keys.number("biasRate", default: biasRate, RecipeLimits.biasRate)
    initialization = try keys.choice("initialization", default: initialization)
    whiten = try keys.number("whiten", default: whiten, RecipeLimits.whiten)
    freeze = try keys.number("freeze", default: freeze, RecipeLimits.freeze)
    quantizeEpochs = try keys.number(
      "quantizeEpochs", default: quantizeEpochs, RecipeLimits.quantizeEpochs)
    classWeights = try keys.optional("classWeights", ClassWeightsChoice.self)?.weights
    augment = try keys.optional("augment", AugmentChoice.self)?.steps ?? []
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
    if quantize == .none {
      try keys.refuse(["quantizeEpochs"], "needs `quantize: int8`")
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
    if biasRate != 1 { pairs.append(("biasRate", .number(biasRate))) }
    if initialization != .uniform {
      pairs.append(("initialization", .word(initialization.rawValue)))
    }
    if whiten > 0 { pairs.append(("whiten", .number(whiten))) }
    if freeze > 0 { pairs.append(("freeze", .integer(freeze))) }
    if quantize != .none {
      pairs += [
        ("quantize", .word(quantize.rawValue)), ("quantizeEpochs", .integer(quantizeEpochs)),
      ]
    }
    if let classWeights { pairs.append(("classWeights", classWeights.form)) }
    pairs += [
      ("augment", augment.form)
    ]
    return .map(pairs)
  }
}

// The keys of a recipe with what may stand for them, in the order in which files have them.

extension Recipe {
  static let grammar = [
    GrammarKey(name: "epochs", value: .integer(RecipeLimits.epochs)),
    GrammarKey(name: "batchSize", value: .integer(RecipeLimits.batchSize)),
    GrammarKey(name: "optimizer", value: .words(Optimizer.allCases.map(\.rawValue))),
    GrammarKey(name: "learningRate", value: .number(RecipeLimits.learningRate)),
    GrammarKey(name: "momentum", value: .number(RecipeLimits.momentum)),
    GrammarKey(name: "nesterov", value: .flag),
    GrammarKey(name: "weightDecay", value: .number(RecipeLimits.weightDecay)),
    GrammarKey(name: "schedule", value: .words(Schedule.allCases.map(\.rawValue))),
    GrammarKey(name: "stepEpochs", value: .integer(RecipeLimits.stepEpochs)),
    GrammarKey(name: "stepFactor", value: .number(RecipeLimits.stepFactor)),
    GrammarKey(name: "warmUp", value: .number(RecipeLimits.warmUp)),
    GrammarKey(name: "labelSmoothing", value: .number(RecipeLimits.labelSmoothing)),
    GrammarKey(name: "averageDecay", value: .number(RecipeLimits.averageDecay)),
    GrammarKey(name: "biasRate", value: .number(RecipeLimits.biasRate)),
    GrammarKey(
      name: "initialization", value: .words(Initialization.allCases.map(\.rawValue))),
    GrammarKey(name: "whiten", value: .number(RecipeLimits.whiten)),
    GrammarKey(name: "freeze", value: .integer(RecipeLimits.freeze)),
    GrammarKey(name: "quantize", value: .words(Quantization.allCases.map(\.rawValue))),
    GrammarKey(name: "quantizeEpochs", value: .integer(RecipeLimits.quantizeEpochs)),
    GrammarKey(
      name: "classWeights", value: .wordsOrNames(["none", "balanced"], RecipeLimits.classWeight)),
    GrammarKey(name: "augment", value: Augmentation.grammar),
  ]

  /// Keys that another key's value makes useful; elsewhere they are refused.
  static let dependentKeys = [
    (key: "optimizer", value: Optimizer.sgd.rawValue, keys: ["momentum", "nesterov"]),
    (key: "schedule", value: Schedule.step.rawValue, keys: ["stepEpochs", "stepFactor"]),
    (key: "schedule", value: Schedule.oneCycle.rawValue, keys: ["warmUp"]),
    (key: "quantize", value: Quantization.int8.rawValue, keys: ["quantizeEpochs"]),
  ]
}

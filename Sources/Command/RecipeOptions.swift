// Options that change a model's recipe for one run; whatever is not given stays as the model says.

import ArgumentParser
import PTrain
import PTrainDiagnostics

extension Recipe.Optimizer: ExpressibleByArgument {}
extension Recipe.Schedule: ExpressibleByArgument {}

extension RecipeSetting: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct RecipeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Epochs: passes over the training set.", valueName: "n"))
  var epochs: Int?

  @Option(
    help: ArgumentHelp(
      """
      Minibatch size. A thread takes 8 images at a time, down to 2 of networks with small layers: 64 keep up \
      to 32 threads busy.
      """,
      valueName: "n"))
  var batchSize: Int?

  @Option(help: ArgumentHelp("Optimizer.", valueName: "name"))
  var optimizer: Recipe.Optimizer?

  @Option(
    help: ArgumentHelp(
      """
      Learning rate: the peak of one-cycle, the start of step and cosine. Where --optimizer changes \
      the optimizer, a rate that is common with it unless given.
      """, valueName: "x"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("Momentum of sgd.", valueName: "x"))
  var momentum: Double?

  @Option(help: ArgumentHelp("Decay of weights, not of biases and BN.", valueName: "x"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("Learning-rate schedule.", valueName: "name"))
  var schedule: Recipe.Schedule?

  @Option(
    help: ArgumentHelp(
      """
      Augmentation of the training images: none, or steps in their order with commas between them: \
      affine, flip, flip=alternating, crop=PIXELS, cutout=PIXELS, color, mixup=ALPHA, cutmix=ALPHA.
      """, valueName: "steps"))
  var augment: String?

  @Option(
    help: ArgumentHelp(
      """
      Any key of a description's recipe, with a value as it stands there: labelSmoothing=0.1, \
      'augment={rotation: 5}'; repeat it for more.
      """, valueName: "key=value"))
  var set: [RecipeSetting] = []

  func validate() throws {
    for (name, value) in [("--epochs", epochs), ("--batch-size", batchSize)] {
      guard value ?? 1 >= 1 else { throw ValidationError("\(name) \(value!): expected 1 or more") }
    }
    for setting in set where given.contains(setting.key) {
      throw ValidationError("--set \(setting.text): an option for `\(setting.key)` is there too")
    }
  }

  /// Whether an option or `--set` has a key.
  func sets(_ key: String) -> Bool { given.contains(key) || set.contains { $0.key == key } }

  /// Keys that have an option of their own which was given.
  private var given: [String] {
    [
      ("epochs", epochs != nil), ("batchSize", batchSize != nil),
      ("optimizer", optimizer != nil), ("learningRate", learningRate != nil),
      ("momentum", momentum != nil), ("weightDecay", weightDecay != nil),
      ("schedule", schedule != nil), ("augment", augment != nil),
    ].compactMap { $1 ? $0 : nil }
  }

  /// The model's recipe with what was given in its place.
  ///
  /// Throws `usage` for a value out of range or one that would do nothing.
  func apply(to recipe: Recipe) throws -> Recipe {
    var recipe = try recipe.set(set)
    if let optimizer { recipe.change(optimizer: optimizer) }
    if let momentum {
      guard recipe.optimizer == .sgd else {
        throw Failure(
          .usage,
          "--momentum \(momentum): acts with --optimizer sgd, not with \(recipe.optimizer.rawValue)"
        )
      }
      recipe.momentum = momentum
      recipe.nesterov = recipe.nesterov && momentum > 0
    }
    recipe.epochs = epochs ?? recipe.epochs
    recipe.batchSize = batchSize ?? recipe.batchSize
    recipe.learningRate = learningRate ?? recipe.learningRate
    recipe.weightDecay = weightDecay ?? recipe.weightDecay
    recipe.schedule = schedule ?? recipe.schedule
    if let augment { recipe.augment = try [Augmentation](option: augment, recipe: recipe.augment) }
    try recipe.validate()
    return recipe
  }

  /// The options that say something else than `recipe`.
  func contradictions(to recipe: Recipe) throws -> [String] {
    let settings = try set.filter { try recipe.set([$0]) != recipe }
    let wanted = augment.flatMap { try? [Augmentation](option: $0, recipe: recipe.augment).text }
    return [
      contradiction("--epochs", epochs, recipe.epochs),
      contradiction("--batch-size", batchSize, recipe.batchSize),
      contradiction("--optimizer", optimizer?.rawValue, recipe.optimizer.rawValue),
      contradiction("--learning-rate", learningRate, recipe.learningRate),
      contradiction("--momentum", momentum, recipe.momentum),
      contradiction("--weight-decay", weightDecay, recipe.weightDecay),
      contradiction("--schedule", schedule?.rawValue, recipe.schedule.rawValue),
      contradiction("--augment", wanted, recipe.augment.text),
    ].compactMap { $0 } + settings.map { "--set \($0.text)" }
  }
}

extension Recipe {
  /// With `--set`'s keys; throws `usage`.
  fileprivate func set(_ settings: [RecipeSetting]) throws -> Recipe {
    do {
      return try setting(settings)
    } catch {
      throw Failure("--set ", error)
    }
  }
}

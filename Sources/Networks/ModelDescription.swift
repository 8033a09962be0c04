// What a preset or a YAML file says: the layers and how to train them.

/// A network and its training recipe.
public struct ModelDescription: Equatable, Sendable {
  public var name: String
  public var layers: [Layer]
  public var recipe: Recipe

  public init(name: String, layers: [Layer], recipe: Recipe = Recipe()) {
    self.name = name
    self.layers = layers
    self.recipe = recipe
  }
}

/// How a model is trained unless the command line says otherwise.
public struct Recipe: Equatable, Sendable {
  public enum Optimizer: String, CaseIterable, Sendable, Codable { case adam, sgd }
  public enum Schedule: String, CaseIterable, Sendable, Codable {
    case constant, step, cosine
    case oneCycle = "one-cycle"
  }

  public var epochs = 20
  public var batchSize = 256
  public var optimizer = Optimizer.adam
  public var learningRate = 0.001
  /// SGD only.
  public var momentum = 0.9
  public var weightDecay = 0.0
  public var schedule = Schedule.constant

  public init() {}
}

// What a run is asked to do besides its recipe.

/// Options of one training run, which are no part of the network's description.
public struct TrainingOptions: Sendable {
  /// Draws the first parameters, the order of the samples, dropout and augmentation.
  public var seed: UInt64 = 1
  /// Percent: the run ends after the first epoch whose test accuracy reaches it.
  public var targetAccuracy: Double?
  /// The run ends after so many epochs without a smaller loss on the validation set; nil: all are trained.
  public var patience: Int?
  /// The learning rate of a step in place of the recipe's schedule; both count from 0 over the whole run.
  public var learningRate: (@Sendable (_ step: Int, _ stepsPerEpoch: Int) -> Double)?
  /// The forms in which an epoch that trains for 8-bit integers sees values, from the parameters at its
  /// start; a recipe with such epochs needs it.
  package var calibrate: (@Sendable (ModelState) throws -> [ValueForm])?

  public init() {}
}

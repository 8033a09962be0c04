// How a model is trained unless the command line says otherwise.
// Every key of a description's `recipe` has its property, default and limits here.

import PTrainDiagnostics

/// Optimizer, schedule and regularisation of a training run.
public struct Recipe: Equatable, Sendable {
  public enum Optimizer: String, CaseIterable, Sendable, Codable {
    /// `adam` and `adamw` are one: decay is decoupled from the gradient.
    case adam, adamw, sgd, lion, muon
  }
  /// What the last epochs train for.
  public enum Quantization: String, CaseIterable, Sendable, Codable {
    case none
    /// Weights and values as numbers of 8 bits (Jacob et al. 2018).
    case int8
  }
  /// What weights begin as.
  public enum Initialization: String, CaseIterable, Sendable, Codable {
    /// Even on `±1/√fan_in`, as PyTorch's layers do it.
    case uniform
    /// The same, but the first filters of each convolution pass its input channels on (Zagoruyko &
    /// Komodakis 2017).
    case dirac
  }
  public enum Schedule: String, CaseIterable, Sendable, Codable {
    case constant, step, cosine
    case oneCycle = "one-cycle"
  }

  public var epochs = 20
  /// Samples of a minibatch.
  public var batchSize = 256
  public var optimizer = Optimizer.adam
  /// The rate of a constant schedule, the start of step and cosine, the peak of one-cycle.
  public var learningRate = 0.001
  /// SGD only.
  public var momentum = 0.9
  /// SGD only (Sutskever et al. 2013).
  public var nesterov = false
  /// Decay of weights, not of biases and BN: added to the gradient by SGD (as PyTorch's), decoupled
  /// from it by the others (Loshchilov & Hutter 2019).
  public var weightDecay = 0.0
  public var schedule = Schedule.constant
  /// Epochs between two drops of the step schedule.
  public var stepEpochs = 5
  /// Factor of each drop of the step schedule.
  public var stepFactor = 0.1
  /// Share of all steps in which the one-cycle schedule rises (Smith & Topin 2018).
  public var warmUp = 0.3
  /// Share of the target spread evenly over all classes (Szegedy et al. 2016).
  public var labelSmoothing = 0.0
  /// Decay per step of the exponential moving average of the parameters that is tested and saved;
  /// 0 keeps the trained parameters themselves.
  public var averageDecay = 0.0
  /// The rate of BN's biases over that of all else.
  public var biasRate = 1.0
  public var initialization = Initialization.uniform
  /// Above 0 the first convolution whitens patches of the training images, this much being added to their
  /// variances, and keeps its weights; 0: it is as any other.
  public var whiten = 0.0
  /// First layers with parameters, in reading order, that keep them; a frozen batch normalisation keeps
  /// its running statistics too, and uses them in training.
  public var freeze = 0
  /// The last epochs see weights and values as 8-bit integers will hold them, and train with that.
  public var quantize = Quantization.none
  /// How many of the last epochs; all where there are fewer.
  public var quantizeEpochs = 5
  /// Nil: every sample counts the same.
  public var classWeights: ClassWeights?
  /// What happens to the training images, step by step; each kind of step at most once.
  public var augment: [Augmentation] = []

  public init() {}
}

/// Smallest and largest value of each number of a recipe.
enum RecipeLimits {
  static let epochs = 1...100_000
  static let batchSize = 1...65_536
  static let learningRate = 1e-12...1e3
  static let momentum = 0.0...0.9999
  static let weightDecay = 0.0...1.0
  static let stepEpochs = 1...100_000
  static let stepFactor = 1e-6...1.0
  static let warmUp = 0.0...0.99
  static let labelSmoothing = 0.0...0.99
  static let averageDecay = 0.0...0.999999
  static let biasRate = 0.01...1000.0
  static let whiten = 0.0...1.0
  static let freeze = 0...4096
  static let quantizeEpochs = 1...100_000
  static let classWeight = 1e-6...1e6
  static let rotationDegrees = 0.0...180.0
  static let scale = 0.0...0.9
  static let shear = 0.0...2.0
  static let shiftPixels = 0.0...64.0
  static let crop = 1...64
  static let cutout = 1...256
  static let color = 0.0...0.9
  static let mixup = 0.05...1.0
  static let cutmix = 0.05...1.0
}

extension Recipe {
  /// Refuses values out of range, by name; for recipes that were changed by hand or by options.
  public func validate() throws(Failure) {
    try checkRange("epochs", epochs, RecipeLimits.epochs)
    try checkRange("batch size", batchSize, RecipeLimits.batchSize)
    try checkRange("learning rate", learningRate, RecipeLimits.learningRate)
    try checkRange("momentum", momentum, RecipeLimits.momentum)
    try checkRange("weight decay", weightDecay, RecipeLimits.weightDecay)
    try checkRange("step epochs", stepEpochs, RecipeLimits.stepEpochs)
    try checkRange("step factor", stepFactor, RecipeLimits.stepFactor)
    try checkRange("warm-up", warmUp, RecipeLimits.warmUp)
    try checkRange("label smoothing", labelSmoothing, RecipeLimits.labelSmoothing)
    try checkRange("average decay", averageDecay, RecipeLimits.averageDecay)
    try checkRange("bias rate", biasRate, RecipeLimits.biasRate)
    try checkRange("whiten", whiten, RecipeLimits.whiten)
    try checkRange("freeze", freeze, RecipeLimits.freeze)
    try checkRange("quantize epochs", quantizeEpochs, RecipeLimits.quantizeEpochs)
    if case .named(let weights) = classWeights {
      for weight in weights.values {
        try checkRange("class weight", weight, RecipeLimits.classWeight)
      }
    }
    for step in augment { try step.validate() }
    if let fault = augment.mixingFault { throw Failure(.usage, "augmentation has \(fault)") }
    if optimizer == .sgd && nesterov && momentum == 0 {
      throw Failure(.usage, "Nesterov needs a momentum above 0")
    }
  }
}

extension Recipe {
  /// Whether an epoch, counted from 1, is one of the last that train for 8-bit integers.
  package func quantizes(epoch: Int) -> Bool {
    quantize == .int8 && epoch > epochs - quantizeEpochs
  }
}

/// Refuses a number out of range, by name.
func checkRange<Number: Comparable>(
  _ name: String, _ value: Number, _ range: ClosedRange<Number>
) throws(Failure) {
  guard range.contains(value) else {
    throw Failure(
      .usage, "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
  }
}

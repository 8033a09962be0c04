// Passes over flat ranges: reduction, optimizers, random masks, loss, image normalisation.

/// Hyper-parameters of one Adam step (Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019).
package struct AdamStep: Sendable {
  /// Learning rate divided by `1 - beta1^t`.
  package var stepSize: Float
  /// `1 / sqrt(1 - beta2^t)`.
  package var inverseRootCorrection: Float
  /// `1 - beta1` and `1 - beta2`, rounded once: of the rounded betas they would be off by 1e-5.
  package var meanShare: Float
  package var varianceShare: Float
  package var epsilon: Float
  /// Learning rate times weight decay, 0 for BN and biases.
  package var decay: Float

  package init(
    stepSize: Float, inverseRootCorrection: Float, meanShare: Float, varianceShare: Float,
    epsilon: Float, decay: Float
  ) {
    self.stepSize = stepSize
    self.inverseRootCorrection = inverseRootCorrection
    self.meanShare = meanShare
    self.varianceShare = varianceShare
    self.epsilon = epsilon
    self.decay = decay
  }
}

/// Hyper-parameters of one SGD step as PyTorch defines it (Nesterov: Sutskever et al. 2013).
package struct SGDStep: Sendable {
  package var learningRate: Float
  package var momentum: Float
  /// L2 factor added to the gradient, 0 for BN and biases.
  package var weightDecay: Float
  package var nesterov: Bool

  package init(learningRate: Float, momentum: Float, weightDecay: Float, nesterov: Bool) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
  }
}

/// Where a random mask comes from; the draw is defined by `RandomStream` in Memory.
package struct MaskSource: Sendable {
  package var seed: UInt64
  package var stream: UInt32
  package var sample: UInt32
  package var epoch: UInt32

  package init(seed: UInt64, stream: UInt32, sample: UInt32, epoch: UInt32) {
    self.seed = seed
    self.stream = stream
    self.sample = sample
    self.epoch = epoch
  }
}

/// An image of bytes `[height, width, channels]`.
package struct ImageShape: Equatable, Sendable {
  package var height: Int
  package var width: Int
  package var channels: Int

  package init(height: Int, width: Int, channels: Int) {
    (self.height, self.width, self.channels) = (height, width, channels)
  }

  package var count: Int { height * width * channels }
}

/// Rows of floats whose beginnings are `stride` floats apart.
package struct FloatRows: Sendable {
  package let count: Int
  package let length: Int
  package let stride: Int

  package init(count: Int, length: Int, stride: Int) {
    self.count = count
    self.length = length
    self.stride = stride
  }

  package static func one(_ length: Int) -> FloatRows {
    FloatRows(count: 1, length: length, stride: length)
  }
}

/// Words of the dropout bits of `count` elements, whole vectors.
package func dropoutWordCount(_ count: Int) -> Int { (count + 511) / 512 * channelLanes }

/// Passes over flat ranges of any length; pointers aligned to 4 bytes unless said otherwise.
package protocol VectorKernels: Sendable {
  /// `result[i] = Σ slots[j * stride + i]` by the pairwise tree over `j < slotCount`: level by
  /// level, neighbours `2k` and `2k + 1`, an odd last one moves up unchanged. `count` is any.
  func treeSum(
    slots: FloatPointer, stride: Int, slotCount: Int, count: Int, result: MutableFloatPointer)

  /// The same tree of `BatchMoments`, which join instead of being added (Chan, Golub & LeVeque 1979).
  func momentTree(
    slots: FloatPointer, stride: Int, slotCount: Int, blocks: Int, result: MutableFloatPointer)

  /// One Adam step in place; every pointer is to the first row.
  func adam(
    _ step: AdamStep, rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    mean: MutableFloatPointer, variance: MutableFloatPointer)

  /// One SGD step in place; `velocity` starts at zero.
  func sgd(
    _ step: SGDStep, rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    velocity: MutableFloatPointer)

  /// Which elements dropout keeps: those whose random word is at least `rate · 2³²`; element
  /// `e = (block * pixels + pixel) * 16 + lane` is bit `e / 16 % 32` of `bits[e / 512 * 16 + e % 16]`.
  func dropoutBits(
    _ source: MaskSource, rate: Float, count: Int, bits: UnsafeMutablePointer<UInt32>)

  /// Dropout factors: `1 / (1 - rate)` where an element is kept, else 0.
  func dropoutMask(
    bits: UnsafePointer<UInt32>, rate: Float, count: Int, mask: MutableFloatPointer)

  /// `plane[y + top][x + left][c] = pixels[y][x][c] · gain[c] + offset[c]`, halo zero; overwrites.
  /// `gains` and `offsets` hold those of the channels 16 times in turn.
  func normalize(
    _ image: ImageShape, padding: Edges, pixels: UnsafePointer<UInt8>, gains: FloatPointer,
    offsets: FloatPointer, plane: MutableFloatPointer)

  /// Softmax cross-entropy of `rows` samples; `logits`, `gradient`: `[blocks, rows, 16]`.
  ///
  /// `losses[row]` in nats, with label smoothing; `gradient = gradientScale · dloss/dlogits`, zero
  /// in padded lanes, nil if not wanted; `correct[row]` is 1 where the first largest logit is the
  /// label's, else 0. Where a logit of a row is a NaN or +∞, its loss and gradient are NaN.
  func crossEntropy(
    rows: Int, classes: Int, logits: FloatPointer, labels: UnsafePointer<UInt16>,
    labelSmoothing: Float, gradientScale: Float, losses: MutableFloatPointer,
    correct: UnsafeMutablePointer<UInt16>, gradient: MutableFloatPointer?)
}

/// All kernels of one instruction set.
package protocol KernelSet: ConvKernels, FirstStageKernels, AffineStageKernels, ActivationKernels,
  VectorKernels, MatrixKernels, PeakKernels, WindowPoolKernels, JoinKernels, DepthwiseKernels
{
  var instructionSet: InstructionSet { get }
}

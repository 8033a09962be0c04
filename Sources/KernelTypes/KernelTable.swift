// The entry points that every instruction set's variant provides.
// Kernels take pointers; buffers own them. All sums run in one order on every instruction set.

package typealias FloatPointer = UnsafePointer<Float>
package typealias MutableFloatPointer = UnsafeMutablePointer<Float>

/// What a convolution needs besides its operands, in floats; a function of the geometry alone.
package struct ConvStorage: Equatable, Sendable {
  /// Weights as the forward kernel reads them.
  package var forwardWeights: Int
  /// Weights as the input gradient reads them; 0 when `isPlane`.
  package var backwardWeights: Int
  /// A shard's weight-gradient accumulator, in the kernel's own layout.
  package var weightGradient: Int
  /// Scratch for one call over `imageGroup` images.
  package var scratch: Int
  /// Images the kernel likes to take in one call.
  package var imageGroup: Int

  package init(
    forwardWeights: Int, backwardWeights: Int, weightGradient: Int, scratch: Int, imageGroup: Int
  ) {
    self.forwardWeights = forwardWeights
    self.backwardWeights = backwardWeights
    self.weightGradient = weightGradient
    self.scratch = scratch
    self.imageGroup = imageGroup
  }
}

/// Convolutions. Image `i` of a call lies `i` times the geometry's count behind the first.
package struct ConvKernels: Sendable {
  /// Storage for a geometry; the same on every instruction set.
  package var storage: @Sendable (_ geometry: ConvGeometry) -> ConvStorage
  /// Packs `weights [out, in, kernel, kernel]`; both packed forms overwritten, lanes beyond the
  /// last channel zero. `backward` may be nil.
  package var packWeights:
    @Sendable (
      _ geometry: ConvGeometry, _ weights: FloatPointer, _ forward: MutableFloatPointer,
      _ backward: MutableFloatPointer?
    ) -> Void
  /// `z = conv(x, weights)`, no bias; overwrites.
  package var forward:
    @Sendable (
      _ geometry: ConvGeometry, _ imageCount: Int, _ x: FloatPointer, _ weights: FloatPointer,
      _ z: MutableFloatPointer, _ scratch: MutableFloatPointer
    ) -> Void
  /// `weightGradient += xᵀ·dz` (kernel layout), `dx = convᵀ(dz)` overwritten unless nil.
  package var backward:
    @Sendable (
      _ geometry: ConvGeometry, _ imageCount: Int, _ x: FloatPointer, _ dz: FloatPointer,
      _ weights: FloatPointer?, _ weightGradient: MutableFloatPointer, _ dx: MutableFloatPointer?,
      _ scratch: MutableFloatPointer
    ) -> Void
  /// Kernel layout to `[out, in, kernel, kernel]`; overwrites.
  package var unpackWeightGradient:
    @Sendable (
      _ geometry: ConvGeometry, _ weightGradient: FloatPointer, _ result: MutableFloatPointer
    ) -> Void

  package init(
    storage: @escaping @Sendable (ConvGeometry) -> ConvStorage,
    packWeights: @escaping @Sendable (
      ConvGeometry, FloatPointer, MutableFloatPointer, MutableFloatPointer?
    ) -> Void,
    forward: @escaping @Sendable (
      ConvGeometry, Int, FloatPointer, FloatPointer, MutableFloatPointer, MutableFloatPointer
    ) -> Void,
    backward: @escaping @Sendable (
      ConvGeometry, Int, FloatPointer, FloatPointer, FloatPointer?, MutableFloatPointer,
      MutableFloatPointer?, MutableFloatPointer
    ) -> Void,
    unpackWeightGradient: @escaping @Sendable (
      ConvGeometry, FloatPointer, MutableFloatPointer
    ) -> Void
  ) {
    self.storage = storage
    self.packWeights = packWeights
    self.forward = forward
    self.backward = backward
    self.unpackWeightGradient = unpackWeightGradient
  }
}

/// One image's activation of a unit: `channel blocks x height x width`, pooled by `window`.
///
/// `window` is the size and stride of the max-pool that follows, 1 without one. Rows and columns
/// that do not fill a window take part in the statistics, not in the pooled result.
package struct ActivationShape: Equatable, Sendable {
  package var blocks: Int
  package var height: Int
  package var width: Int
  package var window: Int
  package var pooledHeight: Int { height / window }
  package var pooledWidth: Int { width / window }
  package var count: Int { blocks * height * width * channelLanes }
  package var pooledCount: Int { blocks * pooledHeight * pooledWidth * channelLanes }

  package init(blocks: Int, height: Int, width: Int, window: Int) {
    self.blocks = blocks
    self.height = height
    self.width = width
    self.window = window
  }
}

/// Per-channel constants of one unit, each `[blocks * 16]`; padded lanes are zero.
///
/// A unit keeps `s = pool(pre(z + bias))`; its consumer reads `y = post(scale * s + shift)`, where
/// `pre` and `post` are ReLU or nothing. Where `scale < 0` the pool takes the minimum, since
/// `max(a·s + b) = a·min(s) + b` then.
package struct ChannelConstants: @unchecked Sendable {
  package var bias: FloatPointer?
  package var scale: FloatPointer
  package var shift: FloatPointer
  package var reluBefore: Bool
  package var reluAfter: Bool

  package init(
    bias: FloatPointer?, scale: FloatPointer, shift: FloatPointer, reluBefore: Bool,
    reluAfter: Bool
  ) {
    self.bias = bias
    self.scale = scale
    self.shift = shift
    self.reluBefore = reluBefore
    self.reluAfter = reluAfter
  }
}

/// Element-wise passes around the convolutions, one image a call.
package struct ActivationKernels: Sendable {
  /// In place `z = pre(z + bias)`; `sums [blocks, 2, 16] += (Σz, Σz²)` unless nil.
  package var activate:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ z: MutableFloatPointer,
      _ sums: MutableFloatPointer?
    ) -> Void
  /// `s = max-pool(z)` where `scale >= 0`, min-pool elsewhere; overwrites. Not called for window 1.
  package var pool:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ z: FloatPointer,
      _ s: MutableFloatPointer
    ) -> Void
  /// `x = mask · post(scale·s + shift)` into a plane padded by `padding` with zeros; overwrites.
  /// `mask` (same layout as `s`) may be nil. Sizes are the pooled ones of `shape`.
  package var prepareInput:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ s: FloatPointer,
      _ mask: FloatPointer?, _ padding: Int, _ x: MutableFloatPointer
    ) -> Void
  /// Mean of `post(scale·s + shift)` over pixels: `means[block * blockStride + lane]`; overwrites.
  package var averagePool:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ s: FloatPointer,
      _ means: MutableFloatPointer, _ blockStride: Int
    ) -> Void
  /// `dy = mask · dx · [scale·s + shift > 0 if post]` (pooled sizes; `dy` may equal `dx`),
  /// `sums [blocks, 2, 16] += (Σdy, Σ dy·s)`.
  package var inputGradient:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ s: FloatPointer,
      _ mask: FloatPointer?, _ dx: FloatPointer, _ dy: MutableFloatPointer,
      _ sums: MutableFloatPointer
    ) -> Void
  /// The same for a global average pool: `dx` is `dMeans[block * blockStride + lane] / pixels`.
  package var averagePoolGradient:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ s: FloatPointer,
      _ dMeans: FloatPointer, _ blockStride: Int, _ dy: MutableFloatPointer,
      _ sums: MutableFloatPointer
    ) -> Void
  /// `dz = [z > 0 if pre] · (gain·dy at the window's first extreme + k0 + k1·z)`, written to the
  /// convolution's `dz` layout (all of it, zeros included); `biasGradient [blocks, 16] += Σdz`.
  /// `z` is what `activate` left; `gain, k0, k1 [blocks * 16]`.
  package var outputGradient:
    @Sendable (
      _ shape: ActivationShape, _ constants: ChannelConstants, _ geometry: ConvGeometry,
      _ z: FloatPointer, _ s: FloatPointer, _ dy: FloatPointer, _ gain: FloatPointer,
      _ k0: FloatPointer, _ k1: FloatPointer, _ dz: MutableFloatPointer,
      _ biasGradient: MutableFloatPointer
    ) -> Void

  package init(
    activate: @escaping @Sendable (
      ActivationShape, ChannelConstants, MutableFloatPointer, MutableFloatPointer?
    ) -> Void,
    pool: @escaping @Sendable (
      ActivationShape, ChannelConstants, FloatPointer, MutableFloatPointer
    ) -> Void,
    prepareInput: @escaping @Sendable (
      ActivationShape, ChannelConstants, FloatPointer, FloatPointer?, Int, MutableFloatPointer
    ) -> Void,
    averagePool: @escaping @Sendable (
      ActivationShape, ChannelConstants, FloatPointer, MutableFloatPointer, Int
    ) -> Void,
    inputGradient: @escaping @Sendable (
      ActivationShape, ChannelConstants, FloatPointer, FloatPointer?, FloatPointer,
      MutableFloatPointer, MutableFloatPointer
    ) -> Void,
    averagePoolGradient: @escaping @Sendable (
      ActivationShape, ChannelConstants, FloatPointer, FloatPointer, Int, MutableFloatPointer,
      MutableFloatPointer
    ) -> Void,
    outputGradient: @escaping @Sendable (
      ActivationShape, ChannelConstants, ConvGeometry, FloatPointer, FloatPointer, FloatPointer,
      FloatPointer, FloatPointer, FloatPointer, MutableFloatPointer, MutableFloatPointer
    ) -> Void
  ) {
    self.activate = activate
    self.pool = pool
    self.prepareInput = prepareInput
    self.averagePool = averagePool
    self.inputGradient = inputGradient
    self.averagePoolGradient = averagePoolGradient
    self.outputGradient = outputGradient
  }
}

/// Hyper-parameters of one Adam step (Kingma & Ba 2015; decoupled decay: Loshchilov & Hutter 2019).
package struct AdamStep: Sendable {
  /// Learning rate divided by `1 - beta1^t`.
  package var stepSize: Float
  /// `1 / sqrt(1 - beta2^t)`.
  package var inverseRootCorrection: Float
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  /// Learning rate times weight decay, 0 for BN and biases.
  package var decay: Float

  package init(
    stepSize: Float, inverseRootCorrection: Float, beta1: Float, beta2: Float, epsilon: Float,
    decay: Float
  ) {
    self.stepSize = stepSize
    self.inverseRootCorrection = inverseRootCorrection
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
  }
}

/// Hyper-parameters of one SGD step as PyTorch defines it (Sutskever et al. 2013 for Nesterov).
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

/// Passes over flat ranges of any length and alignment of 4 bytes.
package struct VectorKernels: Sendable {
  /// `result[i] = Σ slots[j * stride + i]` over `slotCount` slots by the pairwise tree over `j`
  /// (level by level, neighbours `2k` and `2k + 1`; an odd last slot moves up unchanged).
  package var treeSum:
    @Sendable (
      _ slots: FloatPointer, _ stride: Int, _ slotCount: Int, _ count: Int,
      _ result: MutableFloatPointer
    ) -> Void
  /// One Adam step in place on `count` parameters.
  package var adam:
    @Sendable (
      _ step: AdamStep, _ count: Int, _ gradient: FloatPointer, _ parameters: MutableFloatPointer,
      _ mean: MutableFloatPointer, _ variance: MutableFloatPointer
    ) -> Void
  /// One SGD step in place; `velocity` starts at zero.
  package var sgd:
    @Sendable (
      _ step: SGDStep, _ count: Int, _ gradient: FloatPointer, _ parameters: MutableFloatPointer,
      _ velocity: MutableFloatPointer
    ) -> Void
  /// Dropout factors: element `e` is 0 where `Philox word < rate · 2³²`, else `1 / (1 - rate)`.
  /// Counter `(block(e), stream, sample, epoch)`, key `seed`, as `RandomStream` in Memory defines.
  package var dropoutMask:
    @Sendable (
      _ seed: UInt64, _ epoch: UInt32, _ sample: UInt32, _ stream: UInt32, _ rate: Float,
      _ count: Int, _ mask: MutableFloatPointer
    ) -> Void
  /// `plane[y + padding][x + padding] = pixels[y][x] * gain + offset`, halo zero; overwrites.
  package var normalize:
    @Sendable (
      _ height: Int, _ width: Int, _ padding: Int, _ pixels: UnsafePointer<UInt8>, _ gain: Float,
      _ offset: Float, _ plane: MutableFloatPointer
    ) -> Void
  /// Softmax cross-entropy of `rows` samples; `logits`, `gradient`: `[blocks, rows, 16]`.
  /// `losses[row]` in nats with label smoothing, `gradient = gradientScale · dloss/dlogits` (zero in
  /// padded lanes; nil: not wanted), `correct[row]` 1 where the first largest logit is the label's.
  package var crossEntropy:
    @Sendable (
      _ rows: Int, _ classes: Int, _ logits: FloatPointer, _ labels: UnsafePointer<UInt8>,
      _ labelSmoothing: Float, _ gradientScale: Float, _ losses: MutableFloatPointer,
      _ correct: UnsafeMutablePointer<UInt8>, _ gradient: MutableFloatPointer?
    ) -> Void

  package init(
    treeSum: @escaping @Sendable (FloatPointer, Int, Int, Int, MutableFloatPointer) -> Void,
    adam: @escaping @Sendable (
      AdamStep, Int, FloatPointer, MutableFloatPointer, MutableFloatPointer, MutableFloatPointer
    ) -> Void,
    sgd: @escaping @Sendable (
      SGDStep, Int, FloatPointer, MutableFloatPointer, MutableFloatPointer
    ) -> Void,
    dropoutMask: @escaping @Sendable (
      UInt64, UInt32, UInt32, UInt32, Float, Int, MutableFloatPointer
    ) -> Void,
    normalize: @escaping @Sendable (
      Int, Int, Int, UnsafePointer<UInt8>, Float, Float, MutableFloatPointer
    ) -> Void,
    crossEntropy: @escaping @Sendable (
      Int, Int, FloatPointer, UnsafePointer<UInt8>, Float, Float, MutableFloatPointer,
      UnsafeMutablePointer<UInt8>, MutableFloatPointer?
    ) -> Void
  ) {
    self.treeSum = treeSum
    self.adam = adam
    self.sgd = sgd
    self.dropoutMask = dropoutMask
    self.normalize = normalize
    self.crossEntropy = crossEntropy
  }
}

/// All kernels of one instruction set.
package struct KernelTable: Sendable {
  package var instructionSet: InstructionSet
  package var conv: ConvKernels
  package var activation: ActivationKernels
  package var vector: VectorKernels

  package init(
    instructionSet: InstructionSet, conv: ConvKernels, activation: ActivationKernels,
    vector: VectorKernels
  ) {
    self.instructionSet = instructionSet
    self.conv = conv
    self.activation = activation
    self.vector = vector
  }
}

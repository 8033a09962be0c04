// A stage of the plan: the work that computes one stored value, and how that value is seen.
// Plain values only: workers copy them without counting references.

import PTrainKernelTypes
import PTrainNetworks

/// What a stage computes from what it reads.
enum Work: Equatable, Sendable {
  case convolution
  /// On vectors, one a sample: a 1x1 convolution whose pixels are the samples of a leaf.
  case dense
  case depthwise(WindowGeometry)
  case pool(PoolKind, WindowGeometry)
  case sum
  case concatenate
  /// The first value times the second, of its size or one factor a channel.
  case multiply
  /// The value as its reader sees it.
  case copy
  /// The value as its reader sees it, as the nearest number of 8 bits.
  case quantize(NumberForm)
  /// The image's interleaved channels as a map in blocks.
  case image
  /// Between a map and vectors; a map's values become features channel by channel.
  case relayout
}

/// Dropout of a value.
struct Dropout: Equatable, Sendable {
  var rate: Float
  /// Random stream of the node.
  var stream: UInt32
}

/// How every reader sees a stored value `s`: `y = mask · activation(scale·s + shift)`.
struct View: Equatable, Sendable {
  /// Whether scale and shift are a batch normalisation's.
  var hasNorm = false
  var activation = ActivationFunction.identity
  /// Whether readers see the mean over pixels, behind the activation and before dropout.
  var isGloballyPooled = false
  var dropout: Dropout?

  /// Whether readers see the value as it is stored.
  var isPlain: Bool { self == View() }
}

/// What lies in memory between phases, for each sample `[blocks, height, width, 16]`; vectors lie
/// `[blocks, rows, 16]` for each leaf.
struct StoredValue: Equatable, Sendable {
  var isVector: Bool
  var channels: Int
  /// Before pooling.
  var height: Int
  var width: Int
  /// Size and stride of the max-pool that the stage ends in, 1 without one.
  var window = 1
  var view = View()

  var blocks: Int { channelBlocks(channels) }
  /// Padded channels.
  var lanes: Int { blocks * channelLanes }
  /// Positions of one sample that a norm averages over.
  var pixels: Int { height * width }
  var pooledHeight: Int { height / window }
  var pooledWidth: Int { width / window }
  var pooledPixels: Int { pooledHeight * pooledWidth }

  /// Shape for `rows` samples of a leaf (maps: of one image).
  func shape(rows: Int) -> ActivationShape {
    ActivationShape(
      blocks: blocks, height: height, width: isVector ? rows : width, window: window)
  }

  /// Elements of one sample that dropout acts on.
  var dropoutCount: Int {
    isVector || view.isGloballyPooled ? lanes : shape(rows: 1).pooledCount
  }
}

/// One value that a stage reads, and how its gradient joins those of the value's other readers.
struct Read: Equatable, Sendable {
  /// The stage that stores the value, `Graph.image` for the image.
  var source: Int
  /// Whether the gradient is added to an earlier reader's instead of overwriting.
  var accumulates = false
  /// Whether no other reader adds to it afterwards.
  var completes = false
}

/// Work and its epilogue, `s = pool(pre(z + bias))`, with the value that it stores.
struct Stage: Equatable, Sendable {
  var work: Work
  /// Places in the plan's reads.
  var reads: Range<Int>
  /// Of a convolution, depthwise or not, or a dense layer; of other work the layout of its output, as that of a 1x1
  /// convolution.
  var geometry: ConvGeometry
  var hasBias = false
  /// ReLU before the norm.
  var reluBefore = false
  var value: StoredValue
  /// Whether its reader makes the value from the image: the first stage where that is conv, norm, ReLU.
  var isAffine = false

  func geometry(rows: Int) -> ConvGeometry {
    guard value.isVector else { return geometry }
    var geometry = geometry
    geometry.inputWidth = rows
    return geometry
  }

  var isConvolution: Bool { work == .convolution }
  /// Whether it has weights in the layout of a convolution.
  var hasTiles: Bool { isConvolution || work == .dense }
  /// Whether the full-size activation is computed again in the backward pass instead of stored: a
  /// one-channel convolution costs less than the memory traffic of four times its pooled result.
  var isRecomputed: Bool {
    isConvolution && geometry.planeChannels == 1 && value.window > 1
  }
  /// Whether it has a window's weights for each channel.
  var isDepthwise: Bool {
    if case .depthwise = work { return true }
    return false
  }
  /// Whether the gradient of the output is that of `z` already, without a frame.
  var hasPlainGradient: Bool {
    !hasTiles && !isDepthwise && !hasBias && !reluBefore && !value.view.hasNorm && value.window == 1
  }
}

/// The tensors of a batch normalisation, and its constants.
struct NormTensors: Equatable, Sendable {
  /// `bn1`
  var name: String
  var scale: StateTensor
  var shift: StateTensor
  var runningMean: StateTensor
  var runningVariance: StateTensor
  var epsilon: Double
  var momentum: Double
}

/// The tensors of a stage in the parameter block.
struct StageTensors: Equatable, Sendable {
  /// That of the first node, for messages.
  var name: String
  var weight: StateTensor?
  var bias: StateTensor?
  var norm: NormTensors?

  /// What is trained beside the weight.
  func forEachVector(_ body: (StateTensor) -> Void) {
    if let bias { body(bias) }
    if let norm {
      body(norm.scale)
      body(norm.shift)
    }
  }
}

/// The nodes that a stage stands for.
struct StageNodes: Equatable, Sendable {
  var first: Int?
  var relu: Int?
  var activation: Int?
  var pool: Int?
}

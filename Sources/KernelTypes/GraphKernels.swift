// Entry points of the stages that are no convolution by blocks: depthwise, window pools, channels.
// Each takes one image of a map `[blocks, height, width, 16]`; a shard's vectors are the image
// `[blocks, 1, rows, 16]`.

/// Pixels around an image.
package struct Edges: Equatable, Sendable {
  package var top: Int
  package var left: Int
  package var bottom: Int
  package var right: Int

  package init(top: Int, left: Int, bottom: Int, right: Int) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// As many on every side.
  package init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A window over each channel by itself: a depthwise convolution of multiplier 1, or a pool.
package struct WindowGeometry: Equatable, Sendable {
  package var blocks: Int
  package var height: Int
  package var width: Int
  package var windowHeight: Int
  package var windowWidth: Int
  package var verticalStride: Int
  package var horizontalStride: Int
  package var padding: Edges

  package init(
    blocks: Int, height: Int, width: Int, windowHeight: Int, windowWidth: Int,
    verticalStride: Int, horizontalStride: Int, padding: Edges
  ) {
    (self.blocks, self.height, self.width) = (blocks, height, width)
    (self.windowHeight, self.windowWidth) = (windowHeight, windowWidth)
    (self.verticalStride, self.horizontalStride) = (verticalStride, horizontalStride)
    self.padding = padding
  }

  package var paddedHeight: Int { height + padding.top + padding.bottom }
  package var paddedWidth: Int { width + padding.left + padding.right }
  package var outputHeight: Int { (paddedHeight - windowHeight) / verticalStride + 1 }
  package var outputWidth: Int { (paddedWidth - windowWidth) / horizontalStride + 1 }
  package var taps: Int { windowHeight * windowWidth }
  /// Floats of one image's unpadded input, padded input, and output.
  package var inputCount: Int { blocks * height * width * channelLanes }
  package var paddedCount: Int { blocks * paddedHeight * paddedWidth * channelLanes }
  package var outputCount: Int { blocks * outputHeight * outputWidth * channelLanes }
  /// Floats of packed weights, and of their gradient: `[blocks, taps, 16]`.
  package var weightCount: Int { blocks * taps * channelLanes }

  /// The same window over so many blocks.
  package func withBlocks(_ count: Int) -> WindowGeometry {
    var result = self
    result.blocks = count
    return result
  }

  /// The convolution of this size and step over `channels`, whose frame of zeros the gradient of the
  /// output has.
  package func convolution(channels: Int) -> ConvGeometry {
    ConvGeometry(
      inputChannels: channels, outputChannels: channels, inputHeight: height, inputWidth: width,
      kernelHeight: windowHeight, kernelWidth: windowWidth, verticalStride: verticalStride,
      horizontalStride: horizontalStride, padding: padding, planeChannels: 0)
  }
}

/// Depthwise convolutions of multiplier 1 without bias.
package protocol DepthwiseKernels: Sendable {
  /// `weights [channels, 1, height, width]` to `packed [blocks, taps, 16]`, lanes beyond the last
  /// channel zero; only `block` is written.
  func depthwisePackWeights(
    _ geometry: WindowGeometry, channels: Int, block: Int, weights: FloatPointer,
    packed: MutableFloatPointer)

  /// A block of `gradient [blocks, taps, 16]` to its place in `result [channels, 1, height, width]`.
  func depthwiseUnpackGradient(
    _ geometry: WindowGeometry, channels: Int, block: Int, gradient: FloatPointer,
    result: MutableFloatPointer)

  /// `z [blocks, outputHeight, outputWidth, 16]` from `x [blocks, paddedHeight, paddedWidth, 16]`;
  /// each output is one chain of multiply-adds over the taps in order.
  func depthwiseForward(
    _ geometry: WindowGeometry, x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer)

  /// `accumulator [blocks, taps, 16] += Σ x·dz` over the image's pixels, `dz` laid out as that of
  /// `geometry.convolution`; unless nil,
  /// `dx [blocks, height, width, 16]` overwritten by the input gradient (without the padding's).
  func depthwiseBackward(
    _ geometry: WindowGeometry, x: FloatPointer, dz: FloatPointer, weights: FloatPointer,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?)
}

/// Pools over windows that may overlap, have gaps, or reach over the edge; each side's padding is
/// smaller than the window, so that no window lies outside the image.
package protocol WindowPoolKernels: Sendable {
  /// `z` = largest value of the window's part inside the image; `x [blocks, height, width, 16]`.
  func maximumForward(_ geometry: WindowGeometry, x: FloatPointer, z: MutableFloatPointer)

  /// `dx` overwritten: each output's gradient goes to the first of its window (row by row) that equals
  /// `z`, summed in the order of the outputs.
  func maximumBackward(
    _ geometry: WindowGeometry, x: FloatPointer, z: FloatPointer, dz: FloatPointer,
    dx: MutableFloatPointer)

  /// `z` = mean of the window's part inside the image.
  func averageForward(_ geometry: WindowGeometry, x: FloatPointer, z: MutableFloatPointer)

  /// `dx` overwritten.
  func averageBackward(_ geometry: WindowGeometry, dz: FloatPointer, dx: MutableFloatPointer)
}

/// Values that meet: sums, products, channels side by side.
package protocol JoinKernels: Sendable {
  /// `y += x`, `count` a multiple of 16.
  func add(count: Int, _ x: FloatPointer, to y: MutableFloatPointer)

  /// `y = x · factor`, element by element; `count` a multiple of 16; `y` may be `x`.
  func multiply(count: Int, _ x: FloatPointer, _ factor: FloatPointer, _ y: MutableFloatPointer)

  /// `y [blocks, pixels, 16] = x · factors[block * blockStride + lane]`; `y` may be `x`.
  func scaleChannels(
    blocks: Int, pixels: Int, x: FloatPointer, factors: FloatPointer, blockStride: Int,
    y: MutableFloatPointer)

  /// `result[block * blockStride + lane] = Σ x·y` over pixels; overwrites.
  func channelProducts(
    blocks: Int, pixels: Int, x: FloatPointer, y: FloatPointer, result: MutableFloatPointer,
    blockStride: Int)

  /// Channels `0..<channels` of `x [blocks, pixels, 16]` to channels `offset...` of `z`, whose other
  /// lanes stay; plain copies where `offset` is a multiple of 16.
  func insertChannels(
    channels: Int, pixels: Int, x: FloatPointer, offset: Int, z: MutableFloatPointer)

  /// Channels `offset..<offset + channels` of `z` to `x [blocks, pixels, 16]`; overwrites, lanes
  /// beyond the last channel zero.
  func extractChannels(
    channels: Int, pixels: Int, z: FloatPointer, offset: Int, x: MutableFloatPointer)
}

/// An element-wise function as the kernels know it.
package struct ActivationFunction: Equatable, Sendable {
  package enum Kind: UInt8, CaseIterable, Sendable {
    case identity, relu, relu6, sigmoid, tanh, silu, gelu, hardSwish, leakyRelu
  }
  package var kind: Kind
  /// Of `leakyRelu` below zero.
  package var slope: Float

  package init(_ kind: Kind, slope: Float = 0) {
    self.kind = kind
    self.slope = slope
  }

  package static let identity = ActivationFunction(.identity)
  package static let relu = ActivationFunction(.relu)
}

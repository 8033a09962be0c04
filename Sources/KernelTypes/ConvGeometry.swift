// Sizes of a convolution and of the buffers around it.
// Engine and kernels agree on memory layout through this type alone.

/// Channels in a block: one `SIMD16<Float>`.
package let channelLanes = 16

/// Blocks of 16 channels that hold `channels`; lanes beyond the last channel are zero.
package func channelBlocks(_ channels: Int) -> Int {
  (channels + channelLanes - 1) / channelLanes
}

/// A 2-D convolution over one image; a dense layer is the 1x1 case whose pixels are samples.
///
/// Layouts, all `Float`, 64-byte aligned, `B` = blocks of 16 channels:
/// - input `x`: `[B_in, paddedHeight, paddedWidth, 16]`, halo filled with zeros; for
///   `isPlane` the plane `[paddedHeight, paddedWidth]`, readable for 16 floats
///   beyond its end.
/// - output `z`: `[B_out, outputHeight, outputWidth, 16]`.
/// - output gradient `dz`: `[B_out, gradientHeight, gradientWidth, 16]`; the gradient of output
///   `(y, x)` stands at `(gradientOrigin + y * stride, gradientOrigin + x * stride)`, zeros elsewhere,
///   so that the input gradient is a stride-1 convolution of it.
/// - input gradient `dx`: `[B_in, inputHeight, inputWidth, 16]`.
package struct ConvGeometry: Equatable, Sendable {
  package var inputChannels: Int
  package var outputChannels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var kernel: Int
  package var stride: Int
  package var padding: Int
  /// Whether the input is one scalar plane instead of channel blocks.
  package var isPlane: Bool

  /// - Parameter isPlane: nil: a plane where there is one input channel.
  package init(
    inputChannels: Int, outputChannels: Int, inputHeight: Int, inputWidth: Int, kernel: Int,
    stride: Int, padding: Int, isPlane: Bool? = nil
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.isPlane = isPlane ?? (inputChannels == 1)
  }

  package var inputBlocks: Int { channelBlocks(inputChannels) }
  package var outputBlocks: Int { channelBlocks(outputChannels) }
  package var paddedHeight: Int { inputHeight + 2 * padding }
  package var paddedWidth: Int { inputWidth + 2 * padding }
  package var outputHeight: Int { (paddedHeight - kernel) / stride + 1 }
  package var outputWidth: Int { (paddedWidth - kernel) / stride + 1 }
  package var outputPixels: Int { outputHeight * outputWidth }
  package var inputPixels: Int { inputHeight * inputWidth }
  package var gradientHeight: Int { inputHeight + kernel - 1 }
  package var gradientWidth: Int { inputWidth + kernel - 1 }
  package var gradientOrigin: Int { kernel - 1 - padding }

  /// Floats of one image's `x`.
  package var inputCount: Int {
    let pixels = paddedHeight * paddedWidth
    return isPlane ? pixels + channelLanes : inputBlocks * pixels * channelLanes
  }
  /// Floats of one image's `z`.
  package var outputCount: Int { outputBlocks * outputPixels * channelLanes }
  /// Floats of one image's `dz`.
  package var outputGradientCount: Int {
    outputBlocks * gradientHeight * gradientWidth * channelLanes
  }
  /// Floats of one image's `dx`.
  package var inputGradientCount: Int { inputBlocks * inputPixels * channelLanes }
  /// Multiply-adds of one image's direct convolution, counted with real channels.
  package var multiplyAdds: Int {
    outputPixels * kernel * kernel * inputChannels * outputChannels
  }
}

/// The weights between a block of 16 input and one of 16 output channels, which an optimizer step
/// takes through unpacking, update and packing as a whole: what workers share out.
package struct WeightTile: Equatable, Sendable {
  package let outputBlock: Int
  package let inputBlock: Int
  /// Channels of the blocks.
  package let outputs: Range<Int>
  package let inputs: Range<Int>
}

extension ConvGeometry {
  package var weightTileCount: Int { outputBlocks * inputBlocks }

  /// Tiles from 0 to `weightTileCount`, those of an output block in a row.
  package func weightTile(_ index: Int) -> WeightTile {
    let (outputBlock, inputBlock) = index.quotientAndRemainder(dividingBy: inputBlocks)
    func channels(_ block: Int, _ count: Int) -> Range<Int> {
      block * channelLanes..<min((block + 1) * channelLanes, count)
    }
    return WeightTile(
      outputBlock: outputBlock, inputBlock: inputBlock,
      outputs: channels(outputBlock, outputChannels), inputs: channels(inputBlock, inputChannels))
  }

  package var weightTiles: [WeightTile] { (0..<weightTileCount).map(weightTile) }
}

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
/// - input `x`: `[B_in, paddedHeight, paddedWidth, 16]`, halo filled with zeros; for an image
///   `[paddedHeight, paddedWidth, planeChannels]`, readable for 16 floats beyond its end.
/// - output `z`: `[B_out, outputHeight, outputWidth, 16]`.
/// - output gradient `dz`: `[B_out, gradientHeight, gradientWidth, 16]`; the gradient of output
///   `(y, x)` stands at `(gradientTop + y, gradientLeft + x)`, zeros around, so that the gradient of the
///   inputs of each residue (`GradientAxis`) is a stride-1 convolution of it.
/// - input gradient `dx`: `[B_in, inputHeight, inputWidth, 16]`.
package struct ConvGeometry: Equatable, Sendable {
  package var inputChannels: Int
  package var outputChannels: Int
  package var inputHeight: Int
  package var inputWidth: Int
  package var kernelHeight: Int
  package var kernelWidth: Int
  package var verticalStride: Int
  package var horizontalStride: Int
  package var padding: Edges
  /// Distance of neighbouring taps.
  package var dilation = 1
  /// Parts into which input and output channels are cut, each output reading its part alone.
  package var groups = 1
  /// Interleaved channels of an image, 0 where the input lies in channel blocks.
  package var planeChannels: Int
  /// Pixels of a map whose values a dense layer takes as features: its inputs are then
  /// `[inputChannels, featurePixels]`, and a block of `x` holds one pixel's 16 channels.
  package var featurePixels = 1

  /// - Parameter planeChannels: nil: an image where there is one input channel.
  package init(
    inputChannels: Int, outputChannels: Int, inputHeight: Int, inputWidth: Int,
    kernelHeight: Int, kernelWidth: Int, verticalStride: Int = 1, horizontalStride: Int = 1,
    padding: Edges = Edges(0), planeChannels: Int? = nil
  ) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.verticalStride = verticalStride
    self.horizontalStride = horizontalStride
    self.padding = padding
    self.planeChannels = planeChannels ?? (inputChannels == 1 ? 1 : 0)
  }

  /// The same size and step in both directions.
  package init(
    inputChannels: Int, outputChannels: Int, inputHeight: Int, inputWidth: Int, kernel: Int,
    stride: Int, padding: Int, planeChannels: Int? = nil
  ) {
    self.init(
      inputChannels: inputChannels, outputChannels: outputChannels, inputHeight: inputHeight,
      inputWidth: inputWidth, kernelHeight: kernel, kernelWidth: kernel, verticalStride: stride,
      horizontalStride: stride, padding: Edges(padding), planeChannels: planeChannels)
  }

  package var isPlane: Bool { planeChannels > 0 }
  /// Whether it is a dense 3x3 window that keeps the size.
  package var isPlain3x3: Bool {
    kernelHeight == 3 && kernelWidth == 3 && isStepwise && padding == Edges(1) && dilation == 1
      && groups == 1
  }
  /// Whether every pixel is one of the output's.
  package var isStepwise: Bool { verticalStride == 1 && horizontalStride == 1 }

  package var inputBlocks: Int { channelBlocks(inputChannels) * featurePixels }
  package var outputBlocks: Int { channelBlocks(outputChannels) }
  /// Extent of the taps with the gaps between them.
  package var windowHeight: Int { (kernelHeight - 1) * dilation + 1 }
  package var windowWidth: Int { (kernelWidth - 1) * dilation + 1 }
  package var paddedHeight: Int { inputHeight + padding.top + padding.bottom }
  package var paddedWidth: Int { inputWidth + padding.left + padding.right }
  package var outputHeight: Int { (paddedHeight - windowHeight) / verticalStride + 1 }
  package var outputWidth: Int { (paddedWidth - windowWidth) / horizontalStride + 1 }
  package var outputPixels: Int { outputHeight * outputWidth }
  package var inputPixels: Int { inputHeight * inputWidth }
  package var gradientRows: GradientAxis {
    GradientAxis(
      stride: verticalStride, window: windowHeight, padding: padding.top, inputs: inputHeight,
      outputs: outputHeight)
  }
  package var gradientColumns: GradientAxis {
    GradientAxis(
      stride: horizontalStride, window: windowWidth, padding: padding.left, inputs: inputWidth,
      outputs: outputWidth)
  }
  package var gradientHeight: Int { gradientTop + outputHeight + gradientRows.trailing }
  package var gradientWidth: Int { gradientLeft + outputWidth + gradientColumns.trailing }
  package var gradientTop: Int { gradientRows.leading }
  package var gradientLeft: Int { gradientColumns.leading }

  /// Floats of one image's `x`.
  package var inputCount: Int {
    let pixels = paddedHeight * paddedWidth
    return isPlane ? pixels * planeChannels + channelLanes : inputBlocks * pixels * channelLanes
  }
  /// Floats of one image's `z`.
  package var outputCount: Int { outputBlocks * outputPixels * channelLanes }
  /// Floats of one image's `dz`.
  package var outputGradientCount: Int {
    outputBlocks * gradientHeight * gradientWidth * channelLanes
  }
  /// Floats of one image's `dx`.
  package var inputGradientCount: Int { inputBlocks * inputPixels * channelLanes }
  /// Weights of one output channel: of an input, and of all inputs that it reads.
  package var taps: Int { kernelHeight * kernelWidth * featurePixels }
  package var weightRow: Int { inputChannels / groups * taps }
  /// Multiply-adds of one image's direct convolution, counted with real channels.
  package var multiplyAdds: Int { outputPixels * outputChannels * weightRow }
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
  package var weightTileCount: Int { outputBlocks * channelBlocks(inputChannels) }

  /// Tiles from 0 to `weightTileCount`, those of an output block in a row.
  package func weightTile(_ index: Int) -> WeightTile {
    let (outputBlock, inputBlock) = index.quotientAndRemainder(
      dividingBy: channelBlocks(inputChannels))
    func channels(_ block: Int, _ count: Int) -> Range<Int> {
      block * channelLanes..<min((block + 1) * channelLanes, count)
    }
    return WeightTile(
      outputBlock: outputBlock, inputBlock: inputBlock,
      outputs: channels(outputBlock, outputChannels), inputs: channels(inputBlock, inputChannels))
  }

  package var weightTiles: [WeightTile] { (0..<weightTileCount).map(weightTile) }

  /// The inputs of a tile that an output channel of it reads, and the place of their first weight in
  /// `[out, in / groups, taps]`; the others follow without gaps.
  package func weights(
    of output: Int, in tile: WeightTile
  ) -> (inputs: Range<Int>, first: Int) {
    guard groups > 1 else {
      return (tile.inputs, (output * inputChannels + tile.inputs.lowerBound) * taps)
    }
    let size = inputChannels / groups
    let group = output * groups / outputChannels * size
    let lower = max(tile.inputs.lowerBound, group)
    let upper = max(lower, min(tile.inputs.upperBound, group + size))
    return (lower..<upper, output * weightRow + (lower - group) * taps)
  }

  /// The weights of a tile in `[out, in, taps]`, a row for each output channel; without groups.
  package func weightRows(of tile: WeightTile) -> (first: Int, rows: FloatRows) {
    let (inputs, first) = weights(of: tile.outputs.lowerBound, in: tile)
    let length = inputs.count * taps
    return (first, FloatRows(count: tile.outputs.count, length: length, stride: weightRow))
  }
}

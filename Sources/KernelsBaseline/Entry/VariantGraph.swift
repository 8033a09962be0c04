// The entry points of stages that are no convolution by blocks: window pools, joins, depthwise.
// Forwarded by block where the pass is one over a block.
import PTrainKernelTypes

extension VariantKernels {
  package func maximumForward(
    _ geometry: WindowGeometry, x: FloatPointer, z: MutableFloatPointer
  ) {
    WindowPools.maximum(geometry, x, z)
  }

  package func maximumBackward(
    _ geometry: WindowGeometry, x: FloatPointer, z: FloatPointer, dz: FloatPointer,
    dx: MutableFloatPointer
  ) {
    WindowPools.maximumGradient(geometry, x, z, dz, dx)
  }

  package func averageForward(
    _ geometry: WindowGeometry, x: FloatPointer, z: MutableFloatPointer
  ) {
    WindowPools.average(geometry, x, z)
  }

  package func averageBackward(
    _ geometry: WindowGeometry, dz: FloatPointer, dx: MutableFloatPointer
  ) {
    WindowPools.averageGradient(geometry, dz, dx)
  }
}

extension VariantKernels {
  package func add(count: Int, _ x: FloatPointer, to y: MutableFloatPointer) {
    Join.add(count, x, y)
  }

  package func multiply(
    count: Int, _ x: FloatPointer, _ factor: FloatPointer, _ y: MutableFloatPointer
  ) {
    Join.multiply(count, x, factor, y)
  }

  package func scaleChannels(
    blocks: Int, pixels: Int, x: FloatPointer, factors: FloatPointer, blockStride: Int,
    y: MutableFloatPointer
  ) {
    var block = 0
    while block < blocks {
      let offset = block * pixels * lanes
      Join.scale(pixels, x + offset, factors + block * blockStride, y + offset)
      block += 1
    }
  }

  package func channelProducts(
    blocks: Int, pixels: Int, x: FloatPointer, y: FloatPointer, result: MutableFloatPointer,
    blockStride: Int
  ) {
    var block = 0
    while block < blocks {
      let offset = block * pixels * lanes
      Join.products(pixels, x + offset, y + offset, result + block * blockStride)
      block += 1
    }
  }

  package func insertChannels(
    channels: Int, pixels: Int, x: FloatPointer, offset: Int, z: MutableFloatPointer
  ) {
    ChannelCopies.insert(channels: channels, pixels: pixels, x: x, offset: offset, z: z)
  }

  package func extractChannels(
    channels: Int, pixels: Int, z: FloatPointer, offset: Int, x: MutableFloatPointer
  ) {
    ChannelCopies.extract(channels: channels, pixels: pixels, z: z, offset: offset, x: x)
  }
}

extension VariantKernels {
  package func depthwisePackWeights(
    _ geometry: WindowGeometry, channels: Int, block: Int, weights: FloatPointer,
    packed: MutableFloatPointer
  ) {
    DepthwiseConvolution.pack(
      geometry, channels: channels, block: block, weights: weights, packed: packed)
  }

  package func depthwiseUnpackGradient(
    _ geometry: WindowGeometry, channels: Int, block: Int, gradient: FloatPointer,
    result: MutableFloatPointer
  ) {
    DepthwiseConvolution.unpack(
      geometry, channels: channels, block: block, gradient: gradient, result: result)
  }

  package func depthwiseForward(
    _ geometry: WindowGeometry, x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer
  ) {
    DepthwiseConvolution.forward(geometry, x: x, weights: weights, z: z)
  }

  package func depthwiseBackward(
    _ geometry: WindowGeometry, x: FloatPointer, dz: FloatPointer, weights: FloatPointer,
    accumulator: MutableFloatPointer, dx: MutableFloatPointer?
  ) {
    DepthwiseConvolution.backward(
      geometry, x: x, dz: dz, weights: weights, accumulator: accumulator, dx: dx)
  }
}

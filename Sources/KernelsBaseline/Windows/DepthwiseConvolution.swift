// Depthwise convolutions: each channel has a window of its own, so that nothing is shared but the pass
// over memory. Sums run over taps (forward) or pixels (gradient) in one order on every instruction set.
import PTrainKernelTypes

/// Packed weights and their gradient are `[blocks, taps, 16]`.
enum DepthwiseConvolution {
  static func pack(
    _ g: WindowGeometry, channels: Int, block: Int, weights: FloatPointer,
    packed: MutableFloatPointer
  ) {
    let taps = g.taps
    let target = packed + block * taps * lanes
    let count = min(lanes, channels - block * lanes)
    clear(target, taps * lanes)
    var i = 0
    while i < count * taps {
      target[i % taps * lanes + i / taps] = weights[block * lanes * taps + i]
      i += 1
    }
  }

  static func unpack(
    _ g: WindowGeometry, channels: Int, block: Int, gradient: FloatPointer,
    result: MutableFloatPointer
  ) {
    let taps = g.taps
    let source = gradient + block * taps * lanes
    let count = min(lanes, channels - block * lanes)
    var i = 0
    while i < count * taps {
      result[block * lanes * taps + i] = source[i % taps * lanes + i / taps]
      i += 1
    }
  }

  static func forward(
    _ g: WindowGeometry, x: FloatPointer, weights: FloatPointer, z: MutableFloatPointer
  ) {
    let row = g.paddedWidth * lanes
    let sweep = WindowSweep(
      height: g.outputHeight, width: g.outputWidth, rows: g.windowHeight, taps: g.windowWidth,
      row: row, tap: lanes, weightRow: g.windowWidth * lanes, weightTap: lanes,
      down: g.verticalStride * row, across: g.horizontalStride * lanes,
      resultDown: g.outputWidth * lanes, resultAcross: lanes)
    var block = 0
    while block < g.blocks {
      sweep.run(
        x + block * g.paddedHeight * row, weights + block * g.taps * lanes,
        z + block * g.outputHeight * g.outputWidth * lanes)
      block += 1
    }
  }
}

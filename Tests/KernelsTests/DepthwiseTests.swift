// Depthwise convolutions against plain loops in Double, over the windows of the pools.

import PTrainKernelTypes
import Testing

/// Operands of a case: 5 lanes of the last block have no channel.
private struct DepthwiseReference {
  let g: WindowGeometry
  let channels: Int
  let weights: Floats
  let x: Floats
  let dz: Floats

  init(_ g: WindowGeometry) {
    self.g = g
    channels = g.blocks * 16 - 5
    weights = Floats(random: channels * g.taps, seed: 1)
    x = Floats(g.paddedCount)
    dz = Floats(random: g.outputCount, seed: 3)
    let values = Floats(random: g.inputCount, seed: 2)
    for i in 0..<g.inputCount {
      let pixel = i / 16 % (g.height * g.width)
      let y = pixel / g.width + g.padding.top
      let column = pixel % g.width + g.padding.left
      let block = i / 16 / (g.height * g.width)
      x[((block * g.paddedHeight + y) * g.paddedWidth + column) * 16 + i % 16] = values[i]
    }
  }

  func compute() -> (z: [Double], dx: [Double], dw: [Double]) {
    var z = [Double](repeating: 0, count: g.outputCount)
    var dx = [Double](repeating: 0, count: g.inputCount)
    var dw = [Double](repeating: 0, count: channels * g.taps)
    g.windows { output, taps in
      for (tap, block, y, column) in taps {
        let channel = block * 16 + output % 16
        guard (0..<g.height).contains(y), (0..<g.width).contains(column), channel < channels
        else { continue }
        let row = block * g.paddedHeight + y + g.padding.top
        let value = x[(row * g.paddedWidth + column + g.padding.left) * 16 + output % 16]
        let weight = Double(weights[channel * g.taps + tap])
        z[output] += weight * Double(value)
        dx[((block * g.height + y) * g.width + column) * 16 + output % 16] +=
          weight * Double(dz[output])
        dw[channel * g.taps + tap] += Double(value) * Double(dz[output])
      }
    }
    return (z, dx, dw)
  }
}

@Test(
  arguments: WindowGeometry.cases + [
    .square(3, stride: 1, blocks: 4, height: 25, width: 5, padding: Edges(1)),
    .square(
      3, stride: 2, blocks: 1, height: 12, width: 12,
      padding: Edges(top: 0, left: 0, bottom: 1, right: 1)),
    .square(5, stride: 1, blocks: 2, height: 8, width: 9, padding: Edges(2)),
  ])
func depthwiseConvolution(_ g: WindowGeometry) {
  let r = DepthwiseReference(g)
  let expected = r.compute()
  check(
    "depthwise", tolerance: 2e-6,
    expected: ["z": expected.z, "dx": expected.dx, "dw": expected.dw]
  ) { kernels in
    let packed = Floats(g.weightCount, fill: .nan)
    for block in 0..<g.blocks {
      kernels.depthwisePackWeights(
        g, channels: r.channels, block: block, weights: r.weights.read, packed: packed.pointer)
    }
    let z = Floats(g.outputCount, fill: .nan)
    kernels.depthwiseForward(g, x: r.x.read, weights: packed.read, z: z.pointer)
    let dx = Floats(g.inputCount, fill: .nan)
    let accumulator = Floats(g.weightCount)
    kernels.depthwiseBackward(
      g, x: r.x.read, dz: r.dz.read, weights: packed.read, accumulator: accumulator.pointer,
      dx: dx.pointer)
    let dw = Floats(r.weights.count, fill: .nan)
    for block in 0..<g.blocks {
      kernels.depthwiseUnpackGradient(
        g, channels: r.channels, block: block, gradient: accumulator.read, result: dw.pointer)
    }
    return [z.values, dx.values, dw.values]
  }
}

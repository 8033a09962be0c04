// The gradient of a convolution's output from that of its activation, against plain loops.
// Written in the layout of each kind of convolution that may have made the output.
import PTrainKernelTypes
import Testing

/// Kernels that could have made an output of this size: 3x3, 1x1, 5x5 and a strided one.
private func producers(_ shape: ActivationShape) -> [ConvGeometry] {
  [(3, 1, 1), (1, 1, 0), (5, 1, 2), (3, 2, 1), (2, 1, 0)].map { kernel, stride, padding in
    ConvGeometry(
      inputChannels: 16, outputChannels: shape.blocks * 16,
      inputHeight: (shape.height - 1) * stride + kernel - 2 * padding,
      inputWidth: (shape.width - 1) * stride + kernel - 2 * padding, kernel: kernel,
      stride: stride, padding: padding)
  }
}

@Test(arguments: ActivationCase.all)
func outputGradient(_ c: ActivationCase) {
  let r = ActivationReference(c)
  let z = r.z
  var dense = [Double](repeating: 0, count: z.count)
  for i in 0..<c.shape.pooledCount {
    let k = r.channel(i, r.pooledPixels)
    dense[r.extremeIndex(i, z)] += Double(r.gain[k]) * Double(r.gradient[i])
  }
  var bias = [Double](repeating: 0.25, count: c.shape.blocks * 16)
  for i in z.indices {
    let k = r.channel(i, r.pixels)
    dense[i] += Double(r.k0[k]) + Double(r.k1[k]) * Double(z[i])
    if c.reluBefore && !(z[i] > 0) { dense[i] = 0 }
    bias[k] += dense[i]
  }
  for g in producers(c.shape) {
    #expect(g.outputHeight == c.shape.height && g.outputWidth == c.shape.width)
    var dz = [Double](repeating: 0, count: g.outputGradientCount)
    for i in z.indices {
      let y = i / 16 % r.pixels / c.shape.width + g.gradientTop
      let x = i / 16 % c.shape.width + g.gradientLeft
      let block = i / (r.pixels * 16)
      dz[((block * g.gradientHeight + y) * g.gradientWidth + x) * 16 + i % 16] = dense[i]
    }
    check(
      "output gradient k\(g.kernelHeight) s\(g.verticalStride)", tolerance: 1e-6,
      expected: ["dz": dz, "bias": bias]
    ) {
      let result = Floats(dz.count, fill: .nan)
      let sums = Floats(bias.count, fill: 0.25)
      let values = Floats(z)
      let s = c.shape.window == 1 ? values : Floats(r.s)
      let factors = GradientFactors(gain: r.gain.read, k0: r.k0.read, k1: r.k1.read)
      $0.outputGradient(
        c.shape, r.constants, factors, g, z: values.read, s: s.read, dy: r.gradient.read,
        dz: result.pointer, biasGradient: sums.pointer)
      return [result.values, sums.values]
    }
  }
}

// The element-wise passes against plain loops, with the formulas of `KernelTypes` written out.
// Windows with leftover rows, scales below and at zero, ties in the pool.
import PTrainKernelTypes
import Testing

/// One unit's activation with random contents; every value a plain loop needs by channel and pixel.
struct ActivationCase: CustomTestStringConvertible, Sendable {
  var shape: ActivationShape
  var reluBefore = false
  var after = ActivationFunction.identity
  var bias = true
  var mask = false
  var ties = false

  var testDescription: String {
    "\(shape.blocks)x\(shape.height)x\(shape.width)/\(shape.window) pre \(reluBefore)"
      + " post \(after.kind) bias \(bias) mask \(mask) ties \(ties)"
  }

  static let all: [ActivationCase] =
    [
      .init(shape: .init(blocks: 1, height: 1, width: 1, window: 1)),
      .init(shape: .init(blocks: 2, height: 3, width: 5, window: 1), reluBefore: true, mask: true),
      .init(shape: .init(blocks: 1, height: 7, width: 7, window: 1), after: .relu, bias: false),
      .init(shape: .init(blocks: 2, height: 4, width: 6, window: 2), reluBefore: true),
      .init(shape: .init(blocks: 1, height: 5, width: 7, window: 2), after: .relu, mask: true),
      .init(
        shape: .init(blocks: 3, height: 28, width: 28, window: 2), reluBefore: true,
        after: .relu, ties: true),
      .init(shape: .init(blocks: 1, height: 7, width: 8, window: 3), reluBefore: true, bias: false),
      .init(
        shape: .init(blocks: 2, height: 9, width: 10, window: 3), after: .relu, ties: true),
      .init(shape: .init(blocks: 1, height: 2, width: 3, window: 2), mask: true, ties: true),
    ]
    + [.relu6, .sigmoid, .tanh, .silu, .gelu, .hardSwish, .leakyRelu].map {
      .init(
        shape: .init(blocks: 2, height: 3, width: 5, window: 1),
        after: ActivationFunction($0, slope: 0.125), mask: true)
    }
}

/// Inputs and the plain-loop results of a case.
struct ActivationReference {
  let c: ActivationCase
  let raw: Floats
  let bias: Floats
  let scale: Floats
  let shift: Floats
  let gain: Floats
  let k0: Floats
  let k1: Floats
  let mask: Floats
  let gradient: Floats
  let mean: Floats

  init(_ c: ActivationCase) {
    self.c = c
    let channels = c.shape.blocks * 16
    raw = Floats(random: c.shape.count, seed: 1)
    if c.ties {
      for i in 0..<raw.count { raw[i] = (raw[i] * 3).rounded() / 4 }
    }
    bias = Floats(channels)
    if c.bias {
      for i in 0..<channels { bias[i] = Float(i % 5 - 2) / 4 }
    }
    scale = Floats(random: channels, seed: 2)
    scale[3] = 0
    scale[channels - 1] = -0.0
    shift = Floats(random: channels, seed: 3)
    gain = Floats(random: channels, seed: 4)
    k0 = Floats(random: channels, seed: 5)
    k1 = Floats(random: channels, seed: 6)
    mask = Floats(random: c.shape.pooledCount, seed: 7)
    gradient = Floats(random: c.shape.pooledCount, seed: 8)
    mean = Floats(random: channels, seed: 10)
  }

  var constants: ChannelConstants {
    ChannelConstants(
      bias: c.bias ? bias.read : nil, scale: scale.read, shift: shift.read,
      mean: mean.read, reluBefore: c.reluBefore, after: c.after)
  }
  var shape: ActivationShape { c.shape }
  var pixels: Int { shape.height * shape.width }
  var pooledPixels: Int { shape.pooledHeight * shape.pooledWidth }

  func channel(_ index: Int, _ pixels: Int) -> Int { index / (pixels * 16) * 16 + index % 16 }

  var z: [Float] {
    (0..<shape.count).map { i in
      let value = raw[i] + bias[channel(i, pixels)]
      return c.reluBefore ? max(value, 0) : value
    }
  }

  /// Index in `z` of the first extreme of the window that makes pooled element `index`.
  func extremeIndex(_ index: Int, _ z: [Float]) -> Int {
    let block = index / (pooledPixels * 16)
    let pixel = index / 16 % pooledPixels
    let lane = index % 16
    var best = -1
    for dy in 0..<shape.window {
      for dx in 0..<shape.window {
        let y = pixel / shape.pooledWidth * shape.window + dy
        let x = pixel % shape.pooledWidth * shape.window + dx
        let i = (block * pixels + y * shape.width + x) * 16 + lane
        let better = best < 0 || (scale[block * 16 + lane] < 0 ? z[i] < z[best] : z[i] > z[best])
        if better { best = i }
      }
    }
    return best
  }

  var s: [Float] {
    let z = self.z
    return (0..<shape.pooledCount).map { z[extremeIndex($0, z)] }
  }

  /// `scale·s + shift` in Double.
  func affine(_ index: Int, _ s: [Float]) -> Double {
    let k = channel(index, pooledPixels)
    return Double(scale[k]) * Double(s[index]) + Double(shift[k])
  }

  func output(_ index: Int, _ s: [Float]) -> Double {
    c.after.inDouble(affine(index, s)).value
  }

  /// `[blocks, 2, 16]`: sums of `a` and of `a · b` per channel.
  func sums(_ a: [Double], _ b: [Double], _ pixels: Int) -> [Double] {
    var result = [Double](repeating: 0, count: shape.blocks * 32)
    for i in a.indices {
      let place = i / (pixels * 16) * 32 + i % 16
      result[place] += a[i]
      result[place + 16] += a[i] * b[i]
    }
    return result
  }
}

@Test(arguments: ActivationCase.all)
func activateAndPool(_ c: ActivationCase) {
  let r = ActivationReference(c)
  let z = r.z.map(Double.init)
  check("activate", tolerance: 0, expected: z) {
    let values = Floats(r.raw.values)
    $0.activate(c.shape, r.constants, z: values.pointer, moments: nil)
    return values.values
  }
  check("pool", tolerance: 0, expected: r.s.map(Double.init)) {
    let values = Floats(r.z)
    let s = Floats(c.shape.pooledCount, fill: .nan)
    $0.pool(c.shape, r.constants, z: values.read, s: s.pointer)
    return s.values
  }
}

@Test(
  arguments: ActivationCase.all,
  [
    Edges(0), Edges(2), Edges(top: 1, left: 0, bottom: 2, right: 0),
    Edges(top: 0, left: 1, bottom: 2, right: 3),
  ])
func prepareInput(_ c: ActivationCase, padding: Edges) {
  let r = ActivationReference(c)
  let s = r.s
  let height = c.shape.pooledHeight + padding.top + padding.bottom
  let width = c.shape.pooledWidth + padding.left + padding.right
  var expected = [Double](repeating: 0, count: c.shape.blocks * height * width * 16)
  for i in 0..<c.shape.pooledCount {
    let block = i / (r.pooledPixels * 16)
    let pixel = i / 16 % r.pooledPixels
    let y = pixel / c.shape.pooledWidth + padding.top
    let x = pixel % c.shape.pooledWidth + padding.left
    expected[((block * height + y) * width + x) * 16 + i % 16] =
      r.output(i, s) * (c.mask ? Double(r.mask[i]) : 1)
  }
  check("prepare", tolerance: 1e-6, expected: expected) {
    let x = Floats(expected.count, fill: .nan)
    let values = Floats(s)
    $0.prepareInput(
      c.shape, r.constants, s: values.read, mask: c.mask ? r.mask.read : nil, padding: padding,
      x: x.pointer)
    return x.values
  }
}

@Test(arguments: ActivationCase.all)
func averagePool(_ c: ActivationCase) {
  let r = ActivationReference(c)
  let s = r.s
  let stride = 48
  var means = [Double](repeating: 7, count: c.shape.blocks * stride)
  for block in 0..<c.shape.blocks {
    for lane in 0..<16 {
      var sum = 0.0
      for pixel in 0..<r.pooledPixels {
        sum += r.output((block * r.pooledPixels + pixel) * 16 + lane, s)
      }
      means[block * stride + lane] = sum / Double(r.pooledPixels)
    }
  }
  check("average", tolerance: 1e-6, expected: means) {
    let result = Floats(means.count, fill: 7)
    let values = Floats(s)
    $0.averagePool(
      c.shape, r.constants, s: values.read, means: result.pointer, blockStride: stride)
    return result.values
  }
}

@Test(arguments: ActivationCase.all)
func gradientsAtTheInput(_ c: ActivationCase) {
  let r = ActivationReference(c)
  let s = r.s
  func gated(_ value: Double, _ i: Int) -> Double {
    value * c.after.inDouble(r.affine(i, s)).slope
  }
  let wide = s.indices.map { Double(s[$0]) - Double(r.mean[r.channel($0, r.pooledPixels)]) }
  let dy = (0..<c.shape.pooledCount).map {
    gated(Double(r.gradient[$0]) * (c.mask ? Double(r.mask[$0]) : 1), $0)
  }
  let sums = r.sums(dy, wide, r.pooledPixels)
  for inPlace in [false, true] {
    check("input gradient", tolerance: 1e-6, expected: ["dy": dy, "sums": sums]) {
      let dx = Floats(r.gradient.values)
      let result = inPlace ? dx : Floats(dx.count, fill: .nan)
      let sums = Floats(c.shape.blocks * 32)
      let values = Floats(s)
      $0.inputGradient(
        c.shape, r.constants, s: values.read, mask: c.mask ? r.mask.read : nil, dx: dx.read,
        dy: result.pointer, sums: sums.pointer, accumulates: false)
      return [result.values, sums.values]
    }
  }
  let stride = 32
  let dMeans = Floats(random: c.shape.blocks * stride, seed: 9)
  let spread = (0..<c.shape.pooledCount).map { i in
    let block = i / (r.pooledPixels * 16)
    return gated(Double(dMeans[block * stride + i % 16]) / Double(r.pooledPixels), i)
  }
  check(
    "average gradient", tolerance: 1e-6,
    expected: ["dy": spread, "sums": r.sums(spread, wide, r.pooledPixels)]
  ) {
    let result = Floats(c.shape.pooledCount, fill: .nan)
    let sums = Floats(c.shape.blocks * 32)
    let values = Floats(s)
    $0.averagePoolGradient(
      c.shape, r.constants, s: values.read, dMeans: dMeans.read, blockStride: stride,
      dy: result.pointer, sums: sums.pointer, accumulates: false)
    return [result.values, sums.values]
  }
}

/// A further reader's gradient is added to what is there; its sums are its own alone.
@Test(arguments: ActivationCase.all)
func gradientsOfFurtherReadersAreAdded(_ c: ActivationCase) {
  let r = ActivationReference(c)
  let s = r.s
  let before = Floats(random: c.shape.pooledCount, seed: 11)
  let stride = 32
  let dMeans = Floats(random: c.shape.blocks * stride, seed: 9)
  func expected(_ gradient: (Int) -> Double) -> KeyValuePairs<String, [Double]> {
    let wide = s.indices.map { Double(s[$0]) - Double(r.mean[r.channel($0, r.pooledPixels)]) }
    let dy = s.indices.map { gradient($0) * c.after.inDouble(r.affine($0, s)).slope }
    let sum = zip(dy, before.values).map { $0 + Double($1) }
    return ["dy": sum, "sums": r.sums(dy, wide, r.pooledPixels)]
  }
  check(
    "input gradient", tolerance: 1e-6,
    expected: expected { Double(r.gradient[$0]) * (c.mask ? Double(r.mask[$0]) : 1) }
  ) {
    let (dy, sums, values) = (Floats(before.values), Floats(c.shape.blocks * 32), Floats(s))
    $0.inputGradient(
      c.shape, r.constants, s: values.read, mask: c.mask ? r.mask.read : nil, dx: r.gradient.read,
      dy: dy.pointer, sums: sums.pointer, accumulates: true)
    return [dy.values, sums.values]
  }
  check(
    "average gradient", tolerance: 1e-6,
    expected: expected {
      Double(dMeans[$0 / (r.pooledPixels * 16) * stride + $0 % 16]) / Double(r.pooledPixels)
    }
  ) {
    let (dy, sums, values) = (Floats(before.values), Floats(c.shape.blocks * 32), Floats(s))
    $0.averagePoolGradient(
      c.shape, r.constants, s: values.read, dMeans: dMeans.read, blockStride: stride,
      dy: dy.pointer, sums: sums.pointer, accumulates: true)
    return [dy.values, sums.values]
  }
}

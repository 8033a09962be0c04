// Pools over any windows against plain loops in Double, with ties and with what is no number.
// Gradients of overlapping windows add up, those of equal pixels go to the first.
import PTrainKernelTypes
import Testing

/// Random values, a few of each size so that windows have ties.
private func tied(_ count: Int, seed: UInt64) -> Floats {
  let values = Floats(random: count, seed: seed)
  for i in 0..<count { values[i] = (values[i] * 4).rounded() / 4 }
  return values
}

@Test(arguments: WindowGeometry.cases)
func maximumPool(_ g: WindowGeometry) {
  let x = tied(g.inputCount, seed: 1)
  let dz = Floats(random: g.outputCount, seed: 2)
  var z = [Double](repeating: 0, count: g.outputCount)
  var dx = [Double](repeating: 0, count: g.inputCount)
  g.insides { output, indices in
    let first = indices.reduce(indices[0]) { x[$1] > x[$0] ? $1 : $0 }
    z[output] = Double(x[first])
    dx[first] += Double(dz[output])
  }
  check("maximum", tolerance: 1e-6, expected: ["z": z, "dx": dx]) {
    let result = Floats(g.outputCount, fill: .nan)
    $0.maximumForward(g, x: x.read, z: result.pointer)
    let gradient = Floats(g.inputCount, fill: .nan)
    $0.maximumBackward(g, x: x.read, z: result.read, dz: dz.read, dx: gradient.pointer)
    return [result.values, gradient.values]
  }
}

@Test(arguments: WindowGeometry.cases)
func averagePoolOfWindows(_ g: WindowGeometry) {
  let x = Floats(random: g.inputCount, seed: 1)
  let dz = Floats(random: g.outputCount, seed: 2)
  var z = [Double](repeating: 0, count: g.outputCount)
  var dx = [Double](repeating: 0, count: g.inputCount)
  g.insides { output, indices in
    for i in indices {
      z[output] += Double(x[i]) / Double(indices.count)
      dx[i] += Double(dz[output]) / Double(indices.count)
    }
  }
  check("average", tolerance: 1e-6, expected: ["z": z, "dx": dx]) {
    let result = Floats(g.outputCount, fill: .nan)
    $0.averageForward(g, x: x.read, z: result.pointer)
    let gradient = Floats(g.inputCount, fill: .nan)
    $0.averageBackward(g, dz: dz.read, dx: gradient.pointer)
    return [result.values, gradient.values]
  }
}

/// A maximum begins anew behind a NaN, as in the pools behind a convolution: the last pixel's stays, and
/// gets the gradient. A mean keeps each.
@Test(arguments: 0..<9)
func windowPoolsMeetANaN(tap: Int) {
  let g = WindowGeometry.square(3, stride: 3, blocks: 1, height: 3, width: 6)
  let x = Floats(random: g.inputCount, seed: 1)
  let place = (tap / 3 * 6 + tap % 3) * 16 + 5
  x[place] = .nan
  let rest = (tap + 1..<9).map { x[($0 / 3 * 6 + $0 % 3) * 16 + 5] }
  let dz = Floats(g.outputCount, fill: 2)
  for kernels in variants {
    let z = Floats(g.outputCount)
    let dx = Floats(g.inputCount)
    kernels.maximumForward(g, x: x.read, z: z.pointer)
    kernels.maximumBackward(g, x: x.read, z: z.read, dz: dz.read, dx: dx.pointer)
    #expect(z.values.indices.filter { z[$0].isNaN } == (rest.isEmpty ? [5] : []))
    #expect(rest.isEmpty || z[5] == rest.max())
    #expect(dx[place] == (rest.isEmpty ? 2 : 0))
    #expect(dx.values.reduce(0, +) == 2 * 32)
    kernels.averageForward(g, x: x.read, z: z.pointer)
    #expect(z.values.indices.filter { z[$0].isNaN } == [5])
    dz[5] = .nan
    kernels.averageBackward(g, dz: dz.read, dx: dx.pointer)
    #expect(dx.values.filter(\.isNaN).count == 9)
    dz[5] = 2
  }
}

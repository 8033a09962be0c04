// The factors of an output's gradient, and a 2x2 window's share of its pool's gradient.
// What the first block and the separate pass have in common.
import PTrainKernelTypes

/// The factors of one channel block.
struct BlockFactors {
  let gain: Lanes
  let k0: Lanes
  let k1: Lanes

  @inline(__always) init(_ factors: borrowing GradientFactors, _ block: Int) {
    gain = load(factors.gain + block * lanes)
    k0 = load(factors.k0 + block * lanes)
    k1 = load(factors.k1 + block * lanes)
  }
}

/// Where pixels of `z` stand, and where their gradients go; strides in floats.
struct GradientPlaces {
  var z: FloatPointer
  var zRow: Int
  var dz: MutableFloatPointer
  var dzRow: Int

  @inline(__always) func at(row: Int, column: Int) -> GradientPlaces {
    var moved = self
    moved.z += row * zRow + column * lanes
    moved.dz += row * dzRow + column * lanes
    return moved
  }
}

/// `k0 + k1·z`, plus `gain·dy` at the first pixel of the window that equals its peak.
@inline(__always) private func windowGradients(
  _ z: Four, _ peak: Lanes, _ dy: Lanes, _ factors: BlockFactors
) -> Four {
  let k0 = factors.k0
  let given = multiplyAdd(factors.gain, dy, k0)
  let isFirst = z.0 .== peak
  let isSecond = z.1 .== peak
  let isThird = z.2 .== peak
  let c0 = k0.replacing(with: given, where: isFirst)
  let rest0 = given.replacing(with: k0, where: isFirst)
  let c1 = k0.replacing(with: rest0, where: isSecond)
  let rest1 = rest0.replacing(with: k0, where: isSecond)
  let c2 = k0.replacing(with: rest1, where: isThird)
  let c3 = rest1.replacing(with: k0, where: isThird)
  return (
    multiplyAdd(factors.k1, z.0, c0), multiplyAdd(factors.k1, z.1, c1),
    multiplyAdd(factors.k1, z.2, c2), multiplyAdd(factors.k1, z.3, c3)
  )
}

/// Gradients of `count` windows of two rows; `dz` may be `z`.
@inline(never) func plainWindows(
  _ places: borrowing GradientPlaces, peaks: FloatPointer, _ dy: FloatPointer,
  _ factors: BlockFactors, _ count: Int
) {
  writeGradients(places, peaks, dy, factors, count) { dz, _ in dz }
}

/// The same for a `z` behind a ReLU: zero where it is not positive.
@inline(never) func gatedWindows(
  _ places: borrowing GradientPlaces, peaks: FloatPointer, _ dy: FloatPointer,
  _ factors: BlockFactors, _ count: Int
) {
  writeGradients(places, peaks, dy, factors, count) { keepWherePositive($0, $1) }
}

@inline(__always) private func writeGradients(
  _ places: borrowing GradientPlaces, _ peaks: FloatPointer, _ dy: FloatPointer,
  _ factors: BlockFactors, _ count: Int, _ gate: (_ dz: Lanes, _ z: Lanes) -> Lanes
) {
  let (zRow, dzRow) = (places.zRow, places.dzRow)
  var p = places.z
  var target = places.dz
  var i = 0
  while i < count * lanes {
    let z = (load(p), load(p + lanes), load(p + zRow), load(p + zRow + lanes))
    let dz = windowGradients(z, load(peaks + i), load(dy + i), factors)
    store(target, gate(dz.0, z.0))
    store(target + lanes, gate(dz.1, z.1))
    store(target + dzRow, gate(dz.2, z.2))
    store(target + dzRow + lanes, gate(dz.3, z.3))
    p += 2 * lanes
    target += 2 * lanes
    i += lanes
  }
}

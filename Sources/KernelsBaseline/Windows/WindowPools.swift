// Pools over any windows: the largest value, the mean, and their gradients.
// Backward under its forward. Behind a NaN a maximum begins anew, as in every pool: the last pixel's stays.
import PTrainKernelTypes

/// What is `given` where `value` is the peak, the rest stays given; that of a NaN goes to the first.
@inline(__always) private func take(_ given: inout Lanes, _ value: Lanes, peak: Lanes) -> Lanes {
  let isPeak = (value .== peak) .| ((value .!= value) .& (peak .!= peak))
  let share = Lanes.zero.replacing(with: given, where: isPeak)
  given = given.replacing(with: Lanes.zero, where: isPeak)
  return share
}

enum WindowPools {
  /// `z = max x` over the window.
  @inline(never) static func maximum(
    _ geometry: borrowing WindowGeometry, _ x: FloatPointer, _ z: MutableFloatPointer
  ) {
    windowParts(geometry) { part in
      var best = Lanes(repeating: -.infinity)
      part.pixels { best = larger(best, load(x + $0)) }
      store(z + part.output, best)
    }
  }

  /// `dx += dz` at the first of the window that equals `z`.
  @inline(never) static func maximumGradient(
    _ geometry: borrowing WindowGeometry, _ x: FloatPointer, _ z: FloatPointer,
    _ dz: FloatPointer, _ dx: MutableFloatPointer
  ) {
    clear(dx, geometry.inputCount)
    windowParts(geometry) { part in
      let peak = load(z + part.output)
      var given = load(dz + part.output)
      part.pixels { store(dx + $0, load(dx + $0) + take(&given, load(x + $0), peak: peak)) }
    }
  }

  /// `z = Σx / n` over the `n` pixels of the window inside the image.
  @inline(never) static func average(
    _ geometry: borrowing WindowGeometry, _ x: FloatPointer, _ z: MutableFloatPointer
  ) {
    windowParts(geometry) { part in
      var sum = Lanes.zero
      part.pixels { sum += load(x + $0) }
      store(z + part.output, sum / part.count)
    }
  }

  /// `dx += dz / n`.
  @inline(never) static func averageGradient(
    _ geometry: borrowing WindowGeometry, _ dz: FloatPointer, _ dx: MutableFloatPointer
  ) {
    clear(dx, geometry.inputCount)
    windowParts(geometry) { part in
      let share = load(dz + part.output) / part.count
      part.pixels { store(dx + $0, load(dx + $0) + share) }
    }
  }
}

// Sums over the taps of a window at every place of a map: a depthwise convolution, and the gradient of
// its inputs. Each sum is one chain of multiply-adds over the taps in order, whatever stands beside it.
import PTrainKernelTypes

/// The places of a map in one channel block, and where the values that each one's window meets lie;
/// strides in floats.
struct WindowSweep {
  /// Places.
  let height: Int
  let width: Int
  /// Rows of a window and taps of a row.
  let rows: Int
  let taps: Int
  /// From the value of a tap to that of the next row and of the next tap.
  let row: Int
  let tap: Int
  let weightRow: Int
  let weightTap: Int
  /// From the values of a place to those of the places below it and to its right.
  let down: Int
  let across: Int
  let resultDown: Int
  let resultAcross: Int

  /// From the first place's first tap, weight and result on. Places are taken by fours one below the
  /// other, which share the weights; the last overlap their neighbours: the same bits twice.
  func run(_ source: FloatPointer, _ weights: FloatPointer, _ result: MutableFloatPointer) {
    var y = 0
    while y < height {
      if height >= 4 && height - y > 2 {
        four(min(y, height - 4), source, weights, result)
        y += 4
      } else if height >= 2 {
        let start = min(y, height - 2)
        strip(TwoPlaces.self, source + start * down, weights, result + start * resultDown)
        y += 2
      } else {
        strip(OnePlace.self, source, weights, result)
        y += 1
      }
    }
  }

  @inline(__always) private func four(
    _ y: Int, _ source: FloatPointer, _ weights: FloatPointer, _ result: MutableFloatPointer
  ) {
    let (source, result) = (source + y * down, result + y * resultDown)
    #if KERNELS_AVX512
      if rows == 3 && taps == 3 && down == row {
        return stacked(source, weights, result, resultDown)
      }
      if rows == 3 && taps == 3 && down == -row {
        return stacked(source + 3 * down, weights, result + 3 * resultDown, -resultDown)
      }
    #endif
    strip(FourPlaces.self, source, weights, result)
  }

  /// Windows of 3x3 at four places whose rows of values are those of their neighbours: the values of a
  /// row are loaded once for all windows that they lie in. `source` is where the window begins whose
  /// first row is nobody else's, the others follow in the direction of `row`.
  @inline(never) private func stacked(
    _ source: FloatPointer, _ weights: FloatPointer, _ result: MutableFloatPointer,
    _ resultStep: Int
  ) {
    let first = RowOfThree(weights, weightTap)
    let second = RowOfThree(weights + weightRow, weightTap)
    let third = RowOfThree(weights + 2 * weightRow, weightTap)
    let (row, tap) = (row, tap)
    var place = source
    var target = result
    var x = 0
    while x < width {
      var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
      var values = RowOfThree(place, tap)
      first.add(values, to: &a)
      values = RowOfThree(place + row, tap)
      second.add(values, to: &a)
      first.add(values, to: &b)
      values = RowOfThree(place + 2 * row, tap)
      third.add(values, to: &a)
      second.add(values, to: &b)
      first.add(values, to: &c)
      values = RowOfThree(place + 3 * row, tap)
      third.add(values, to: &b)
      second.add(values, to: &c)
      first.add(values, to: &d)
      values = RowOfThree(place + 4 * row, tap)
      third.add(values, to: &c)
      second.add(values, to: &d)
      values = RowOfThree(place + 5 * row, tap)
      third.add(values, to: &d)
      store(target, a)
      store(target + resultStep, b)
      store(target + 2 * resultStep, c)
      store(target + 3 * resultStep, d)
      place += across
      target += resultAcross
      x += 1
    }
  }

  @inline(__always) private func strip<Places: PlaceGroup>(
    _: Places.Type, _ source: FloatPointer, _ weights: FloatPointer,
    _ result: MutableFloatPointer
  ) {
    if rows == 3 && taps == 3 {
      threeByThree(Places.self, source, weights, result)
    } else {
      anyWindow(Places.self, source, weights, result)
    }
  }

  @inline(never) private func threeByThree<Places: PlaceGroup>(
    _: Places.Type, _ source: FloatPointer, _ weights: FloatPointer,
    _ result: MutableFloatPointer
  ) {
    let first = RowOfThree(weights, weightTap)
    let second = RowOfThree(weights + weightRow, weightTap)
    let third = RowOfThree(weights + 2 * weightRow, weightTap)
    let (row, tap, down) = (row, tap, down)
    var place = source
    var target = result
    var x = 0
    while x < width {
      var sums = Places()
      first.add(to: &sums, place, tap, down)
      second.add(to: &sums, place + row, tap, down)
      third.add(to: &sums, place + 2 * row, tap, down)
      sums.write(target, resultDown)
      place += across
      target += resultAcross
      x += 1
    }
  }

  @inline(never) private func anyWindow<Places: PlaceGroup>(
    _: Places.Type, _ source: FloatPointer, _ weights: FloatPointer,
    _ result: MutableFloatPointer
  ) {
    var x = 0
    while x < width {
      var sums = Places()
      var y = 0
      while y < rows {
        var value = source + x * across + y * row
        var weight = weights + y * weightRow
        var k = 0
        while k < taps {
          sums.add(load(weight), value, down)
          value += tap
          weight += weightTap
          k += 1
        }
        y += 1
      }
      sums.write(result + x * resultAcross, resultDown)
      x += 1
    }
  }
}

/// Three weights or values of a row.
private struct RowOfThree {
  let left: Lanes
  let middle: Lanes
  let right: Lanes

  @inline(__always) init(_ row: FloatPointer, _ tap: Int) {
    left = load(row)
    middle = load(row + tap)
    right = load(row + 2 * tap)
  }

  @inline(__always) func add<Places: PlaceGroup>(
    to sums: inout Places, _ value: FloatPointer, _ tap: Int, _ down: Int
  ) {
    sums.add(left, value, down)
    sums.add(middle, value + tap, down)
    sums.add(right, value + 2 * tap, down)
  }

  @inline(__always) func add(_ values: RowOfThree, to sum: inout Lanes) {
    sum = multiplyAdd(left, values.left, sum)
    sum = multiplyAdd(middle, values.middle, sum)
    sum = multiplyAdd(right, values.right, sum)
  }
}

/// Sums of places one below the other, their values `down` floats apart.
private protocol PlaceGroup {
  init()
  mutating func add(_ weight: Lanes, _ value: FloatPointer, _ down: Int)
  func write(_ result: MutableFloatPointer, _ down: Int)
}

private struct OnePlace: PlaceGroup {
  var sum = Lanes.zero

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ weight: Lanes, _ value: FloatPointer, _ down: Int) {
    sum = multiplyAdd(weight, load(value), sum)
  }

  @inline(__always) func write(_ result: MutableFloatPointer, _ down: Int) { store(result, sum) }
}

private struct TwoPlaces: PlaceGroup {
  var upper = OnePlace()
  var lower = OnePlace()

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ weight: Lanes, _ value: FloatPointer, _ down: Int) {
    upper.add(weight, value, down)
    lower.add(weight, value + down, down)
  }

  @inline(__always) func write(_ result: MutableFloatPointer, _ down: Int) {
    upper.write(result, down)
    lower.write(result + down, down)
  }
}

private struct FourPlaces: PlaceGroup {
  var upper = TwoPlaces()
  var lower = TwoPlaces()

  @inline(__always) init() {}

  @inline(__always) mutating func add(_ weight: Lanes, _ value: FloatPointer, _ down: Int) {
    upper.add(weight, value, down)
    lower.add(weight, value + 2 * down, down)
  }

  @inline(__always) func write(_ result: MutableFloatPointer, _ down: Int) {
    upper.write(result, down)
    lower.write(result + 2 * down, down)
  }
}

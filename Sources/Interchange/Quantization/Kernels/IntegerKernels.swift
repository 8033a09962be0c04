// Arithmetic on 8-bit integers, as TensorFlow Lite's reference kernels do it, bit for bit.
// Pointers and integers alone: the interpreter runs it, and programs for microcontrollers hold a copy.

/// Kernels on values `[height, width, channels]` of one image; `zero` is the number that stands for 0.
enum IntegerKernels {
  /// `x · multiplier · 2^(shift − 31)`, rounded after the product and after the shift.
  @inline(__always)
  static func scaled(_ x: Int32, _ multiplier: Int32, _ shift: Int) -> Int32 {
    let product = Int64(x &<< Int32(shift > 0 ? shift : 0)) &* Int64(multiplier)
    let nudge: Int64 = product >= 0 ? 1 << 30 : 1 - 1 << 30
    let high = Int32(truncatingIfNeeded: (product &+ nudge) / (1 << 31))
    let right = Int32(shift < 0 ? -shift : 0)
    let mask = Int32(truncatingIfNeeded: Int64(1) &<< Int64(right) &- 1)
    let threshold = (mask &>> 1) &+ (high < 0 ? 1 : 0)
    return (high &>> right) &+ (high & mask > threshold ? 1 : 0)
  }

  @inline(__always)
  static func clamped(_ value: Int, _ low: Int, _ high: Int) -> Int8 {
    Int8(truncatingIfNeeded: value < low ? low : value > high ? high : value)
  }

  /// Sum of weight times distance from `zero`.
  @inline(__always)
  static func product(
    _ x: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, _ count: Int, _ zero: Int16
  ) -> Int32 {
    var sum: Int32 = 0
    var i = 0
    while i < count {
      sum &+= Int32(Int16(x[i]) &- zero) &* Int32(Int16(weights[i]))
      i &+= 1
    }
    return sum
  }

  /// First tap along an axis that meets the image, whose first lies at `start`.
  @inline(__always)
  static func firstTap(_ start: Int, _ dilation: Int) -> Int {
    start >= 0 ? 0 : (dilation - 1 - start) / dilation
  }

  /// The tap behind the last that meets an image of `extent`.
  @inline(__always)
  static func endTap(_ start: Int, _ dilation: Int, _ taps: Int, _ extent: Int) -> Int {
    let end = extent > start ? (extent - start + dilation - 1) / dilation : 0
    return end < taps ? end : taps
  }

  /// y `[oh, ow, out]` of x `[h, w, channels]`; weights `[out, kh, kw, channels / groups]`.
  static func convolve(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ h: Int, _ w: Int, _ channels: Int,
    _ weights: UnsafePointer<Int8>, _ bias: UnsafePointer<Int32>,
    _ multipliers: UnsafePointer<Int32>, _ shifts: UnsafePointer<Int8>, _ out: Int, _ groups: Int,
    _ kh: Int, _ kw: Int, _ sh: Int, _ sw: Int, _ dilation: Int, _ top: Int, _ left: Int, _ oh: Int,
    _ ow: Int, _ resultZero: Int, _ low: Int, _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    let depth = channels / groups
    let share = out / groups
    // Taps side by side in memory count as one.
    let isDense = groups == 1 && dilation == 1
    var place = 0
    for oy in 0..<oh {
      let row = oy * sh - top
      let (firstY, endY) = (firstTap(row, dilation), endTap(row, dilation, kh, h))
      for ox in 0..<ow {
        let column = ox * sw - left
        let (firstX, endX) = (firstTap(column, dilation), endTap(column, dilation, kw, w))
        let pieces = isDense ? 1 : endX - firstX
        let length = isDense ? (endX - firstX) * depth : depth
        for o in 0..<out {
          var sum = bias[o]
          var ky = firstY
          while ky < endY {
            var pixel =
              x + ((row + ky * dilation) * w + column + firstX * dilation) * channels
              + o / share * depth
            var tap = weights + ((o * kh + ky) * kw + firstX) * depth
            var piece = 0
            while piece < pieces {
              sum &+= product(pixel, tap, length, Int16(truncatingIfNeeded: zero))
              pixel += dilation * channels
              tap += depth
              piece &+= 1
            }
            ky &+= 1
          }
          let result = Int(scaled(sum, multipliers[o], Int(shifts[o]))) &+ resultZero
          y[place] = clamped(result, low, high)
          place &+= 1
        }
      }
    }
  }

  /// y `[oh, ow, out]` of x `[h, w, channels]`, out a multiple of channels; weights `[kh, kw, out]`. With
  /// a window of one pixel and as many channels, y may be x.
  static func convolveDepthwise(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ h: Int, _ w: Int, _ channels: Int,
    _ weights: UnsafePointer<Int8>, _ bias: UnsafePointer<Int32>,
    _ multipliers: UnsafePointer<Int32>, _ shifts: UnsafePointer<Int8>, _ out: Int,
    _ kh: Int, _ kw: Int, _ sh: Int, _ sw: Int, _ dilation: Int, _ top: Int, _ left: Int, _ oh: Int,
    _ ow: Int, _ resultZero: Int, _ low: Int, _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    let multiplier = out / channels
    var place = 0
    for oy in 0..<oh {
      let row = oy * sh - top
      let (firstY, endY) = (firstTap(row, dilation), endTap(row, dilation, kh, h))
      for ox in 0..<ow {
        let column = ox * sw - left
        let (firstX, endX) = (firstTap(column, dilation), endTap(column, dilation, kw, w))
        for o in 0..<out {
          var sum = bias[o]
          var ky = firstY
          while ky < endY {
            let line = (row + ky * dilation) * w + column
            var kx = firstX
            while kx < endX {
              let value = Int32(x[(line + kx * dilation) * channels + o / multiplier])
              sum &+= (value &- Int32(zero)) &* Int32(weights[(ky * kw + kx) * out + o])
              kx &+= 1
            }
            ky &+= 1
          }
          let result = Int(scaled(sum, multipliers[o], Int(shifts[o]))) &+ resultZero
          y[place] = clamped(result, low, high)
          place &+= 1
        }
      }
    }
  }

  /// `x · (factorHigh · 2³¹ + factorLow) · 2^(−31 − shift)`, rounded once, halves away from 0.
  @inline(__always)
  static func scaledOnce(
    _ x: Int32, _ factorHigh: Int32, _ factorLow: Int32, _ shift: Int
  ) -> Int32 {
    let size = x < 0 ? 0 &- Int64(x) : Int64(x)
    let product = size &* Int64(factorHigh) &+ (size &* Int64(factorLow)) &>> 31
    let result = (product &+ Int64(1) &<< Int64(shift &- 1)) &>> Int64(shift)
    let limited = Int32(truncatingIfNeeded: result < 1 << 30 ? result : 1 << 30)
    return x < 0 ? 0 &- limited : limited
  }

  /// y `[out]` of x `[count]`; weights `[out, count]`.
  static func connect(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ count: Int, _ weights: UnsafePointer<Int8>,
    _ bias: UnsafePointer<Int32>, _ factorHigh: Int32, _ factorLow: Int32, _ shift: Int,
    _ out: Int, _ resultZero: Int, _ low: Int, _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    for o in 0..<out {
      let sum =
        bias[o] &+ product(x, weights + o * count, count, Int16(truncatingIfNeeded: zero))
      let result = Int(scaledOnce(sum, factorHigh, factorLow, shift)) &+ resultZero
      y[o] = clamped(result, low, high)
    }
  }
}

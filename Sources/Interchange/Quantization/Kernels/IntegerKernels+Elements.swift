// What is done number by number, in 8-bit integers: sums, products, other scales, channels behind channels.
// Programs for microcontrollers hold a copy; see IntegerKernels. y may be x but for insertChannels.

extension IntegerKernels {
  /// y = x + other, each with a scale of its own, over 20 more bits.
  static func add(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ multiplier: Int32, _ shift: Int,
    _ other: UnsafePointer<Int8>, _ otherZero: Int, _ otherMultiplier: Int32, _ otherShift: Int,
    _ count: Int, _ resultMultiplier: Int32, _ resultShift: Int, _ resultZero: Int, _ low: Int,
    _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    for i in 0..<count {
      let a = (Int32(x[i]) &- Int32(zero)) &<< 20
      let b = (Int32(other[i]) &- Int32(otherZero)) &<< 20
      let sum = scaled(a, multiplier, shift) &+ scaled(b, otherMultiplier, otherShift)
      y[i] = clamped(Int(scaled(sum, resultMultiplier, resultShift)) &+ resultZero, low, high)
    }
  }

  /// y `[pixels, channels]` = x times factors `[factorPixels, channels]`, one pixel or as many.
  static func multiply(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ factors: UnsafePointer<Int8>, _ factorZero: Int,
    _ pixels: Int, _ factorPixels: Int, _ channels: Int, _ multiplier: Int32, _ shift: Int,
    _ resultZero: Int, _ low: Int, _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    for p in 0..<pixels {
      for c in 0..<channels {
        let i = p * channels + c
        let factor = Int32(factors[factorPixels == 1 ? c : i]) &- Int32(factorZero)
        let product = (Int32(x[i]) &- Int32(zero)) &* factor
        y[i] = clamped(Int(scaled(product, multiplier, shift)) &+ resultZero, low, high)
      }
    }
  }

  /// The same real numbers in another scale.
  static func rescale(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ count: Int, _ multiplier: Int32, _ shift: Int,
    _ resultZero: Int, _ low: Int, _ high: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    for i in 0..<count {
      let value = scaled(Int32(x[i]) &- Int32(zero), multiplier, shift)
      y[i] = clamped(Int(value) &+ resultZero, low, high)
    }
  }

  /// Two factors: one from 0 on, one below.
  static func leakyRelu(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ count: Int, _ multiplier: Int32, _ shift: Int,
    _ slopeMultiplier: Int32, _ slopeShift: Int, _ resultZero: Int,
    _ y: UnsafeMutablePointer<Int8>
  ) {
    for i in 0..<count {
      let value = Int32(x[i]) &- Int32(zero)
      let result =
        value >= 0
        ? scaled(value, multiplier, shift) : scaled(value, slopeMultiplier, slopeShift)
      y[i] = clamped(Int(result) &+ resultZero, -128, 127)
    }
  }

  /// x `[pixels, channels]` into y `[pixels, all]`, from channel `first` on.
  static func insertChannels(
    _ x: UnsafePointer<Int8>, _ pixels: Int, _ channels: Int, _ first: Int, _ all: Int,
    _ y: UnsafeMutablePointer<Int8>
  ) {
    for p in 0..<pixels {
      for c in 0..<channels { y[p * all + first + c] = x[p * channels + c] }
    }
  }
}

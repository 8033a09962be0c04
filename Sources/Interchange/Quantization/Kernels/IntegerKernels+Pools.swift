// Pools over windows and the mean of a channel, in 8-bit integers.
// Programs for microcontrollers hold a copy; see IntegerKernels.

extension IntegerKernels {
  /// The largest of each window; y `[oh, ow, channels]`, of x's scale.
  static func poolMaximum(
    _ x: UnsafePointer<Int8>, _ h: Int, _ w: Int, _ channels: Int, _ kh: Int, _ kw: Int, _ sh: Int,
    _ sw: Int, _ top: Int, _ left: Int, _ oh: Int, _ ow: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    var target = y
    for oy in 0..<oh {
      let row = oy * sh - top
      for ox in 0..<ow {
        let column = ox * sw - left
        for c in 0..<channels { target[c] = -128 }
        for ky in firstTap(row, 1)..<endTap(row, 1, kh, h) {
          for kx in firstTap(column, 1)..<endTap(column, 1, kw, w) {
            let pixel = x + ((row + ky) * w + column + kx) * channels
            var c = 0
            while c < channels {
              if pixel[c] > target[c] { target[c] = pixel[c] }
              c &+= 1
            }
          }
        }
        target += channels
      }
    }
  }

  /// The mean of each window's pixels inside the image, halves away from 0; y of x's scale.
  static func poolAverage(
    _ x: UnsafePointer<Int8>, _ h: Int, _ w: Int, _ channels: Int, _ kh: Int, _ kw: Int, _ sh: Int,
    _ sw: Int, _ top: Int, _ left: Int, _ oh: Int, _ ow: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    var place = 0
    for oy in 0..<oh {
      let row = oy * sh - top
      let (firstY, endY) = (firstTap(row, 1), endTap(row, 1, kh, h))
      for ox in 0..<ow {
        let column = ox * sw - left
        let (firstX, endX) = (firstTap(column, 1), endTap(column, 1, kw, w))
        let count = Int32((endY - firstY) * (endX - firstX))
        for c in 0..<channels {
          var sum: Int32 = 0
          for ky in firstY..<endY {
            for kx in firstX..<endX {
              sum &+= Int32(x[((row + ky) * w + column + kx) * channels + c])
            }
          }
          let half = sum > 0 ? count / 2 : -(count / 2)
          y[place] = Int8(truncatingIfNeeded: (sum &+ half) / count)
          place &+= 1
        }
      }
    }
  }

  /// y `[channels]`: the mean of x `[pixels, channels]` in y's scale; `multiplier` holds `1 / pixels`.
  static func average(
    _ x: UnsafePointer<Int8>, _ zero: Int, _ pixels: Int, _ channels: Int, _ multiplier: Int32,
    _ shift: Int, _ resultZero: Int, _ y: UnsafeMutablePointer<Int8>
  ) {
    for c in 0..<channels {
      var sum: Int32 = 0
      for p in 0..<pixels { sum &+= Int32(x[p * channels + c]) &- Int32(zero) }
      y[c] = clamped(Int(scaled(sum, multiplier, shift)) &+ resultZero, -128, 127)
    }
  }
}

// Bilinear sampling, all channels of a pixel at once: two loads a pixel, and packed sums, which interpolate
// several bytes in one multiplication.

import PTrainCLibrary

/// Resamples images of one size through a scratch copy with a border of zeros.
struct BilinearSampler {
  let height: Int
  let width: Int
  /// 1 or 3, interleaved.
  let channels: Int

  /// Zeros on each side: the neighbours of positions that only just touch the source.
  private static let border = 1
  /// Fractional bits of a source position.
  private static let fractionBits = 16

  /// Bytes of a bordered row.
  private var stride: Int { (width + 2 * Self.border) * channels }

  /// Scratch: the bordered image, and what loads of eight bytes reach beyond its last pixels.
  var byteCount: Int { (height + 2 * Self.border) * stride + 8 }

  /// `target[y][x]` is the source at `map(x, y)`; see `AffineAugmenter.transform`.
  func resample(
    _ map: AffineMap, source: UnsafePointer<UInt8>, target: UnsafeMutablePointer<UInt8>,
    scratch: UnsafeMutableRawPointer
  ) {
    copyWithBorder(source, to: scratch)
    let origin = UnsafeRawPointer(scratch + Self.border * (stride + channels))
    let stepX = Self.fixed(map.xx)
    let stepY = Self.fixed(map.yx)
    for y in 0..<height {
      let x0 = Self.fixed(map.xy * Double(y) + map.x0)
      let y0 = Self.fixed(map.yy * Double(y) + map.y0)
      resampleRow(origin, x0, y0, stepX, stepY, target + y * width * channels)
    }
  }

  private func copyWithBorder(_ source: UnsafePointer<UInt8>, to bordered: UnsafeMutableRawPointer)
  {
    memset(bordered, 0, byteCount)
    for y in 0..<height {
      memcpy(
        bordered + (y + Self.border) * stride + Self.border * channels,
        source + y * width * channels, width * channels)
    }
  }

  /// One row of the target, whose first position is `(x0, y0)` in the source.
  private func resampleRow(
    _ origin: UnsafeRawPointer, _ x0: Int, _ y0: Int, _ stepX: Int, _ stepY: Int,
    _ target: UnsafeMutablePointer<UInt8>
  ) {
    // A line meets the source in one piece: zeros before and behind it, no checks inside.
    var first = 0
    while first < width, !touches(x0 &+ first &* stepX, y0 &+ first &* stepY) { first &+= 1 }
    var end = width
    while end > first, !touches(x0 &+ (end &- 1) &* stepX, y0 &+ (end &- 1) &* stepY) { end &-= 1 }
    memset(target, 0, width * channels)
    let row = RowWalk(
      x: x0 &+ first &* stepX, y: y0 &+ first &* stepY, stepX: stepX, stepY: stepY, stride: stride,
      channels: channels)
    if channels == 3 {
      row.colors(origin, target + first * channels, end - first)
    } else {
      row.greys(origin, target + first, end - first)
    }
  }

  /// Whether one of the four neighbours of a position lies in the source.
  @inline(__always)
  private func touches(_ x: Int, _ y: Int) -> Bool {
    let one = 1 << Self.fractionBits
    return UInt(bitPattern: x &+ one) < UInt(bitPattern: (width &+ 1) &* one)
      && UInt(bitPattern: y &+ one) < UInt(bitPattern: (height &+ 1) &* one)
  }

  /// `value` in units of 2^-16, to nearest, for magnitudes below 2^24.
  private static func fixed(_ value: Double) -> Int {
    // Positive first, so that truncation rounds down; `rounded()` would be a call of libm.
    Int(value * Double(1 << fractionBits) + (0x1p40 + 0.5)) - (1 << 40)
  }
}

/// Positions in the source from the first on, in units of 2^-16; weights are in 1/256.
private struct RowWalk {
  var x: Int
  var y: Int
  let stepX: Int
  let stepY: Int
  let stride: Int
  let channels: Int

  /// Bytes from the origin to the upper left neighbour.
  @inline(__always)
  private var offset: Int { (y >> 16) &* stride &+ (x >> 16) &* channels }

  @inline(__always)
  private var right: UInt64 { UInt64(truncatingIfNeeded: x >> 8) & 255 }

  @inline(__always)
  private var lower: UInt64 { UInt64(truncatingIfNeeded: y >> 8) & 255 }

  @inline(__always)
  private mutating func advance() {
    x &+= stepX
    y &+= stepY
  }

  func greys(_ origin: UnsafeRawPointer, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) {
    var walk = self
    var i = 0
    while i < count {
      let source = origin + walk.offset
      let columns = Self.columns(
        UInt64(source.loadUnaligned(as: UInt16.self)),
        UInt64(source.loadUnaligned(fromByteOffset: stride, as: UInt16.self)), walk.lower)
      target[i] = UInt8(
        truncatingIfNeeded: Self.pixel(columns.even, columns.odd, walk.right) >> 16)
      walk.advance()
      i &+= 1
    }
  }

  func colors(_ origin: UnsafeRawPointer, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) {
    var walk = self
    var pixel = target
    var i = 0
    while i < count {
      let source = origin + walk.offset
      // Red, green, blue of the left column and of the right one.
      let columns = Self.columns(
        source.loadUnaligned(as: UInt64.self),
        source.loadUnaligned(fromByteOffset: stride, as: UInt64.self), walk.lower)
      let (even, odd) = (columns.even, columns.odd)
      // Red and blue side by side in 32 bits each.
      let redBlue = Self.pixel(
        even & 0xffff | (even & 0xffff_0000) << 16, odd >> 16 & 0xffff | odd & 0xffff_0000_0000,
        walk.right)
      let green = Self.pixel(odd & 0xffff, even >> 32 & 0xffff, walk.right)
      pixel[0] = UInt8(truncatingIfNeeded: redBlue >> 16)
      pixel[1] = UInt8(truncatingIfNeeded: green >> 16)
      pixel[2] = UInt8(truncatingIfNeeded: redBlue >> 48)
      pixel += 3
      walk.advance()
      i &+= 1
    }
  }

  /// Means of bytes of two rows, at most 255 · 256: in 16 bits each those of even places and of odd ones.
  @inline(__always)
  private static func columns(
    _ upper: UInt64, _ lower: UInt64, _ weight: UInt64
  ) -> (even: UInt64, odd: UInt64) {
    let mask: UInt64 = 0x00ff_00ff_00ff_00ff
    return (
      (upper & mask) &* (256 &- weight) &+ (lower & mask) &* weight,
      (upper >> 8 & mask) &* (256 &- weight) &+ (lower >> 8 & mask) &* weight
    )
  }

  /// Means of two columns in 32 bits each, rounded to nearest; their bytes begin at bit 16.
  @inline(__always)
  private static func pixel(_ left: UInt64, _ right: UInt64, _ weight: UInt64) -> UInt64 {
    left &* (256 &- weight) &+ right &* weight &+ 0x8000_0000_8000
  }
}

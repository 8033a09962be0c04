// Bilinear sampling with one load a pixel: each source position holds its 2 x 2 neighbourhood.
// Packed sums interpolate two rows in one multiplication; the loops suit gathers and vectors.

import PTrainCLibrary

/// Resamples images of one size, channel by channel, through a scratch copy with a border of zeros.
struct PixelQuads {
  let height: Int
  let width: Int
  /// Bytes from a pixel to the next.
  let channels: Int

  /// Zeros on each side: the neighbours of positions that only just touch the source.
  private static let border = 1
  /// Fractional bits of a source position.
  private static let fractionBits = 16

  private var stride: Int { width + 2 * Self.border }
  /// Positions whose four neighbours exist.
  private var quadCount: Int { (height + 2 * Self.border - 1) * stride }
  private var greyCount: Int { (height + 2 * Self.border) * stride + 1 }

  /// Scratch: the quads, then the bordered grey values.
  var byteCount: Int { 4 * quadCount + greyCount }

  /// `target[y][x]` is the source at `map(x, y)`; see `AffineAugmenter.transform`.
  func resample(
    _ map: AffineMap, source: UnsafePointer<UInt8>, target: UnsafeMutablePointer<UInt8>,
    scratch: UnsafeMutableRawPointer
  ) {
    let quads = scratch.bindMemory(to: UInt32.self, capacity: quadCount)
    let greys = (scratch + 4 * quadCount).bindMemory(to: UInt8.self, capacity: greyCount)
    for channel in 0..<channels {
      copyWithBorder(source + channel, to: greys)
      gatherQuads(greys, to: quads)
      resample(map, UnsafePointer(quads), target + channel)
    }
  }

  private func resample(
    _ map: AffineMap, _ quads: UnsafePointer<UInt32>, _ target: UnsafeMutablePointer<UInt8>
  ) {
    let origin = quads + Self.border * (stride + 1)
    let stepX = Self.fixed(map.xx)
    let stepY = Self.fixed(map.yx)
    for y in 0..<height {
      let x0 = Self.fixed(map.xy * Double(y) + map.x0)
      let y0 = Self.fixed(map.yy * Double(y) + map.y0)
      resampleRow(origin, x0, y0, stepX, stepY, target + y * width * channels)
    }
  }

  private func copyWithBorder(
    _ source: UnsafePointer<UInt8>, to greys: UnsafeMutablePointer<UInt8>
  ) {
    memset(greys, 0, greyCount)
    for y in 0..<height {
      let row = greys + (y + Self.border) * stride + Self.border
      let pixels = source + y * width * channels
      guard channels > 1 else {
        memcpy(row, pixels, width)
        continue
      }
      for x in 0..<width { row[x] = pixels[x * channels] }
    }
  }

  /// Byte 0 to 3 of a quad: the grey value here, to the right, below, below to the right.
  private func gatherQuads(
    _ greys: UnsafePointer<UInt8>, to quads: UnsafeMutablePointer<UInt32>
  ) {
    let below = greys + stride
    for index in 0..<quadCount {
      let upper = UInt32(greys[index]) | UInt32(greys[index + 1]) << 8
      let lower = UInt32(below[index]) | UInt32(below[index + 1]) << 8
      quads[index] = upper | lower << 16
    }
  }

  /// One row of the target, whose first position is `(x0, y0)` in the source.
  private func resampleRow(
    _ origin: UnsafePointer<UInt32>, _ x0: Int, _ y0: Int, _ stepX: Int, _ stepY: Int,
    _ target: UnsafeMutablePointer<UInt8>
  ) {
    // A line meets the source in one piece: zeros before and behind it, no checks inside.
    var first = 0
    while first < width, !touches(x0 &+ first &* stepX, y0 &+ first &* stepY) { first &+= 1 }
    var end = width
    while end > first, !touches(x0 &+ (end &- 1) &* stepX, y0 &+ (end &- 1) &* stepY) { end &-= 1 }
    for x in 0..<width { target[x &* channels] = 0 }
    var sourceX = x0 &+ first &* stepX
    var sourceY = y0 &+ first &* stepY
    var x = first
    while x < end {
      let position = (sourceY >> Self.fractionBits) &* stride &+ sourceX >> Self.fractionBits
      target[x &* channels] = Self.blend(
        origin[position], UInt32(truncatingIfNeeded: sourceX >> 8) & 255,
        UInt32(truncatingIfNeeded: sourceY >> 8) & 255)
      sourceX &+= stepX
      sourceY &+= stepY
      x &+= 1
    }
  }

  /// Whether one of the four neighbours of a position lies in the source.
  @inline(__always)
  private func touches(_ x: Int, _ y: Int) -> Bool {
    let one = 1 << Self.fractionBits
    return UInt(bitPattern: x &+ one) < UInt(bitPattern: (width &+ 1) &* one)
      && UInt(bitPattern: y &+ one) < UInt(bitPattern: (height &+ 1) &* one)
  }

  /// Bilinear mean of a quad; weights are in 1/256 and the sum is rounded to nearest.
  @inline(__always)
  private static func blend(_ quad: UInt32, _ right: UInt32, _ lower: UInt32) -> UInt8 {
    // Upper and lower row side by side in 16 bits each: at most 255 · 256.
    let rows = (quad & 0x00ff_00ff) &* (256 &- right) &+ (quad >> 8 & 0x00ff_00ff) &* right
    let sum = (rows & 0xffff) &* (256 &- lower) &+ (rows >> 16) &* lower
    return UInt8(truncatingIfNeeded: (sum &+ 0x8000) >> 16)
  }

  /// `value` in units of 2^-16, to nearest, for magnitudes below 2^24.
  private static func fixed(_ value: Double) -> Int {
    // Positive first, so that truncation rounds down; `rounded()` would be a call of libm.
    Int(value * Double(1 << fractionBits) + (0x1p40 + 0.5)) - (1 << 40)
  }
}

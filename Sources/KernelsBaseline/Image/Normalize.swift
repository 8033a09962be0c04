// Byte images to the padded floats that the first layer reads, channels interleaved.
// plane[y + top][x + left][c] = pixels[y][x][c] · gain[c] + offset[c]
import PTrainKernelTypes

enum Normalize {
  static func run(
    _ image: ImageShape, padding: Edges, pixels: UnsafePointer<UInt8>, gains: FloatPointer,
    offsets: FloatPointer, plane: MutableFloatPointer
  ) {
    let width = image.width * image.channels
    let left = padding.left * image.channels
    let right = padding.right * image.channels
    let rowFloats = left + width + right
    fill(plane, padding.top * rowFloats + left)
    var y = 0
    while y < image.height {
      let target = plane + (y + padding.top) * rowFloats + left
      if image.channels == 1 {
        row(pixels + y * width, gains[0], offsets[0], target, width)
      } else {
        row(pixels + y * width, gains, offsets, image.channels, target, width)
      }
      fill(target + width, right + (y + 1 < image.height ? left : padding.bottom * rowFloats))
      y += 1
    }
  }

  @inline(never) private static func row(
    _ pixels: UnsafePointer<UInt8>, _ gain: Float, _ offset: Float,
    _ plane: MutableFloatPointer, _ width: Int
  ) {
    var x = 0
    while x < width {
      plane[x] = multiplyAdd(Float(pixels[x]), gain, offset)
      x += 1
    }
  }

  /// As many whole turns of the pattern as fit, then the rest.
  @inline(never) private static func row(
    _ pixels: UnsafePointer<UInt8>, _ gains: FloatPointer, _ offsets: FloatPointer,
    _ channels: Int, _ plane: MutableFloatPointer, _ width: Int
  ) {
    let turn = channels * lanes
    var x = 0
    while x + turn <= width {
      turnOf(pixels + x, gains, offsets, plane + x, turn)
      x += turn
    }
    turnOf(pixels + x, gains, offsets, plane + x, width - x)
  }

  @inline(__always) private static func turnOf(
    _ pixels: UnsafePointer<UInt8>, _ gains: FloatPointer, _ offsets: FloatPointer,
    _ plane: MutableFloatPointer, _ count: Int
  ) {
    var i = 0
    while i < count {
      plane[i] = multiplyAdd(Float(pixels[i]), gains[i], offsets[i])
      i += 1
    }
  }

  @inline(__always) private static func fill(_ target: MutableFloatPointer, _ count: Int) {
    var i = 0
    while i < count {
      target[i] = 0
      i += 1
    }
  }
}

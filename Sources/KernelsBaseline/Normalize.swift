// Byte images to the padded float plane that the first convolution reads.
// plane[y + padding][x + padding] = pixels[y][x] · gain + offset
import KernelTypes

enum Normalize {
  static func run(
    height: Int, width: Int, padding: Int, pixels: UnsafePointer<UInt8>, gain: Float,
    offset: Float, plane: MutableFloatPointer
  ) {
    let rowFloats = width + 2 * padding
    fill(plane, padding * rowFloats + padding)
    var y = 0
    while y < height {
      let target = plane + (y + padding) * rowFloats + padding
      row(pixels + y * width, gain, offset, target, width)
      fill(target + width, 2 * padding)
      y += 1
    }
    let end = (height + padding) * rowFloats + padding
    fill(plane + end, (height + 2 * padding) * rowFloats - end)
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

  @inline(__always) private static func fill(_ target: MutableFloatPointer, _ count: Int) {
    var i = 0
    while i < count {
      target[i] = 0
      i += 1
    }
  }
}

// What a reader sees of a stored value: BN's affine map, the activation behind it, dropout, padding.
import PTrainKernelTypes

enum PrepareInput {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    mask: FloatPointer?, padding: Edges, x: MutableFloatPointer
  ) {
    // Without a border between them, all rows are one.
    let isOneRow = padding.left == 0 && padding.right == 0
    let height = isOneRow ? 1 : shape.pooledHeight
    let width = isOneRow ? shape.pooledHeight * shape.pooledWidth : shape.pooledWidth
    let top = padding.top * (padding.left + shape.pooledWidth + padding.right) * lanes
    let bottom = padding.bottom * (padding.left + shape.pooledWidth + padding.right) * lanes
    let left = padding.left * lanes
    let right = padding.right * lanes
    var target = x
    var index = 0
    let next = Upcoming(start: s + shape.pooledCount, count: shape.pooledCount)
    let rows = shape.blocks * height
    var block = 0
    while block < shape.blocks {
      let map = AffineMap(constants, block)
      clear(target, top)
      target += top
      var y = 0
      while y < height {
        next.fetch(part: block * height + y, of: rows)
        clear(target, left)
        target += left
        viewRow(constants.after, map, s + index, OverwrittenRow(x: target), width)
        if let mask { multiplyRow(target, mask + index, width) }
        target += width * lanes
        clear(target, right)
        target += right
        index += width * lanes
        y += 1
      }
      clear(target, bottom)
      target += bottom
      block += 1
    }
  }

  @inline(__always) private static func multiplyRow(
    _ x: MutableFloatPointer, _ mask: FloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, load(x + i) * load(mask + i))
      i += lanes
    }
  }
}

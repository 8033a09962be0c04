// What a reader sees of a stored value: BN's affine map, the activation behind it, dropout, padding.
import KernelTypes

/// `post(scale·s + shift)` of one channel block.
struct AffineMap {
  let scale: Lanes
  let shift: Lanes

  @inline(__always) init(_ constants: borrowing ChannelConstants, _ block: Int) {
    scale = load(constants.scale + block * lanes)
    shift = load(constants.shift + block * lanes)
  }

  @inline(__always) func callAsFunction(_ s: Lanes) -> Lanes { multiplyAdd(scale, s, shift) }
}

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
        switch constants.after.kind {
        case .identity: affineRow(map, s + index, target, width)
        case .relu: affineReluRow(map, s + index, target, width)
        default: activatedRow(constants.after, map, s + index, target, width)
        }
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

  @inline(__always) private static func affineRow(
    _ map: AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, map(load(s + i)))
      i += lanes
    }
  }

  @inline(__always) private static func affineReluRow(
    _ map: AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ width: Int
  ) {
    var i = 0
    while i < width * lanes {
      store(x + i, relu(map(load(s + i))))
      i += lanes
    }
  }

  @inline(never) private static func activatedRow(
    _ function: ActivationFunction, _ map: borrowing AffineMap, _ s: FloatPointer,
    _ x: MutableFloatPointer, _ width: Int
  ) {
    withFunction(
      function, ActivatedRow(scale: map.scale, shift: map.shift, s: s, x: x, width: width))
  }

  private struct ActivatedRow: FunctionLoop {
    let scale: Lanes
    let shift: Lanes
    let s: FloatPointer
    let x: MutableFloatPointer
    let width: Int

    @inline(__always) func run<F: ElementFunction>(_ function: F) {
      var i = 0
      while i < width * lanes {
        store(x + i, function.value(multiplyAdd(scale, load(s + i), shift)))
        i += lanes
      }
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

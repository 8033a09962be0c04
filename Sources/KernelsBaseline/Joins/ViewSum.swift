// A sum's second value, as its reader sees it: BN and activation on the way, in one pass.
import KernelTypes

enum ViewSum {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    x: MutableFloatPointer
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let next = Upcoming(start: s + shape.pooledCount, count: shape.pooledCount)
    var block = 0
    while block < shape.blocks {
      next.fetch(part: block, of: shape.blocks)
      let map = AffineMap(constants, block)
      let (source, target) = (s + block * pixels * lanes, x + block * pixels * lanes)
      switch constants.after.kind {
      case .identity: addAffine(map, source, target, pixels)
      case .relu: addAffineRelu(map, source, target, pixels)
      default: addActivated(constants.after, map, source, target, pixels)
      }
      block += 1
    }
  }

  @inline(never) private static func addAffine(
    _ map: borrowing AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ pixels: Int
  ) {
    let (scale, shift) = (map.scale, map.shift)
    var i = 0
    while i < pixels * lanes {
      store(x + i, load(x + i) + multiplyAdd(scale, load(s + i), shift))
      i += lanes
    }
  }

  @inline(never) private static func addAffineRelu(
    _ map: borrowing AffineMap, _ s: FloatPointer, _ x: MutableFloatPointer, _ pixels: Int
  ) {
    let (scale, shift) = (map.scale, map.shift)
    var i = 0
    while i < pixels * lanes {
      store(x + i, load(x + i) + relu(multiplyAdd(scale, load(s + i), shift)))
      i += lanes
    }
  }

  @inline(never) private static func addActivated(
    _ function: ActivationFunction, _ map: borrowing AffineMap, _ s: FloatPointer,
    _ x: MutableFloatPointer, _ pixels: Int
  ) {
    withFunction(
      function, AddedPixels(scale: map.scale, shift: map.shift, s: s, x: x, pixels: pixels))
  }

  private struct AddedPixels: FunctionLoop {
    let scale: Lanes
    let shift: Lanes
    let s: FloatPointer
    let x: MutableFloatPointer
    let pixels: Int

    @inline(__always) func run<F: ElementFunction>(_ function: F) {
      var i = 0
      while i < pixels * lanes {
        store(x + i, load(x + i) + function.value(multiplyAdd(scale, load(s + i), shift)))
        i += lanes
      }
    }
  }
}

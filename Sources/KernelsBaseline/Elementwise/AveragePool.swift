// The mean over pixels of what a reader sees of a stored value, and its gradient.
import PTrainKernelTypes

enum AveragePool {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    means: MutableFloatPointer, blockStride: Int
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let factor = Lanes(repeating: 1 / Float(pixels))
    var block = 0
    while block < shape.blocks {
      let map = AffineMap(constants, block)
      let source = s + block * pixels * lanes
      let target = means + block * blockStride
      switch constants.after.kind {
      case .identity: store(target, sum(map, source, pixels) { $0 } * factor)
      case .relu: store(target, sum(map, source, pixels) { relu($0) } * factor)
      default:
        let loop = ActivatedMean(map: map, s: source, pixels: pixels, factor: factor, mean: target)
        withFunction(constants.after, loop)
      }
      block += 1
    }
  }

  /// Of `function` of every pixel's value.
  @inline(__always) private static func sum(
    _ map: AffineMap, _ s: FloatPointer, _ pixels: Int, _ function: (Lanes) -> Lanes
  ) -> Lanes {
    var sum = Lanes.zero
    var i = 0
    while i < pixels * lanes {
      sum += function(map(load(s + i)))
      i += lanes
    }
    return sum
  }

  private struct ActivatedMean: FunctionLoop {
    let map: AffineMap
    let s: FloatPointer
    let pixels: Int
    let factor: Lanes
    let mean: MutableFloatPointer

    @inline(__always) func run<F: ElementFunction>(_ function: F) {
      store(mean, AveragePool.sum(map, s, pixels) { function.value($0) } * factor)
    }
  }

  /// `dy` of every pixel from the gradient of the mean; `sums` as in `InputGradient`.
  static func gradient(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    dMeans: FloatPointer, blockStride: Int, dy: MutableFloatPointer, sums: MutableFloatPointer,
    accumulates: Bool
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let factor = Lanes(repeating: 1 / Float(pixels))
    var block = 0
    while block < shape.blocks {
      let value = load(dMeans + block * blockStride) * factor
      let target = dy + block * pixels * lanes
      let source = s + block * pixels * lanes
      if accumulates {
        InputGradient.gate(
          constants, block, pixels, source, EvenGradient(value: value), target,
          sums + block * 2 * lanes, accumulates: true)
      } else {
        fill(target, value, pixels)
        InputGradient.block(
          constants, block, pixels, source, mask: nil, target, target, sums + block * 2 * lanes)
      }
      block += 1
    }
  }

  @inline(__always) private static func fill(
    _ target: MutableFloatPointer, _ value: Lanes, _ pixels: Int
  ) {
    var i = 0
    while i < pixels * lanes {
      store(target + i, value)
      i += lanes
    }
  }
}

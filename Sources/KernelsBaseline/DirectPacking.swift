// Weights between `[out, in, kernel, kernel]` and the order of the direct kernels.
// Lanes beyond the last channel stay zero, so that padded blocks add nothing.
import KernelTypes

extension DirectConvolution {
  /// Index of weight `(output, input, ky, kx)` in the forward weights.
  @inline(__always) private static func forwardIndex(
    _ g: ConvGeometry, _ output: Int, _ input: Int, _ ky: Int, _ kx: Int
  ) -> Int {
    let block = output / lanes * forwardColumn(g) + output % lanes
    if g.isPlane { return block + (ky * g.kernel + kx) * lanes }
    let segment = (ky * g.inputBlocks + input / lanes) * g.kernel + kx
    return block + (segment * lanes + input % lanes) * lanes
  }

  /// Index of weight `(output, input, ky, kx)` in the backward weights.
  @inline(__always) private static func backwardIndex(
    _ g: ConvGeometry, _ output: Int, _ input: Int, _ ky: Int, _ kx: Int
  ) -> Int {
    let row = (g.kernel - 1 - ky) * g.outputBlocks + output / lanes
    let segment = row * g.kernel + g.kernel - 1 - kx
    return input / lanes * backwardColumn(g) + input % lanes
      + (segment * lanes + output % lanes) * lanes
  }

  static func pack(
    _ g: ConvGeometry, weights: FloatPointer, forward: MutableFloatPointer,
    backward: MutableFloatPointer?
  ) {
    let sizes = storage(g)
    clear(forward, sizes.forwardWeights)
    if let backward { clear(backward, sizes.backwardWeights) }
    var source = weights
    for output in 0..<g.outputChannels {
      for input in 0..<g.inputChannels {
        for ky in 0..<g.kernel {
          for kx in 0..<g.kernel {
            forward[forwardIndex(g, output, input, ky, kx)] = source.pointee
            if let backward, !g.isPlane {
              backward[backwardIndex(g, output, input, ky, kx)] = source.pointee
            }
            source += 1
          }
        }
      }
    }
    if PlanePlan.applies(to: g) {
      PlanePlan.transformWeights(g, forward, forward + g.outputBlocks * forwardColumn(g))
    }
  }

  /// The accumulator is the gradient already.
  static func finishGradient(
    _ g: ConvGeometry, accumulator: FloatPointer, gradient: MutableFloatPointer
  ) {
    gradient.update(from: accumulator, count: g.outputBlocks * gradientColumn(g))
  }

  static func unpackGradient(
    _ g: ConvGeometry, gradient: FloatPointer, result: MutableFloatPointer
  ) {
    var target = result
    for output in 0..<g.outputChannels {
      let plane = gradient + output / lanes * gradientColumn(g) + output % lanes
      for input in 0..<g.inputChannels {
        for ky in 0..<g.kernel {
          for kx in 0..<g.kernel {
            target.pointee =
              g.isPlane
              ? plane[(ky * g.kernel + kx) * lanes]
              : gradient[forwardIndex(g, output, input, ky, kx)]
            target += 1
          }
        }
      }
    }
  }
}

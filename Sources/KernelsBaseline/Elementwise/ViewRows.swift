// A stored value as its reader sees it, pixel by pixel: BN's affine map and the activation behind it.
import PTrainKernelTypes

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

/// Where a row of what readers see goes; `i` counts floats.
protocol ViewTarget {
  func put(_ value: Lanes, at i: Int)
}

struct OverwrittenRow: ViewTarget {
  let x: MutableFloatPointer

  @inline(__always) func put(_ value: Lanes, at i: Int) { store(x + i, value) }
}

/// Adds to what is there.
struct SummedRow: ViewTarget {
  let x: MutableFloatPointer

  @inline(__always) func put(_ value: Lanes, at i: Int) { store(x + i, load(x + i) + value) }
}

/// `width` pixels of one channel block.
@inline(__always) func viewRow<Target: ViewTarget>(
  _ function: ActivationFunction, _ map: AffineMap, _ s: FloatPointer, _ target: Target,
  _ width: Int
) {
  switch function.kind {
  case .identity:
    var i = 0
    while i < width * lanes {
      target.put(map(load(s + i)), at: i)
      i += lanes
    }
  case .relu:
    var i = 0
    while i < width * lanes {
      target.put(relu(map(load(s + i))), at: i)
      i += lanes
    }
  default: activatedRow(function, map, s, target, width)
  }
}

@inline(never) private func activatedRow<Target: ViewTarget>(
  _ function: ActivationFunction, _ map: borrowing AffineMap, _ s: FloatPointer,
  _ target: Target, _ width: Int
) {
  withFunction(
    function,
    ActivatedRow(scale: map.scale, shift: map.shift, s: s, target: target, width: width))
}

private struct ActivatedRow<Target: ViewTarget>: FunctionLoop {
  let scale: Lanes
  let shift: Lanes
  let s: FloatPointer
  let target: Target
  let width: Int

  @inline(__always) func run<F: ElementFunction>(_ function: F) {
    var i = 0
    while i < width * lanes {
      target.put(function.value(multiplyAdd(scale, load(s + i), shift)), at: i)
      i += lanes
    }
  }
}

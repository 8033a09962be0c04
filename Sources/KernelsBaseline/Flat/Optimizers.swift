// One optimizer step over rows of parameters.
// The tail runs through the same vector code, so that every element gets the same arithmetic.
import CPTrainShims
import PTrainKernelTypes

extension FloatRows {
  @inline(__always) fileprivate func forEachStart(_ body: (_ first: Int) -> Void) {
    var first = 0
    while first < count * stride {
      body(first)
      first += stride
    }
  }
}

enum Adam {
  /// `m += (1 - β₁)(g - m)`, `v += (1 - β₂)(g² - v)`, `p = p - decay·p - step · m / (√v·c + ε)`.
  static func run(
    _ step: AdamStep, _ rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    mean: MutableFloatPointer, variance: MutableFloatPointer
  ) {
    let constants = Constants(step)
    rows.forEachStart { first in
      run(
        constants, rows.length, gradient + first, parameters + first, mean + first,
        variance + first)
    }
  }

  @inline(__always) private static func run(
    _ constants: Constants, _ count: Int, _ gradient: FloatPointer,
    _ parameters: MutableFloatPointer, _ mean: MutableFloatPointer,
    _ variance: MutableFloatPointer
  ) {
    var i = 0
    while i + lanes <= count {
      var state = State(
        parameter: loadUnaligned(parameters + i), mean: loadUnaligned(mean + i),
        variance: loadUnaligned(variance + i))
      constants.advance(&state, loadUnaligned(gradient + i))
      storeUnaligned(parameters + i, state.parameter)
      storeUnaligned(mean + i, state.mean)
      storeUnaligned(variance + i, state.variance)
      i += lanes
    }
    let left = count - i
    if left > 0 {
      var state = State(
        parameter: loadPartial(parameters + i, left), mean: loadPartial(mean + i, left),
        variance: loadPartial(variance + i, left))
      constants.advance(&state, loadPartial(gradient + i, left))
      storePartial(parameters + i, state.parameter, left)
      storePartial(mean + i, state.mean, left)
      storePartial(variance + i, state.variance, left)
    }
  }

  private struct State {
    var parameter: Lanes
    var mean: Lanes
    var variance: Lanes
  }

  private struct Constants {
    let step: AdamStep

    @inline(__always) init(_ step: AdamStep) { self.step = step }

    @inline(__always) func advance(_ state: inout State, _ g: Lanes) {
      state.mean = multiplyAdd(g - state.mean, Lanes(repeating: step.meanShare), state.mean)
      state.variance = multiplyAdd(
        g * g - state.variance, Lanes(repeating: step.varianceShare), state.variance)
      let root = squareRoot(state.variance)
      let correction = Lanes(repeating: step.inverseRootCorrection)
      let denominator = multiplyAdd(root, correction, Lanes(repeating: step.epsilon))
      let decayed = multiplyAdd(state.parameter, Lanes(repeating: -step.decay), state.parameter)
      let change = state.mean * Lanes(repeating: step.stepSize)
      state.parameter = decayed - change / denominator
    }
  }
}

/// Exactly rounded square roots.
@inline(__always) private func squareRoot(_ value: Lanes) -> Lanes {
  var result = value
  withUnsafeMutableBytes(of: &result) { bytes in
    let pointer = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
    ptrain_sqrt16(pointer, pointer)
  }
  return result
}

enum SGD {
  /// `d = g + weightDecay·p`, `v = momentum·v + d`, `p -= learningRate · (nesterov ? d + momentum·v : v)`.
  static func run(
    _ step: SGDStep, _ rows: FloatRows, gradient: FloatPointer, parameters: MutableFloatPointer,
    velocity: MutableFloatPointer
  ) {
    rows.forEachStart { first in
      run(step, rows.length, gradient + first, parameters + first, velocity + first)
    }
  }

  @inline(__always) private static func run(
    _ step: SGDStep, _ count: Int, _ gradient: FloatPointer, _ parameters: MutableFloatPointer,
    _ velocity: MutableFloatPointer
  ) {
    var i = 0
    while i + lanes <= count {
      var parameter = loadUnaligned(parameters + i)
      var v = loadUnaligned(velocity + i)
      advance(step, &parameter, &v, loadUnaligned(gradient + i))
      storeUnaligned(parameters + i, parameter)
      storeUnaligned(velocity + i, v)
      i += lanes
    }
    let left = count - i
    if left > 0 {
      var parameter = loadPartial(parameters + i, left)
      var v = loadPartial(velocity + i, left)
      advance(step, &parameter, &v, loadPartial(gradient + i, left))
      storePartial(parameters + i, parameter, left)
      storePartial(velocity + i, v, left)
    }
  }

  @inline(__always) private static func advance(
    _ step: SGDStep, _ parameter: inout Lanes, _ velocity: inout Lanes, _ gradient: Lanes
  ) {
    let momentum = Lanes(repeating: step.momentum)
    let d = multiplyAdd(parameter, Lanes(repeating: step.weightDecay), gradient)
    velocity = multiplyAdd(velocity, momentum, d)
    let direction = step.nesterov ? multiplyAdd(velocity, momentum, d) : velocity
    parameter = multiplyAdd(direction, Lanes(repeating: -step.learningRate), parameter)
  }
}

// The activations beyond identity, each with its slope, and the one place that chooses among them.
// Padded lanes hold what a function makes of zero; nothing reads them.
import PTrainKernelTypes

/// An element-wise function of what stands before it.
protocol ElementFunction {
  func value(_ v: Lanes) -> Lanes
  /// The gradient before the function: `gradient · f'(v)`, at a kink that of the left side.
  func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes
}

/// A loop over elements that is compiled for each function.
protocol FunctionLoop {
  func run<F: ElementFunction>(_ function: F)
}

/// Runs the loop with the function that is asked for.
@inline(__always) func withFunction<L: FunctionLoop>(_ function: ActivationFunction, _ loop: L) {
  switch function.kind {
  case .identity: loop.run(Identity())
  case .relu: loop.run(Relu())
  case .relu6: loop.run(Relu6())
  case .sigmoid: loop.run(Sigmoid())
  case .tanh: loop.run(Tanh())
  case .silu: loop.run(Silu())
  case .gelu: loop.run(Gelu())
  case .hardSwish: loop.run(HardSwish())
  case .leakyRelu: loop.run(LeakyRelu(slope: Lanes(repeating: function.slope)))
  }
}

private struct Identity: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes { v }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes { gradient }
}

private struct Relu: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes { relu(v) }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    keepWherePositive(gradient, v)
  }
}

private struct Relu6: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes {
    let six = Lanes(repeating: 6)
    return relu(v).replacing(with: six, where: v .> six)
  }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    keepWherePositive(gradient, v).replacing(with: Lanes.zero, where: v .> Lanes(repeating: 6))
  }
}

private struct LeakyRelu: ElementFunction {
  let slope: Lanes

  @inline(__always) func value(_ v: Lanes) -> Lanes {
    v.replacing(with: v * slope, where: v .<= Lanes.zero)
  }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    gradient.replacing(with: gradient * slope, where: v .<= Lanes.zero)
  }
}

/// `v · min(max(v + 3, 0), 6) / 6`
private struct HardSwish: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes {
    let three = Lanes(repeating: 3)
    let middle = v * (v + three) * Lanes(repeating: 1 / 6)
    let right = middle.replacing(with: v, where: v .> three)
    return right.replacing(with: Lanes.zero, where: v .<= -three)
  }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    let three = Lanes(repeating: 3)
    let slope = multiplyAdd(v, Lanes(repeating: 1 / 3), Lanes(repeating: 0.5))
    let right = (gradient * slope).replacing(with: gradient, where: v .> three)
    return right.replacing(with: Lanes.zero, where: v .<= -three)
  }
}

private struct Sigmoid: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes { sigmoid(v) }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    let y = sigmoid(v)
    return gradient * (y * (Lanes(repeating: 1) - y))
  }
}

private struct Tanh: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes { hyperbolicTangent(v) }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    let y = hyperbolicTangent(v)
    return gradient * multiplyAdd(-y, y, Lanes(repeating: 1))
  }
}

/// `v · σ(v)`, its slope `σ·(1 + v·(1 - σ))`.
private struct Silu: ElementFunction {
  @inline(__always) func value(_ v: Lanes) -> Lanes { v * sigmoid(v) }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    let one = Lanes(repeating: 1)
    let y = sigmoid(v)
    return gradient * (y * multiplyAdd(v, one - y, one))
  }
}

/// `v · Φ(v)` with the normal distribution `Φ(v) = (1 + erf(v/√2))/2`, its slope `Φ(v) + v·φ(v)`.
private struct Gelu: ElementFunction {
  /// `h + h·erf`: the compiler takes a loop of `v · (1/2 + erf/2)` apart.
  @inline(__always) func value(_ v: Lanes) -> Lanes {
    let half = v * Lanes(repeating: 0.5)
    return multiplyAdd(half, scaledError(v), half)
  }
  @inline(__always) func gated(_ gradient: Lanes, _ v: Lanes) -> Lanes {
    let half = Lanes(repeating: 0.5)
    let density = decay(v * v * half) * Lanes(repeating: 0.398_942_280)
    return gradient * multiplyAdd(v, density, multiplyAdd(scaledError(v), half, half))
  }
  /// `erf(v/√2)`
  @inline(__always) private func scaledError(_ v: Lanes) -> Lanes {
    errorFunction(v * Lanes(repeating: 0.707_106_781))
  }
}

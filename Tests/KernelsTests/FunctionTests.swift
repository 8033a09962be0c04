// The activations against the C library in Double, over a dense sweep.
// What a NaN becomes is fixed here too: itself.
import Glibc
import PTrainKernelTypes
import Testing

extension ActivationFunction {
  /// Value and derivative in Double, at a kink that of the left side.
  func inDouble(_ v: Double) -> (value: Double, slope: Double) {
    let sigmoid = 1 / (1 + exp(-v))
    switch kind {
    case .identity: return (v, 1)
    case .relu: return (max(v, 0), v > 0 ? 1 : 0)
    case .relu6: return (min(max(v, 0), 6), v > 0 && v <= 6 ? 1 : 0)
    case .leakyRelu: return v > 0 ? (v, 1) : (Double(slope) * v, Double(slope))
    case .sigmoid: return (sigmoid, sigmoid * (1 - sigmoid))
    case .tanh: return (Glibc.tanh(v), 1 - Glibc.tanh(v) * Glibc.tanh(v))
    case .silu: return (v * sigmoid, sigmoid * (1 + v * (1 - sigmoid)))
    case .gelu:
      let distribution = (1 + erf(v / 2.0.squareRoot())) / 2
      let density = exp(-v * v / 2) / (2 * Double.pi).squareRoot()
      return (v * distribution, distribution + v * density)
    case .hardSwish:
      if v <= -3 { return (0, 0) }
      return v > 3 ? (v, 1) : (v * (v + 3) / 6, (2 * v + 3) / 6)
    }
  }
}

private let functions: [ActivationFunction] =
  [.identity, .relu, .relu6, .sigmoid, .tanh, .silu, .gelu, .hardSwish].map {
    ActivationFunction($0)
  } + [ActivationFunction(.leakyRelu, slope: 0.1)]

/// 16 channels of scale 1 and shift 0.
private func constants(_ function: ActivationFunction, _ vectors: Floats) -> ChannelConstants {
  ChannelConstants(
    bias: nil, scale: vectors.read, shift: vectors.read + 16, mean: vectors.read + 16,
    reluBefore: false, after: function)
}

private func vectors() -> Floats {
  Floats((0..<32).map { $0 < 16 ? 1 : 0 })
}

/// Values and slopes of `inputs`, whole vectors.
private func run(
  _ function: ActivationFunction, _ inputs: Floats, _ kernels: any KernelSet
) -> [[Float]] {
  let vectors = vectors()
  let shape = ActivationShape(blocks: 1, height: 1, width: inputs.count / 16, window: 1)
  let values = Floats(inputs.count, fill: 7)
  let slopes = Floats(inputs.count, fill: 7)
  let ones = Floats(inputs.count, fill: 1)
  let sums = Floats(32)
  kernels.prepareInput(
    shape, constants(function, vectors), s: inputs.read, mask: nil, padding: Edges(0),
    x: values.pointer)
  kernels.inputGradient(
    shape, constants(function, vectors), s: inputs.read, mask: nil, dx: ones.read,
    dy: slopes.pointer, sums: sums.pointer, accumulates: false)
  return [values.values, slopes.values]
}

@Test(arguments: functions)
func functionsAgreeWithTheirDefinitions(_ function: ActivationFunction) {
  let inputs = Floats((0..<16 * 1250).map { (Float($0) - 10_000) / 1000 + 0.0003 })
  let expected = inputs.values.map { function.inDouble(Double($0)) }
  check(
    "\(function.kind)", tolerance: 1e-6,
    expected: ["values": expected.map(\.value), "slopes": expected.map(\.slope)]
  ) { run(function, inputs, $0) }
}

@Test(arguments: [1, 5, 20, 100, 1e30] as [Float])
func functionsOfLargeArguments(_ size: Float) {
  let inputs = Floats((0..<32).map { $0 < 16 ? size : -size })
  for function in functions {
    let expected = inputs.values.map { function.inDouble(Double($0)) }
    check("\(function.kind)", tolerance: 1e-6, expected: expected.map(\.value)) {
      run(function, inputs, $0)[0]
    }
  }
}

@Test(arguments: functions)
func aNaNStaysOne(_ function: ActivationFunction) {
  let inputs = Floats([Float](repeating: .nan, count: 16))
  for kernels in variants {
    let values = run(function, inputs, kernels)[0]
    #expect(values.allSatisfy { $0.isNaN })
  }
}

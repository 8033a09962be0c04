// A step of a quantised network with every number that its kernel takes: factors in fixed point, clamps.
// The interpreter and the writers of programs read the same.

import PTrainNetworks

struct IntegerStep: Equatable, Sendable {
  enum Kernel: Equatable, Sendable {
    case convolve(QuantizedWeights, Window, [FixedPoint])
    case convolveDepthwise(QuantizedWeights, Window, [FixedPoint])
    case connect(QuantizedWeights, WideFactor)
    case pool(PoolKind, Window)
    case average(FixedPoint)
    case add(FixedPoint, FixedPoint, result: FixedPoint)
    case multiply(FixedPoint)
    case rescale(FixedPoint)
    case leakyRelu(FixedPoint, slope: FixedPoint)
    case insertChannels
    /// The input's own numbers.
    case view
  }

  var kernel: Kernel
  var inputs: [Int]
  /// Clamp of the result.
  var range: ClosedRange<Int>

  /// Whether `y` may be the place of the first input.
  var isElementwise: Bool {
    switch kernel {
    case .add, .multiply, .rescale, .leakyRelu: true
    case .convolveDepthwise(let weights, let window, _):
      // A number for each number, in their order.
      weights.groups == weights.outputCount && window == Window(height: 1, width: 1)
    default: false
    }
  }
}

extension QuantizedNetwork {
  /// One for each step, in their order.
  var integerSteps: [IntegerStep] {
    zip(steps, values.dropFirst()).map { step, result in
      IntegerStep(
        kernel: kernel(step, result), inputs: step.inputs, range: result.range(step.activation))
    }
  }

  private func kernel(_ step: QuantizedStep, _ result: QuantizedValue) -> IntegerStep.Kernel {
    let input = values[step.inputs[0]]
    switch step.operation {
    case .convolution(let weights, let window):
      return .convolve(weights, window, factors(weights, input, result))
    case .depthwiseConvolution(let weights, let window):
      return .convolveDepthwise(weights, window, factors(weights, input, result))
    case .dense(let weights):
      // FULLY_CONNECTED multiplies in Double.
      return .connect(
        weights,
        WideFactor(Double(input.scale) * Double(weights.scales[0]) / Double(result.scale)))
    case .pool(let kind, let window): return .pool(kind, window)
    case .mean: return .average(meanFactor(input, result))
    case .flatten: return .view
    case .add: return sum(input, values[step.inputs[1]], result)
    case .multiply:
      let factor = values[step.inputs[1]]
      return .multiply(FixedPoint(Double(input.scale * factor.scale / result.scale)))
    case .concatenate: return .insertChannels
    case .rescale:
      // The quotient of two Floats is one there, as the product below.
      return .rescale(FixedPoint(Double(input.scale / result.scale)))
    case .leakyRelu(let slope):
      return .leakyRelu(
        FixedPoint(Double(input.scale / result.scale)),
        slope: FixedPoint(Double(input.scale * slope / result.scale)))
    }
  }

  private func factors(
    _ weights: QuantizedWeights, _ input: QuantizedValue, _ result: QuantizedValue
  ) -> [FixedPoint] {
    (0..<weights.outputCount).map {
      FixedPoint(Double(input.scale) * Double(weights.scale(of: $0)) / Double(result.scale))
    }
  }

  /// The factor of scales with `1 / pixels` in it.
  private func meanFactor(_ input: QuantizedValue, _ result: QuantizedValue) -> FixedPoint {
    var factor = FixedPoint(Double(input.scale) / Double(result.scale))
    let count = Int64(input.shape.height * input.shape.width)
    let shift = min(63 - count.leadingZeroBitCount, 31 + factor.shift)
    factor.multiplier = Int32((Int64(factor.multiplier) << shift) / count)
    factor.shift -= shift
    return factor
  }

  private func sum(
    _ a: QuantizedValue, _ b: QuantizedValue, _ result: QuantizedValue
  ) -> IntegerStep.Kernel {
    let unit = 2 * Double(max(a.scale, b.scale))
    return .add(
      FixedPoint(Double(a.scale) / unit), FixedPoint(Double(b.scale) / unit),
      result: FixedPoint(unit / (0x1p20 * Double(result.scale))))
  }
}

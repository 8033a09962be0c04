// The element-wise functions as other programs have them: all of it in one place, since a new function needs
// an answer for each.

import PTrainNetworks

extension ONNXGraph {
  /// Operators of opset 17.
  mutating func activation(_ function: Activation, _ x: String) -> String {
    switch function {
    case .relu: return node("Relu", [x])
    case .sigmoid: return node("Sigmoid", [x])
    case .tanh: return node("Tanh", [x])
    case .relu6: return node("Clip", [x, constant(Float(0)), constant(Float(6))])
    case .hardSwish: return node("HardSwish", [x])
    case .leakyRelu(let slope): return node("LeakyRelu", [x], [.float("alpha", Float(slope))])
    case .silu: return node("Mul", [x, node("Sigmoid", [x])])
    case .gelu:
      // x·(1 + erf(x/√2))/2
      let error = node("Erf", [node("Mul", [x, constant(Float(0.70710677))])])
      let product = node("Mul", [x, node("Add", [error, constant(Float(1))])])
      return node("Mul", [product, constant(Float(0.5))])
    }
  }
}

extension TFLiteFloatBuilder {
  /// Operators of TensorFlow Lite, in float32.
  mutating func activation(_ function: Activation, _ x: Int, _ name: String) -> Int {
    switch function {
    case .relu: return elementwise(.relu, nil, [x], name)
    case .relu6: return elementwise(.relu6, nil, [x], name)
    case .sigmoid: return elementwise(.logistic, nil, [x], name)
    case .tanh: return elementwise(.tanh, nil, [x], name)
    case .hardSwish: return elementwise(.hardSwish, .hardSwish, [x], name)
    case .gelu: return elementwise(.gelu, .gelu, [x], name)
    case .leakyRelu(let slope):
      return elementwise(.leakyRelu, .leakyRelu(Float(slope)), [x], name)
    case .silu:
      let share = elementwise(.logistic, nil, [x], "\(name)_share")
      return elementwise(.mul, .mul(.none), [x, share], name)
    }
  }
}

extension CFunction {
  /// A loop in C99, under a name that no library of C has.
  init(_ function: Activation) {
    self =
      switch function {
      case .relu: .elementwise("relu", "x[i] < 0 ? 0 : x[i]")
      case .relu6: .elementwise("relu6", "x[i] < 0 ? 0 : x[i] > 6 ? 6 : x[i]")
      case .sigmoid: .elementwise("sigmoid", "1 / (1 + expf(-x[i]))", needsMath: true)
      case .tanh: .elementwise("hyperbolic_tangent", "tanhf(x[i])", needsMath: true)
      case .silu: .elementwise("silu", "x[i] / (1 + expf(-x[i]))", needsMath: true)
      case .gelu:
        .elementwise("gelu", "0.5f * x[i] * (1 + erff(x[i] * 0.70710678f))", needsMath: true)
      case .hardSwish:
        .elementwise("hard_swish", "x[i] * (x[i] < -3 ? 0 : x[i] > 3 ? 1 : (x[i] + 3) / 6)")
      case .leakyRelu:
        .elementwise("leaky_relu", parameter: "slope", "x[i] > 0 ? x[i] : slope * x[i]")
      }
  }
}

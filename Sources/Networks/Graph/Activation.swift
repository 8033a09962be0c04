// The element-wise functions by name: in descriptions, in Swift, in PyTorch.
// A new one begins with a case here; the article `AddALayer` says what it needs besides.

/// An element-wise function.
public enum Activation: Equatable, Sendable {
  case relu, relu6, sigmoid, tanh, silu
  /// The exact one, `x·Φ(x)`, by the error function.
  case gelu
  /// `x · min(max(x + 3, 0), 6) / 6`
  case hardSwish
  /// `x` above zero, `slope · x` below.
  case leakyRelu(slope: Double)
}

extension Activation {
  /// Functions without a number, in the order of messages.
  package static let plain: [Activation] = [
    .relu, .relu6, .sigmoid, .tanh, .silu, .gelu, .hardSwish,
  ]

  /// The key of a description file.
  package var word: String {
    switch self {
    case .relu: "relu"
    case .relu6: "relu6"
    case .sigmoid: "sigmoid"
    case .tanh: "tanh"
    case .silu: "silu"
    case .gelu: "gelu"
    case .hardSwish: "hardSwish"
    case .leakyRelu: "leakyRelu"
    }
  }

  /// Whether it never falls: max-pooling may then come first.
  package var isMonotone: Bool {
    switch self {
    case .relu, .relu6, .sigmoid, .tanh: true
    case .leakyRelu(let slope): slope >= 0
    case .silu, .gelu, .hardSwish: false
    }
  }

  /// The class in `torch.nn`.
  package var torchModule: String {
    switch self {
    case .relu: "ReLU"
    case .relu6: "ReLU6"
    case .sigmoid: "Sigmoid"
    case .tanh: "Tanh"
    case .silu: "SiLU"
    case .gelu: "GELU"
    case .hardSwish: "Hardswish"
    case .leakyRelu: "LeakyReLU"
    }
  }

  /// The function as an expression of Python, `F` being `torch.nn.functional`.
  package func torchCall(_ x: String) -> String {
    switch self {
    case .relu: "F.relu(\(x))"
    case .relu6: "F.relu6(\(x))"
    case .sigmoid: "torch.sigmoid(\(x))"
    case .tanh: "torch.tanh(\(x))"
    case .silu: "F.silu(\(x))"
    case .gelu: "F.gelu(\(x))"
    case .hardSwish: "F.hardswish(\(x))"
    case .leakyRelu(let slope): "F.leaky_relu(\(x), \(slope))"
    }
  }
}

extension Layer {
  public static let relu = Layer.activation(.relu)
  public static let relu6 = Layer.activation(.relu6)
  public static let sigmoid = Layer.activation(.sigmoid)
  public static let tanh = Layer.activation(.tanh)
  public static let silu = Layer.activation(.silu)
  public static let gelu = Layer.activation(.gelu)
  public static let hardSwish = Layer.activation(.hardSwish)
  public static func leakyRelu(_ slope: Double) -> Layer { .activation(.leakyRelu(slope: slope)) }
}

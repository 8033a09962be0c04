// The reference: every layer in plain loops, forward under its formula, backward under its forward.
// It is the specification that kernels and engine are held against; clarity before speed.

/// A number type that the reference runs in.
package protocol ReferenceScalar: BinaryFloatingPoint, Sendable {
  static func exponential(_ x: Self) -> Self
  static func logarithm(_ x: Self) -> Self
  static func hyperbolicTangent(_ x: Self) -> Self
  static func errorFunction(_ x: Self) -> Self
}

extension Double: ReferenceScalar {
  package static func exponential(_ x: Double) -> Double { Elementary.exp(x) }
  package static func logarithm(_ x: Double) -> Double { Elementary.log(x) }
  package static func hyperbolicTangent(_ x: Double) -> Double { Elementary.tanh(x) }
  package static func errorFunction(_ x: Double) -> Double { Elementary.erf(x) }
}

extension Float: ReferenceScalar {
  package static func exponential(_ x: Float) -> Float { Elementary.exp(x) }
  package static func logarithm(_ x: Float) -> Float { Elementary.log(x) }
  package static func hyperbolicTangent(_ x: Float) -> Float { Elementary.tanh(x) }
  package static func errorFunction(_ x: Float) -> Float { Elementary.erf(x) }
}

/// Layers, losses and their gradients on arrays `[N, C, H, W]`, one extension a file.
///
/// Products and sums are rounded separately (`a * b + c` is never fused): no call into a C library,
/// the same bits on machines with and without FMA, and the arithmetic of a spreadsheet cell.
package enum Reference<Scalar: ReferenceScalar> {}

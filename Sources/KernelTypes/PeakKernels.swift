// How fast an instruction set's multiply-adds can go at all: what kernels are measured against.

/// Independent chains of multiply-adds on registers, without memory.
package protocol PeakKernels: Sendable {
  /// Floating-point operations of one turn; a multiply-add counts as two.
  var operationsPerTurn: Int { get }

  /// Does `chain = chain · factor + summand` `turns` times on every chain; returns the chains' sum, so
  /// that nothing can be left out.
  func multiplyAddChains(turns: Int, factor: Float, summand: Float) -> Float
}

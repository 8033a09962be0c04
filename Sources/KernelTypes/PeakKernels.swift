// How fast an instruction set's multiply-adds can go at all: what kernels are measured against.

/// Independent chains of multiply-adds that stay in registers.
package protocol PeakKernels: Sendable {
  /// Vectors of 16 floats that run side by side; a turn is `32 · chainCount` operations.
  var chainCount: Int { get }

  /// Does `chain = chain · factor + summand` `turns` times on every chain, in place.
  ///
  /// `operands [2 + chainCount, 16]`, 64-byte aligned: factor, summand, chains.
  func multiplyAddChains(turns: Int, operands: MutableFloatPointer)
}

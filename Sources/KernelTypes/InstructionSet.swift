// The instruction sets that kernels are compiled for.
// One name serves the command line, the metrics and the choice at run time.

/// An instruction set with a kernel variant of its own.
package enum InstructionSet: String, CaseIterable, Sendable {
  case baseline, avx2, avx512, neon
}

// Embedded Swift, by which the kernels run on an emulated processor, has no coding.
#if !hasFeature(Embedded)
  extension InstructionSet: Codable {}
#endif

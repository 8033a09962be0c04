// The instruction sets that kernels are compiled for.
// One name serves the command line, the metrics and the choice at run time.

/// An instruction set with a kernel variant of its own.
package enum InstructionSet: String, CaseIterable, Sendable, Codable {
  case baseline, avx2, avx512, neon
}

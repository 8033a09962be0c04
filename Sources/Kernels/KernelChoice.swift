// The one place that chooses an instruction set; the public face of the kernels.
// PTRAIN_ISA forces one, and is refused where processor or build lack it.
import CPTrainShims
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainKernelsBaseline

#if WIDE_KERNELS
  import PTrainKernelsAVX2
  import PTrainKernelsAVX512
#endif

package enum KernelChoice {
  /// Environment variable that forces an instruction set.
  package static let variable = "PTRAIN_ISA"

  /// Instruction sets that this build has, narrowest first.
  package static var built: [InstructionSet] {
    #if WIDE_KERNELS
      [.baseline, .avx2, .avx512]
    #else
      [PTrainKernelsBaseline.VariantKernels().instructionSet]
    #endif
  }

  /// Those that this processor runs.
  package static var available: [InstructionSet] {
    #if WIDE_KERNELS
      built.filter {
        switch $0 {
        case .avx2: ptrain_has_avx2()
        case .avx512: ptrain_has_avx512()
        default: true
        }
      }
    #else
      built
    #endif
  }

  /// The kernels that `environment` asks for, else the widest available.
  ///
  /// Throws `Failure(.usage)` for a name that is unknown or cannot run here.
  package static func select(environment: [String: String]) throws -> any KernelSet {
    let names = available.map(\.rawValue).joined(separator: ", ")
    guard let name = environment[variable], !name.isEmpty else {
      return kernels(for: available[available.count - 1])
    }
    guard let wanted = InstructionSet(rawValue: name) else {
      throw Failure(
        .usage, "\(variable)=\(name) is no instruction set; here one of: \(names)")
    }
    guard available.contains(wanted) else {
      throw Failure(
        .usage, "\(variable)=\(name) cannot run on this processor; here one of: \(names)")
    }
    return kernels(for: wanted)
  }

  /// The kernels of an available instruction set.
  package static func kernels(for instructionSet: InstructionSet) -> any KernelSet {
    precondition(available.contains(instructionSet))
    #if WIDE_KERNELS
      switch instructionSet {
      case .avx512: return PTrainKernelsAVX512.VariantKernels()
      case .avx2: return PTrainKernelsAVX2.VariantKernels()
      default: return PTrainKernelsBaseline.VariantKernels()
      }
    #else
      return PTrainKernelsBaseline.VariantKernels()
    #endif
  }
}

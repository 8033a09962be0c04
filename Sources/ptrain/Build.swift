// What this program was built with.

import PTrainDiagnostics
import PTrainKernelTypes
import PTrainKernels

enum Build {
  /// What `--version` prints: version and commit, instruction sets, traits.
  static var text: String {
    let sets = KernelChoice.built.map(\.rawValue).joined(separator: ", ")
    let traits = traits.isEmpty ? "none" : traits.joined(separator: ", ")
    return "ptrain \(Version.full)\nInstruction sets: \(sets)\nTraits: \(traits)"
  }

  private static var traits: [String] {
    var names: [String] = []
    #if Images
      names.append("Images")
    #endif
    #if MPI
      names.append("MPI")
    #endif
    #if NUMA
      names.append("NUMA")
    #endif
    #if Spreadsheet
      names.append("Spreadsheet")
    #endif
    return names
  }
}

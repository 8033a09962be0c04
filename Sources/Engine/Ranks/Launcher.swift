// Whether this process is one of several, by what a launcher such as mpirun leaves in the environment.
// A build without MPI stops there: every rank would train the whole model and overwrite the others' files.

import PTrainDiagnostics

/// Finds the other processes of the job.
package enum Launcher {
  /// Variables that hold the number of ranks: Open MPI's, and that of MPICH, Intel MPI and Slurm's
  /// PMI.
  private static let sizeVariables = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]

  /// Ranks that a launcher has started; nil without a launcher.
  package static func rankCount(_ environment: [String: String]) -> Int? {
    sizeVariables.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first
  }

  /// Ranks on this machine; 1 without a launcher.
  package static func localRankCount(_ environment: [String: String]) -> Int {
    let names = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"]
    return max(1, names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 1)
  }

  /// The communicator of this process; MPI starts under a launcher only.
  ///
  /// Throws `Failure(.usage)` under a launcher where the build has no MPI.
  package static func communicator(_ environment: [String: String]) throws -> any Communicator {
    guard let rankCount = rankCount(environment) else { return SingleProcess() }
    #if MPI
      return try MPICommunicator(expectedSize: rankCount)
    #else
      guard rankCount > 1 else { return SingleProcess() }
      throw Failure(
        .usage,
        "started as one of \(rankCount) ranks, but this build has no MPI: install libopenmpi-dev and "
          + "build with 'swift build -c release --traits default,MPI', or use --threads on one machine"
      )
    #endif
  }
}

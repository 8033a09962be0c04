// The processes that work on one command together: one, or as many as mpirun has started.
// Rank 0 alone prints and writes; a rank that fails ends the others.

import FoundationEssentials
import Glibc
import PTrainEngine

enum Job {
  // Set once, on the main thread, before anything else runs.
  nonisolated(unsafe) private static var joined: (any Communicator)?

  static var communicator: any Communicator { joined ?? SingleProcess() }

  /// Whether this process prints and writes.
  static var isLeader: Bool { communicator.rank == 0 }

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Meets the other processes, the first time; throws where the build cannot.
  static func join() throws -> any Communicator {
    if let joined { return joined }
    let communicator = try Launcher.communicator(environment)
    joined = communicator
    return communicator
  }

  /// Runs `body` on rank 0 before the other ranks: what it downloads is there for all.
  static func leaderFirst<Result>(_ body: () throws -> Result) throws -> Result {
    if isLeader {
      let result = try body()
      communicator.barrier()
      return result
    }
    communicator.barrier()
    return try body()
  }

  /// Leaves the other processes at the end of the command.
  static func finish() { joined?.finish() }

  /// Ends all processes.
  static func abort(status: Int32) -> Never {
    guard let joined else { exit(status) }
    joined.abort(status: status)
  }

  /// Who speaks, for messages; empty with one process.
  static var rankPrefix: String {
    communicator.size == 1 ? "" : "rank \(communicator.rank) of \(communicator.size): "
  }

  /// Lets rank 0 go first with a failure that all ranks have met, so that it is told once.
  static func waitForLeader() {
    if !isLeader { usleep(300_000) }
  }
}

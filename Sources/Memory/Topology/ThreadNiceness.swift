// A worker's share of its CPU beside other processes: what the user gave ptrain, with `nice` say.
// A thread has that of the one which started it, and the leader's may be any.

import PTrainCLibrary

/// Niceness of single threads, which is what Linux keeps; a portable build leaves it alone.
package enum ThreadNiceness {
  /// That of the calling thread.
  package static var current: Int32 {
    #if Portable
      0
    #else
      getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    #endif
  }

  /// Runs `body` on the calling thread with another niceness, where the system allows that.
  package static func with(_ niceness: Int32, _ body: () -> Void) {
    let before = current
    set(niceness)
    body()
    set(before)
  }

  private static func set(_ niceness: Int32) {
    #if !Portable
      guard niceness != current else { return }
      setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #endif
  }
}

// Ctrl-C and SIGTERM: the first lets the step finish and the run be kept, the second leaves at once.

import Glibc
import Synchronization

/// A signal that asked the run to stop.
struct Interruption: Error {
  let signal: Int32
  /// How to go on.
  let command: String

  /// As shells tell a signal.
  var exitCode: Int32 { 128 + signal }
}

private let received = Atomic<Int32>(0)

extension Interruption {
  /// The signal that came; nil before one did.
  static var pendingSignal: Int32? {
    let signal = received.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// Notes signals from now on instead of ending the process; called on the main thread.
  static func noteSignals() {
    // The handler must find the atomic initialised: it may not wait for anything.
    received.store(0, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number) { number in
        if received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
      sigaddset(&signals, number)
    }
    // A parent may have started this process with signals blocked.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Leaves it to another process of the job to stop.
  static func ignoreSignals() {
    for number in [SIGINT, SIGTERM] { Glibc.signal(number, SIG_IGN) }
  }
}

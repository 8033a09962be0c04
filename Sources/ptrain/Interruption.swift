// Signals that ask a run to end, from Ctrl-C to a batch system's limits: the first lets the step finish
// and the run be kept; who insists, leaves at once.

import Glibc
import PTrainDiagnostics
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
/// When somebody first asked who may insist, in milliseconds; 0: nobody did.
private let askedAt = Atomic<Int64>(0)
/// Wrappers such as `timeout` send a signal to a process and to its group: that is asking once.
private let insistenceMilliseconds: Int64 = 500

extension Interruption {
  private static let signals = [
    SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM,
  ]

  /// The signal that came; nil before one did.
  static var pendingSignal: Int32? {
    let signal = received.load(ordering: .relaxed)
    return signal == 0 ? nil : signal
  }

  /// Notes signals from now on instead of ending the process; called on the main thread.
  static func noteSignals() {
    // The handler must find the atomics initialised: it may not wait for anything.
    received.store(0, ordering: .relaxed)
    askedAt.store(0, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in Self.signals where !isIgnoredHangUp(number) {
      Glibc.signal(number) { note($0) }
      sigaddset(&signals, number)
    }
    // A parent may have started this process with signals blocked.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Leaves it to another process of the job to stop.
  static func ignoreSignals() {
    for number in signals { Glibc.signal(number, SIG_IGN) }
  }

  /// Whether `nohup` started this process: it is to survive its terminal.
  private static func isIgnoredHangUp(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    return number == SIGHUP && handler == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// The signal handler. Hang-ups come from the shell and the system at once, limits every second; only
/// what a person sends can mean haste.
private func note(_ number: Int32) {
  _ = received.compareExchange(expected: 0, desired: number, ordering: .relaxed)
  guard number == SIGINT || number == SIGQUIT || number == SIGTERM else { return }
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  let (isFirst, before) = askedAt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
  if !isFirst, now - before >= insistenceMilliseconds { _exit(128 + number) }
}

// Standard output and standard error: what they are connected to, and writing to them at once.

import Artifacts
import Diagnostics
import FoundationEssentials
import Glibc

enum Terminal {
  /// Results of rank 0 go here; a full disk behind a redirection is an error.
  static func writeResult(_ text: String) throws {
    guard Job.isLeader else { return }
    try writeAll(STDOUT_FILENO, Array(text.utf8), path: "standard output")
  }

  /// Bars and remarks go here; nobody reading them is no error.
  static func writeRemark(_ text: String) throws {
    try? writeAll(STDERR_FILENO, Array(text.utf8), path: "standard error")
  }

  /// A line that explains what is going on, from rank 0.
  static func remark(_ line: String) {
    guard Job.isLeader else { return }
    try? writeRemark(line + "\n")
  }

  /// Whether a bar can be drawn over itself on standard error.
  static var drawsBars: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  static var columnCount: Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Seconds of a clock that is never set.
  static func now() -> Double { seconds(of: CLOCK_MONOTONIC) }

  /// CPU time of all threads of this process.
  static func processorSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

  /// Pages that the system has handed to this process so far.
  static func pageFaultCount() -> Int {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_minflt + usage.ru_majflt
  }

  private static func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

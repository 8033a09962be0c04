// What this process has used of the machine so far.

import Glibc

/// Totals since the process began.
struct ProcessUsage {
  /// CPU time of all threads.
  let processorSeconds: Double
  /// Pages that the system has handed out.
  let pageFaultCount: Int

  static func now() -> ProcessUsage {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return ProcessUsage(
      processorSeconds: Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9,
      pageFaultCount: usage.ru_minflt + usage.ru_majflt)
  }
}

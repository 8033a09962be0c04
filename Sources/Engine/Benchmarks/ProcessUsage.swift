// What this process has used of the machine so far.

import CPTrainShims

/// Totals since the process began.
struct ProcessUsage {
  /// CPU time of all threads.
  let processorSeconds: Double
  /// Pages that the system has handed out.
  let pageFaultCount: Int

  static func now() -> ProcessUsage {
    ProcessUsage(
      processorSeconds: ptrain_processor_seconds(), pageFaultCount: Int(ptrain_page_fault_count()))
  }
}

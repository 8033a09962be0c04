// Which CPUs this process got, and binding a worker's thread to some of them.
// Containers may forbid either, so binding reports a reason instead of ending the run.

import CPTrainShims
import Glibc
import PTrainDiagnostics

/// CPU affinity of this process's threads.
package enum ThreadAffinity {
  private static let wordCount = CPUSet.limit / 64

  /// The CPUs that the process was given: its main thread's mask; nil if the system hides it.
  package static func process() -> CPUSet? { mask(of: getpid()) }

  /// The CPUs that this thread may run on.
  package static func current() -> CPUSet? { mask(of: 0) }

  /// Lets this thread run on `cpus` only; throws `.fault` with the system's reason.
  package static func bind(to cpus: CPUSet) throws(Failure) {
    let words = cpus.words.map { UInt($0) }
    let byteCount = words.count * MemoryLayout<UInt>.stride
    guard !words.isEmpty, ptrain_affinity_set(words, byteCount) == 0 else {
      let reason = words.isEmpty ? "no CPU given" : String(cString: strerror(errno))
      throw Failure(.fault, "a thread cannot be bound to CPUs \(cpus): \(reason)")
    }
  }

  private static func mask(of id: pid_t) -> CPUSet? {
    var words = [UInt](repeating: 0, count: wordCount)
    let written = ptrain_affinity_get(id, &words, wordCount * MemoryLayout<UInt>.stride)
    guard written > 0 else { return nil }
    let set = CPUSet(mask: words.map { UInt64($0) })
    return set.isEmpty ? nil : set
  }
}

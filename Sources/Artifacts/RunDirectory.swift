// The directory that a run leaves behind, and what is named how in it.
// It is made when training starts, so that bad input leaves nothing.

import Diagnostics
import Glibc

/// Paths of a run's files.
package struct RunDirectory: Equatable, Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// `runs/MODEL-DATE-TIME` in local time, for example `runs/eva8-20260727-093005`; a run of the
  /// same second gets a number.
  package init(model: String, time: Int) {
    var seconds = time_t(time)
    var parts = tm()
    localtime_r(&seconds, &parts)
    let date =
      "\(Int(parts.tm_year) + 1900)" + twoDigits(Int(parts.tm_mon) + 1)
      + twoDigits(Int(parts.tm_mday))
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { twoDigits(Int($0)) }.joined()
    let base = "runs/\(model)-\(date)-\(clock)"
    let names = [base] + (2...99).map { "\(base)-\($0)" }
    path = names.first { !fileExists($0) } ?? base
  }

  package var modelPath: String { path + "/model.safetensors" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var checkpointPath: String { path + "/checkpoint" }

  /// Creates the directory, and keeps what an earlier run left there in `previous-N` inside it.
  ///
  /// Returns where an earlier run went. Throws `cannotCreate`, or `inputOutput` on a full disk.
  @discardableResult
  package func create() throws -> String? {
    try makeDirectory(path)
    let left = [modelPath, metricsPath, checkpointPath].filter(fileExists)
    guard !left.isEmpty else {
      guard access(path, W_OK) == 0 else { throw creationFailure(modelPath) }
      return nil
    }
    let aside = (1...).lazy.map { [path] in "\(path)/previous-\($0)" }.first { !fileExists($0) }!
    try makeDirectory(aside)
    for old in left where rename(old, aside + old.dropFirst(path.count)) != 0 {
      throw creationFailure(aside + old.dropFirst(path.count))
    }
    return aside
  }
}

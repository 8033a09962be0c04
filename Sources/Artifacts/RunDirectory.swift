// The directory that a run leaves behind, and what is named how in it.
// It is made when training can start, so that bad input leaves nothing, and belongs to one process.

import Glibc
import PTrainDiagnostics

/// Paths of a run's files.
package struct RunDirectory: Equatable, Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  /// Makes `runs/MODEL-DATE-TIME`, in local time, for example `runs/eva8-20260727-093005`; where that
  /// exists, a run of the same second say, a number follows.
  ///
  /// Whoever makes a directory has it alone. Throws `cannotCreate`, or `inputOutput` on a full disk.
  package static func make(
    model: String, time: Int, in parent: String = "runs"
  ) throws(Failure) -> RunDirectory {
    try makeDirectory(parent)
    let base = "\(parent)/\(model)-\(localTime(time))"
    var (path, number) = (base, 1)
    while mkdir(path, 0o755) != 0 {
      guard errno == EEXIST else { throw creationFailure(path) }
      number += 1
      path = "\(base)-\(number)"
    }
    return RunDirectory(path: path)
  }

  /// `20260727-093005`.
  private static func localTime(_ time: Int) -> String {
    var seconds = time_t(time)
    var parts = tm()
    localtime_r(&seconds, &parts)
    let date =
      "\(Int(parts.tm_year) + 1900)" + twoDigits(Int(parts.tm_mon) + 1)
      + twoDigits(Int(parts.tm_mday))
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { twoDigits(Int($0)) }.joined()
    return "\(date)-\(clock)"
  }

  package var modelPath: String { path + "/model.safetensors" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var tablePath: String { path + "/metrics.csv" }
  package var evaluationPath: String { path + "/evaluation.json" }
  /// TensorBoard looks for the middle of the name.
  package var eventsPath: String { path + "/events.out.tfevents.0.ptrain" }
  package var reportPath: String { path + "/report.html" }
  package var checkpointPath: String { path + "/checkpoint" }
  /// A line for each file of the data that was left out.
  package var leftOutPath: String { path + "/left-out.txt" }
  /// What a run leaves.
  private var files: [String] {
    [
      modelPath, metricsPath, tablePath, evaluationPath, eventsPath, reportPath, checkpointPath,
      leftOutPath,
    ]
  }

  /// Keeps others from it as long as the lock lives; throws `cannotCreate` where another process has it.
  package func lock() throws(Failure) -> DirectoryLock {
    let lock = try DirectoryLock(path, .refuses)
    StagedFile.removeLeftOvers(in: path)
    return lock
  }

  /// Lists what was left out of the data, if anything was.
  package func write(leftOut lines: [String]) throws(Failure) {
    guard !lines.isEmpty else { return }
    try writeFile(leftOutPath, Array(lines.map { $0 + "\n" }.joined().utf8))
  }

  /// Creates the directory, and keeps what an earlier run left there in `previous-N` inside it.
  ///
  /// Returns where an earlier run went. Throws `cannotCreate`, or `inputOutput` on a full disk.
  @discardableResult
  package func create() throws -> String? {
    try makeDirectory(path)
    let left = files.filter(fileExists)
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

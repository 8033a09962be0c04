// Several output files that appear together or not at all.
// All are complete before the first one gets its name.
import PTrainDiagnostics

/// Files without names; dropped unless `commit` is reached.
struct StagedFiles {
  private var files: [(path: String, file: StagedFile)] = []

  /// Writes `bytes` beside `path`, whose name they get in `commit`; throws as `StagedFile` does.
  mutating func stage(_ path: String, bytes: [UInt8]) throws {
    files.append((path, try StagedFile(path, bytes)))
  }

  /// Gives all staged files their names and returns those.
  func commit() throws -> [String] {
    for (_, file) in files { try file.commit() }
    return files.map(\.path)
  }
}

// The one place that says which ptrain this is: the command line and every file tell it.
import CPTrainShims

/// This program's version and the commit that it was built from.
package enum Version {
  package static let program = "0.1.0"
  /// Abbreviated, with "+" behind it where files had been changed; nil where the build was not told.
  package static let commit: String? = {
    let commit = String(cString: ptrain_commit())
    return commit.isEmpty ? nil : commit
  }()
  /// `0.1.0 (4f9b7bb2b4ef)`.
  package static var full: String { program + (commit.map { " (\($0))" } ?? "") }
}

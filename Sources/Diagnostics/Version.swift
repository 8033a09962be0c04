// The one place that says which ptrain this is: the command line and every file tell it.

/// This program's version.
package enum Version {
  package static let program = "0.1.0"
}

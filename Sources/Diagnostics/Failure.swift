// What a user is told when something cannot be done: its kind, and one line.

/// An error meant for a person.
///
/// `message` is one line: what, where, expected, found, what to do next.
public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, CaseIterable {
    /// A value that an option or argument must not have.
    case usage
    /// Data that is damaged, contradicts itself or diverged.
    case badData
    /// An input that is not there or cannot be opened.
    case missingInput
    /// A fault of ours, or of the system.
    case fault
    /// An output that cannot be created.
    case cannotCreate
    /// Reading or writing failed half-way (a full disk).
    case inputOutput
  }

  public let kind: Kind
  public let message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

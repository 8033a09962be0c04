// What a user is told when something cannot be done: one line and a sysexits code.

/// An error meant for the person at the terminal.
///
/// `message` is one line: what, where, expected, found, what to do next.
public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Exit codes of sysexits.h as the command line promises them.
  public enum Kind: Int32, Sendable {
    /// Wrong usage of an option or argument.
    case usage = 64
    /// Data that is damaged, contradicts itself or diverged.
    case badData = 65
    /// An input that is not there or cannot be opened.
    case missingInput = 66
    /// A fault of ours.
    case fault = 70
    /// An output that cannot be created.
    case cannotCreate = 73
    /// Reading or writing failed half-way (a full disk).
    case inputOutput = 74
  }

  public let kind: Kind
  public let message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}

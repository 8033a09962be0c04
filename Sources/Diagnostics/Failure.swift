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
  /// What the message names, if it names any.
  package let parameter: FailureParameter?
  /// The message around that name.
  private let (before, after): (String, String)

  public init(_ kind: Kind, _ message: String) {
    (self.kind, parameter, before, after) = (kind, nil, message, "")
  }

  /// A message that names a parameter between `before` and `after`.
  package init(
    _ kind: Kind, _ before: String = "", naming parameter: FailureParameter, _ after: String
  ) {
    (self.kind, self.parameter, self.before, self.after) = (kind, parameter, before, after)
  }

  /// A failure again, with more to say before and after.
  package init(_ start: String = "", _ failure: Failure, _ end: String = "") {
    (kind, parameter) = (failure.kind, failure.parameter)
    (before, after) = (start + failure.before, failure.after + end)
  }

  public var message: String { message { $0.rawValue } }

  /// The message with the name that a parameter has for whoever reads it.
  package func message(naming name: (FailureParameter) -> String) -> String {
    before + (parameter.map(name) ?? "") + after
  }

  public var description: String { message }
}

/// What a caller gave, or could give, as messages to Swift programs name it.
///
/// The command line has names of its own for them.
package enum FailureParameter: String, Sendable, CaseIterable {
  case augmentation = "`augment`"
  case dataset = "data of your own"
  case inputs = "`inputs`"
  case iterations = "`iterations`"
  case learningRates = "`learningRates`"
  case plot = "`plot`"
  case preparation = "`size`, `channels`"
  case size = "`size`"
  case start = "training that starts from it"
  case targets = "`targets`"
  case testShare = "`testShare`"
  case weights = "`weights`"
  case workbook = "`workbook`"
}

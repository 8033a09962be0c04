// Names from files and of files in lines for a terminal: without what that would act on.

extension Unicode.Scalar {
  /// Whether it is a character that is seen.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    default: true
    }
  }
}

extension String {
  /// A question mark for each character that is not seen.
  package var printable: String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.isPrintable ? $0 : "?" }))
  }
}

/// A name from an untrusted file for an error line: in quotes, short, printable.
package func quotedName(_ name: String) -> String {
  "'\(String(name.unicodeScalars.prefix(64)).printable)'"
}

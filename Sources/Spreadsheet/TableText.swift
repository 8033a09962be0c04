// The table as CSV text with every digit a Double needs, no more.
// Shortest round-trip digits make files that compare equal byte for byte when the numbers do.

extension Trajectory {
  /// A header line with the column titles, then one line a step; UTF-8, newline `\n`.
  public var csv: String {
    var text = Column.allCases.map(\.title).joined(separator: ",") + "\n"
    for row in rows {
      text += row.values.map { "\($0)" }.joined(separator: ",") + "\n"
    }
    return text
  }
}

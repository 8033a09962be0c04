// Which sums a step's end takes: the gradients of all stages and the loss, as one row of values.
// Cut into pieces small enough to share among workers.

/// A row of sums and its pieces.
struct SumRow: Sendable {
  struct Piece: Sendable {
    let slots: SlotRange
    /// Where the piece stands in a row.
    let column: Int
  }

  let pieces: [Piece]
  /// Floats of a row.
  let width: Int

  /// Floats of a piece: a few pages' worth of slots, so that many workers find work.
  private static let pieceCount = 1024

  init(_ states: [StageState], _ results: ShardResults) {
    var pieces: [Piece] = []
    var column = 0
    for slots in states.flatMap(\.gradients) + [results.slots] {
      for first in stride(from: 0, to: slots.count, by: Self.pieceCount) {
        let part = slots[first..<min(first + Self.pieceCount, slots.count)]
        pieces.append(Piece(slots: part, column: column))
        column += part.count
      }
    }
    self.pieces = pieces
    width = column
  }
}

// Which sums a step's end takes: the gradients of all stages and the loss, as one row of values.
// Cut into pieces small enough to share among workers.

/// A row of sums and its pieces.
struct SumRow: Sendable {
  struct Piece: Sendable {
    /// Whose gradient it is part of; none of the loss.
    let stage: Int?
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
    let gradients = states.enumerated().flatMap { stage, state in
      state.gradients.map { (stage: Int?.some(stage), slots: $0) }
    }
    for (stage, slots) in gradients + [(nil, results.slots)] {
      for first in stride(from: 0, to: slots.count, by: Self.pieceCount) {
        let part = slots[first..<min(first + Self.pieceCount, slots.count)]
        pieces.append(Piece(stage: stage, slots: part, column: column))
        column += part.count
      }
    }
    self.pieces = pieces
    width = column
  }
}

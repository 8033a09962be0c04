// A gather of more floats than a library can count: pieces that cover every part once.

import Testing

@testable import PTrainEngine

@Suite struct GatherPieceTests {
  /// Parts with and without gaps between them, empty ones, and one that begins behind the limit.
  private static let parts: [[Range<Int>]] = [
    [0..<3, 3..<10], [0..<10, 10..<10, 10..<17], [0..<0], [2..<3, 5..<23, 23..<40], [0..<100],
  ]

  @Test(arguments: parts, [1, 2, 7, 10, 100])
  func everyFloatOnce(parts: [Range<Int>], limit: Int) {
    for part in parts {
      var floats: [Int] = []
      for piece in GatherPiece.all(of: parts, limit: limit) {
        let (count, offset) = piece.share(of: part)
        #expect((0...limit).contains(Int(count)) && (0...limit).contains(Int(offset + count)))
        floats += (0..<Int(count)).map { piece.start + Int(offset) + $0 }
      }
      #expect(floats == Array(part))
    }
  }

  /// A model of 16 M parameters at 300 rows: five billion floats.
  @Test func countsBeyond32Bits() {
    let width = 1 << 24
    let parts = [0..<150 * width, 150 * width..<300 * width]
    let shares = GatherPiece.all(of: parts).map { piece in parts.map { piece.share(of: $0) } }
    #expect(shares.count == 3)
    for (index, part) in parts.enumerated() {
      #expect(shares.reduce(0) { $0 + Int($1[index].count) } == part.count)
    }
    // What a job has today is one call, with the counts and offsets of its parts.
    let one = Array(GatherPiece.all(of: [0..<5, 5..<9]))
    #expect(one.count == 1 && one[0].start == 0)
    #expect(one[0].share(of: 5..<9) == (4, 5))
  }
}

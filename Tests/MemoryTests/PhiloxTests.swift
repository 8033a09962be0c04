// The generator against Random123's known answers, and the mapping of elements to counters.
// A change in either would change every model that anyone trained.

import Testing

@testable import PTrainMemory

@Suite struct PhiloxTests {
  /// The philox4x32-10 lines of Random123's kat_vectors.
  static let knownAnswers: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
    (
      SIMD4(repeating: 0), SIMD2(repeating: 0),
      SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4(repeating: .max), SIMD2(repeating: .max),
      SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
      SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ]

  @Test(arguments: 0..<knownAnswers.count) func knownAnswer(index: Int) {
    let (counter, key, expected) = Self.knownAnswers[index]
    #expect(Philox.block(counter: counter, key: key) == expected)
  }

  @Test func elementsMapToLanesOfSixteenBlocks() {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let stream = RandomStream(seed: seed, purpose: .dropout(layer: 7), sample: 5, epoch: 9)
    for (element, block, word) in [(0, 0, 0), (15, 15, 0), (16, 0, 1), (63, 15, 3), (64, 16, 0)] {
      let words = Philox.block(
        counter: SIMD4(UInt32(block), 0x107, 5, 9), key: SIMD2(0x89ab_cdef, 0x0123_4567))
      #expect(stream.word(element: element) == words[word])
    }
  }

  @Test func purposesHaveTheirStreams() {
    let purposes: [RandomStream.Purpose] = [
      .initialization, .shuffle, .augmentation, .flip, .crop, .cutout, .color, .mixup,
      .dropout(layer: 0), .dropout(layer: 3),
    ]
    #expect(purposes.map(\.stream) == [1, 2, 3, 6, 7, 8, 9, 10, 0x100, 0x103])
  }

  @Test func uniformStaysBelowOne() {
    #expect(RandomStream.uniform(word: 0) == 0)
    #expect(RandomStream.uniform(word: 0xff) == 0)
    #expect(RandomStream.uniform(word: 0x100) == 0x1p-24)
    #expect(RandomStream.uniform(word: .max) == 1 - 0x1p-24)
  }

  @Test func uniformHasMeanAndVarianceOfUniform() {
    let stream = RandomStream(seed: 1, purpose: .initialization)
    let values = (0..<20_000).map { Double(stream.uniform(element: $0)) }
    let mean = values.reduce(0, +) / 20_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    // Five standard errors.
    #expect(abs(mean - 0.5) < 0.0103)
    #expect(abs(variance - 1 / 12.0) < 0.0027)
  }

  @Test func aSequenceHasTheStreamsWordsInTheirOrder() {
    let stream = RandomStream(seed: 6, purpose: .shuffle, epoch: 2)
    var sequence = RandomSequence(stream)
    #expect((0..<200).map { _ in sequence.next() } == (0..<200).map { stream.word(element: $0) })
  }

  @Test func boundedIntegersAreEvenlySpread() {
    var sequence = RandomSequence(RandomStream(seed: 3, purpose: .shuffle))
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7_000 { counts[Int(sequence.next(below: 7))] += 1 }
    // Five standard deviations of a binomial with n = 7000, p = 1/7.
    #expect(counts.allSatisfy { abs($0 - 1000) < 147 })
  }

  @Test func boundedIntegersRejectTheBiasedWords() {
    // At bound 3 * 2^30, multiply-shift without rejection gives multiples of 3 twice as often.
    var sequence = RandomSequence(RandomStream(seed: 4, purpose: .shuffle))
    let draws = (0..<6_000).map { _ in sequence.next(below: 3 << 30) }
    let multiples = draws.filter { $0 % 3 == 0 }.count
    #expect(abs(multiples - 2_000) < 183)
    #expect(draws.allSatisfy { $0 < 3 << 30 })
  }

  @Test func boundOneIsAlwaysZero() {
    var sequence = RandomSequence(RandomStream(seed: 5, purpose: .shuffle))
    #expect((0..<10).map { _ in sequence.next(below: 1) } == [UInt32](repeating: 0, count: 10))
  }
}

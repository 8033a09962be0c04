// A set of CPU numbers as a value, and Linux's text form of it.
// Affinity masks, nodes and SMT siblings all are such sets.

/// CPU numbers below `CPUSet.limit`, in ascending order.
package struct CPUSet: Equatable, Hashable, Sendable {
  /// The most CPUs that a Linux kernel can be built for.
  package static let limit = 8192

  /// Bit `n % 64` of word `n / 64` is CPU `n`; no zero words at the end.
  private(set) var words: [UInt64] = []

  package init() {}

  package init(_ cpus: some Sequence<Int>) {
    for cpu in cpus { insert(cpu) }
  }

  /// The set of a bit mask.
  init(mask: [UInt64]) {
    words = Array(mask.prefix(Self.limit / 64))
    trim()
  }

  /// Parses a list such as `0-3,8,10-11`; nil if it is none. An empty list is the empty set.
  package init?(list: some StringProtocol) {
    let text = list.trimmingPrefix { $0.isWhitespace }.prefix { !$0.isNewline }
    for part in text.split(separator: ",") {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(bounds.count), let first = bounds[0], let last = bounds.last ?? nil,
        0 <= first, first <= last, last < Self.limit
      else { return nil }
      for cpu in first...last { insert(cpu) }
    }
  }

  /// Adds a CPU; a number outside of 0..<limit is ignored.
  package mutating func insert(_ cpu: Int) {
    guard (0..<Self.limit).contains(cpu) else { return }
    while words.count <= cpu / 64 { words.append(0) }
    words[cpu / 64] |= 1 << UInt64(cpu % 64)
  }

  package func contains(_ cpu: Int) -> Bool {
    cpu >= 0 && cpu / 64 < words.count && words[cpu / 64] >> UInt64(cpu % 64) & 1 == 1
  }

  package func intersection(_ other: CPUSet) -> CPUSet {
    CPUSet(mask: zip(words, other.words).map { $0 & $1 })
  }

  package func union(_ other: CPUSet) -> CPUSet {
    let common = zip(words, other.words).map { $0 | $1 }
    let longer = words.count > common.count ? words : other.words
    return CPUSet(mask: common + longer.dropFirst(common.count))
  }

  package func subtracting(_ other: CPUSet) -> CPUSet {
    let common = zip(words, other.words).map { $0 & ~$1 }
    return CPUSet(mask: common + words.dropFirst(common.count))
  }

  private mutating func trim() {
    while words.last == 0 { words.removeLast() }
  }
}

extension CPUSet: Sequence {
  /// Visits the numbers in ascending order.
  package struct Iterator: IteratorProtocol {
    fileprivate let words: [UInt64]
    private var index = 0
    private var rest: UInt64

    fileprivate init(words: [UInt64]) {
      self.words = words
      rest = words.first ?? 0
    }

    package mutating func next() -> Int? {
      while rest == 0 {
        index += 1
        guard index < words.count else { return nil }
        rest = words[index]
      }
      defer { rest &= rest - 1 }
      return index * 64 + rest.trailingZeroBitCount
    }
  }

  package func makeIterator() -> Iterator { Iterator(words: words) }

  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  package var isEmpty: Bool { words.isEmpty }
  package var underestimatedCount: Int { count }
}

extension CPUSet: CustomStringConvertible {
  /// The list form: `0-3,8`.
  package var description: String {
    var ranges: [ClosedRange<Int>] = []
    for cpu in self {
      if let last = ranges.last, last.upperBound + 1 == cpu {
        ranges[ranges.count - 1] = last.lowerBound...cpu
      } else {
        ranges.append(cpu...cpu)
      }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}

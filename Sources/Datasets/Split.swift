// Samples held out of a set: of each class its share, drawn by the seed.
// The last samples of a file are often of one class or one source; they are nobody's fair test.

import PTrainDiagnostics
import PTrainMemory

/// How much of a set is held out.
public enum SplitSize: Equatable, Sendable, CustomStringConvertible {
  /// Samples in total, from each class in proportion.
  case count(Int)
  /// Of each class, above 0 and below 1.
  case share(Double)

  /// `500` or `0.1`; nil for anything that is neither a number of samples nor a share.
  public init?(_ text: String) {
    if let count = Int(text), count > 0 {
      self = .count(count)
    } else if text.contains("."), let share = Double(text), share > 0, share < 1 {
      self = .share(share)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .count(let count): String(count)
    case .share(let share): "\(share)"
    }
  }
}

extension ImageSet {
  /// The set without the samples held out, and those; each in the order of the set.
  ///
  /// The draw follows from `seed` and `purpose`. A class that has samples keeps at least one. Throws
  /// `.usage` where that leaves nothing to hold out or too little.
  package func split(
    _ size: SplitSize, seed: UInt64, purpose: RandomStream.Purpose
  ) throws(Failure) -> (kept: ImageSet, heldOut: ImageSet) {
    var classes = [[Int]](repeating: [], count: classNames.count)
    for (sample, label) in labels.enumerated() { classes[Int(label)].append(sample) }
    let quotas = try Self.quotas(size, of: classes.map(\.count))
    var isHeldOut = [Bool](repeating: false, count: count)
    for (label, quota) in quotas.enumerated() {
      var random = RandomSequence(
        RandomStream(seed: seed, purpose: purpose, sample: UInt32(label)))
      // The first `quota` places of a shuffle of the class (Fisher & Yates 1938).
      for place in 0..<quota {
        let rest = UInt32(classes[label].count - place)
        classes[label].swapAt(place, place + Int(random.next(below: rest)))
        isHeldOut[classes[label][place]] = true
      }
    }
    let kept = try samples(at: labels.indices.filter { !isHeldOut[$0] })
    return (kept, try samples(at: labels.indices.filter { isHeldOut[$0] }))
  }

  /// Samples to hold out of each class, by the classes' counts.
  private static func quotas(_ size: SplitSize, of counts: [Int]) throws(Failure) -> [Int] {
    let total = counts.reduce(0, +)
    // As many as leave one in each class.
    let most = total - counts.count(where: { $0 > 0 })
    var quotas: [Int]
    switch size {
    case .share(let share):
      quotas = counts.map { min(Int((share * Double($0)).rounded()), max($0 - 1, 0)) }
    case .count(let count):
      guard count <= most else {
        throw Failure(
          .usage,
          "\(count) samples cannot be held out: expected 1 to \(most) of the \(total) training samples, so that each class keeps one"
        )
      }
      quotas = counts.map { min(count * $0 / total, max($0 - 1, 0)) }
      // What rounding down left goes to the largest remainders, one each, in turns.
      let order = counts.indices.sorted {
        let (one, other) = (count * counts[$0] % total, count * counts[$1] % total)
        return one == other ? $0 < $1 : one > other
      }
      var left = count - quotas.reduce(0, +)
      while left > 0 {
        for label in order where left > 0 && quotas[label] + 1 < counts[label] {
          quotas[label] += 1
          left -= 1
        }
      }
    }
    guard quotas.contains(where: { $0 > 0 }) else {
      throw Failure(
        .usage, "a share of \(size) leaves no sample of any class to hold out; try a larger one")
    }
    return quotas
  }
}

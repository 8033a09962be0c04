// How much each class counts in the loss: against data that has many samples of one and few of another.

import PTrainDiagnostics

/// Weights of classes in the training loss.
public enum ClassWeights: Equatable, Sendable {
  /// Each class as a whole counts the same: samples in total over those of the class, over the classes.
  case balanced
  /// By the names of classes; those that are not named weigh 1.
  case named([String: Double])

  /// One factor a class, from the names and the sample counts of a training set.
  ///
  /// Throws `badData` for a name that is no class of the data.
  package func factors(names: [String], sampleCounts: [Int]) throws(Failure) -> [Float] {
    switch self {
    case .balanced:
      let total = Double(sampleCounts.reduce(0, +))
      let classCount = Double(sampleCounts.count { $0 > 0 })
      return sampleCounts.map { $0 == 0 ? 1 : Float(total / (classCount * Double($0))) }
    case .named(let weights):
      if let unknown = weights.keys.sorted().first(where: { !names.contains($0) }) {
        throw Failure(
          .badData,
          "classWeights: the data has no class `\(unknown.prefix(40))`; its classes are "
            + names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : ""))
      }
      return names.map { Float(weights[$0] ?? 1) }
    }
  }
}

extension ClassWeights {
  var form: DescriptionForm {
    switch self {
    case .balanced: .word("balanced")
    case .named(let weights):
      .named(weights.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
    }
  }
}

/// The value of `classWeights`: `none`, `balanced`, or a number for each name.
struct ClassWeightsChoice: Decodable {
  var weights: ClassWeights?

  init(from decoder: any Decoder) throws {
    switch try? decoder.singleValueContainer().decode(String.self) {
    case "none": weights = nil
    case "balanced": weights = .balanced
    case .some(let word):
      throw descriptionError(
        decoder.codingPath,
        "`classWeights` is `\(word.prefix(40))`, expected none, balanced or a number for each name")
    case nil:
      let keys = try DescriptionKeys(decoder, of: "classWeights")
      var named: [String: Double] = [:]
      for name in keys.names { named[name] = try keys.number(name, RecipeLimits.classWeight) }
      weights = .named(named)
    }
  }
}

// Which class a model took for which: precision, recall and F1 by class follow from it
// (the definitions are those of scikit-learn's classification_report).

/// Samples by their own class (row) and the predicted one (column).
package struct ConfusionMatrix: Equatable, Sendable {
  package let classCount: Int
  /// `[true class, predicted class]`.
  private var counts: [Int]

  /// Most classes of which a matrix is made: it has that many times that many counts.
  package static let classLimit = 1024

  static func isKept(_ classCount: Int) -> Bool { classCount <= classLimit }

  package init(classCount: Int) {
    self.classCount = classCount
    counts = [Int](repeating: 0, count: classCount * classCount)
  }

  /// A matrix as `rows` gives it; nil for one that is not square, or counts that no set has.
  package init?(rows: [[Int]]) {
    let limit = Int(Int32.max)
    guard
      rows.allSatisfy({ $0.count == rows.count && $0.allSatisfy { (0...limit).contains($0) } })
    else { return nil }
    classCount = rows.count
    counts = rows.flatMap { $0 }
  }

  package mutating func add(trueClass: Int, predicted: Int) {
    counts[trueClass * classCount + predicted] += 1
  }

  package subscript(trueClass: Int, predicted: Int) -> Int {
    counts[trueClass * classCount + predicted]
  }

  package var rows: [[Int]] {
    (0..<classCount).map { Array(counts[$0 * classCount..<($0 + 1) * classCount]) }
  }

  package var sampleCount: Int { counts.reduce(0, +) }
  package var correctCount: Int { (0..<classCount).reduce(0) { $0 + self[$1, $1] } }

  /// Samples of a class.
  package func sampleCount(of index: Int) -> Int {
    (0..<classCount).reduce(0) { $0 + self[index, $1] }
  }

  /// Samples that were taken for a class.
  package func predictedCount(of index: Int) -> Int {
    (0..<classCount).reduce(0) { $0 + self[$1, index] }
  }

  /// Share of the predictions of a class that are right, 0 to 1; nil where it was never predicted.
  package func precision(of index: Int) -> Double? {
    share(self[index, index], of: predictedCount(of: index))
  }

  /// Share of a class's samples that were found, 0 to 1; nil for a class without samples.
  package func recall(of index: Int) -> Double? {
    share(self[index, index], of: sampleCount(of: index))
  }

  /// Harmonic mean of precision and recall, 0 to 1; nil for a class that no sample has or was taken for.
  package func f1(of index: Int) -> Double? {
    share(2 * self[index, index], of: sampleCount(of: index) + predictedCount(of: index))
  }

  /// Percent: the mean recall of the classes that have samples; 0 without any.
  package var balancedAccuracy: Double {
    let recalls = (0..<classCount).compactMap(recall)
    return recalls.isEmpty ? 0 : 100 * recalls.reduce(0, +) / Double(recalls.count)
  }

  private func share(_ part: Int, of whole: Int) -> Double? {
    whole == 0 ? nil : Double(part) / Double(whole)
  }
}

// Losses on the network's output and their gradients.
// Cross-entropy trains classifiers, the half squared error the spreadsheet's network.

/// What is mixed into a sample: its target has `share` of the class `label` and the rest of its own.
package struct ReferenceMix: Sendable {
  package let label: Int
  package let share: Double

  package init(label: Int, share: Double) { (self.label, self.share) = (label, share) }
}

extension Reference {
  /// Softmax cross-entropy of logits `[N, K]` in nats, with label smoothing `s`:
  /// `loss[n] = −Σ target[k]·log p[k]`, `p = softmax(logits[n])`,
  /// `target[k] = (1 − s)·q[k] + s/K`, `q[k] = [k = label]`, or with a mix for each sample
  /// `q[k] = (1 − share)·[k = label] + share·[k = other]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func crossEntropyForward(
    logits: [Scalar], labels: [Int], mixes: [ReferenceMix] = [], labelSmoothing: Double = 0
  ) -> (losses: [Scalar], probabilities: [Scalar]) {
    let classes = logits.count / max(labels.count, 1)
    var losses: [Scalar] = []
    var probabilities: [Scalar] = []
    for (sample, label) in labels.enumerated() {
      let row = logits[sample * classes..<(sample + 1) * classes]
      let largest = row.max() ?? 0
      let powers = row.map { Scalar.exponential($0 - largest) }
      let sum = powers.reduce(0, +)
      let logSum = largest + Scalar.logarithm(sum)
      losses.append(
        zip(targets(label, mixes.isEmpty ? nil : mixes[sample], classes, labelSmoothing), row)
          .reduce(0) { $0 + $1.0 * (logSum - $1.1) })
      probabilities += powers.map { $0 / sum }
    }
    return (losses, probabilities)
  }

  /// `dlogits[n,k] = scale · (p[k] − target[k])`; the gradient of the mean loss with `scale = 1/N`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func crossEntropyBackward(
    probabilities: [Scalar], labels: [Int], mixes: [ReferenceMix] = [],
    labelSmoothing: Double = 0, scale: Scalar
  ) -> [Scalar] {
    let classes = probabilities.count / max(labels.count, 1)
    let target = labels.enumerated().flatMap { sample, label in
      targets(label, mixes.isEmpty ? nil : mixes[sample], classes, labelSmoothing)
    }
    return zip(probabilities, target).map { scale * ($0 - $1) }
  }

  /// Factor of each sample's loss and gradient with weights of classes: `w[label]` over its mean, so that
  /// the mean loss is `Σ w·l / Σ w`.
  package static func sampleFactors(labels: [Int], classWeights: [Float]) -> [Scalar] {
    guard !classWeights.isEmpty else { return labels.map { _ in 1 } }
    let weights = labels.map { Scalar(classWeights[$0]) }
    let mean = weights.reduce(0, +) / Scalar(labels.count)
    return weights.map { $0 / mean }
  }

  private static func targets(
    _ label: Int, _ mix: ReferenceMix?, _ classes: Int, _ smoothing: Double
  ) -> [Scalar] {
    let share = Scalar(smoothing) / Scalar(classes)
    var target = (0..<classes).map { $0 == label ? Scalar(1 - smoothing) + share : share }
    if let mix {
      let part = Scalar((1 - smoothing) * mix.share)
      target[label] -= part
      target[mix.label] += part
    }
    return target
  }

  /// `E[i] = ½(target[i] − output[i])²`, one term an output; the loss is their sum.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func halfSquaredErrorForward(outputs: [Scalar], targets: [Scalar]) -> [Scalar] {
    zip(outputs, targets).map { ($1 - $0) * ($1 - $0) / 2 }
  }

  /// `doutput[i] = output[i] − target[i]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func halfSquaredErrorBackward(outputs: [Scalar], targets: [Scalar]) -> [Scalar] {
    zip(outputs, targets).map(-)
  }
}

// From a sample's logits to its class and probabilities, the same on every machine.

import PTrainNetworks

package enum Probabilities {
  /// Index of the first largest logit, as the kernels count correct predictions; there must be one.
  package static func best(_ logits: some RandomAccessCollection<Float>) -> Int {
    var (best, largest) = (0, -Float.infinity)
    for (place, logit) in logits.enumerated() where logit > largest {
      (best, largest) = (place, logit)
    }
    return best
  }

  /// `p[k] = e^(logit[k] - max) / Σ e^(logit - max)`, in Double.
  package static func softmax(_ logits: some Collection<Float>) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let powers = logits.map { Elementary.exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// `ln Σ e^logit − logit[class]`, in Double.
  static func crossEntropy(_ logits: some RandomAccessCollection<Float>, of index: Int) -> Double {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + Elementary.exp(Double($1) - largest) }
    let own = logits[logits.index(logits.startIndex, offsetBy: index)]
    return Elementary.log(sum) + (largest - Double(own))
  }

  /// Classes by falling logit, equal ones in their own order; at most `count`.
  package static func top(_ count: Int, _ logits: some Collection<Float>) -> [Int] {
    let classes = Array(logits.enumerated()).sorted {
      ($0.element, $1.offset) > ($1.element, $0.offset)
    }
    return classes.prefix(count).map(\.offset)
  }
}

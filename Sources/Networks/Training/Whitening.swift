// A first convolution that whitens: its filters are the directions in which patches of the training images
// vary, each scaled so that they vary alike along all of them (Page 2019, Jordan 2024).

import PTrainDiagnostics

/// The convolution that a recipe's `whiten` sets.
package struct WhitenedConvolution: Sendable {
  /// Most values of a patch: the time for their products grows with the square.
  private static let sizeLimit = 256

  package let window: Window
  package let weight: StateTensor
  package let bias: StateTensor?

  private var filterCount: Int { weight.shape[0] }
  /// Values of a patch.
  private var size: Int { weight.fanIn }

  /// Throws `badData` for a network whose first layer with parameters cannot whiten the images.
  package init(of network: Network) throws(Failure) {
    guard let node = network.graph.nodes.first(where: { !$0.tensors.isEmpty }) else {
      preconditionFailure("a network has parameters")
    }
    func failure(_ text: String) -> Failure { Failure(.badData, "\(node.origin): whiten " + text) }
    guard case .convolution(let window, groups: 1) = node.operation, node.inputs == [Graph.image]
    else {
      throw failure(
        "needs a convolution of the images, not in groups, as the first layer with parameters")
    }
    self.window = window
    (weight, bias) = (node.tensor(.weight)!, node.tensor(.bias))
    guard size <= Self.sizeLimit else {
      throw failure("takes patches of up to \(Self.sizeLimit) values, the filters have \(size)")
    }
    guard filterCount <= 2 * size else {
      throw failure(
        "makes up to \(2 * size) filters of patches of \(size) values, there are \(filterCount)")
    }
  }

  /// The weight from the second moments `[size, size]` of patches: eigenvectors over `√(eigenvalue +
  /// epsilon)`, those of the largest eigenvalues first, behind them their negatives in the same order; of
  /// an odd number of filters the last vector has none.
  package func weights(moments: [Double], epsilon: Double) -> [Float] {
    let eigenvectors = Eigenvectors(ofSymmetric: moments, size: size)
    let count = (filterCount + 1) / 2
    let filters = zip(eigenvectors.values, eigenvectors.vectors).prefix(count).map {
      value, vector in
      let deviation = (max(value, 0) + epsilon).squareRoot()
      return vector.map { Float($0 / deviation) }
    }
    return (0..<filterCount).flatMap { filter in
      filter < count ? filters[filter] : filters[filter - count].map { -$0 }
    }
  }
}

extension Network {
  /// Values at the block's start that training leaves as they are: those of the first `freeze` layers, and
  /// the weight that `whiten` sets.
  ///
  /// Throws `badData` where no layer would be left to train, or none whitens.
  package func frozenCount(_ recipe: Recipe) throws(Failure) -> Int {
    let frozen = try valueCount(ofLayers: recipe.freeze)
    guard recipe.whiten > 0 else { return frozen }
    let convolution = try WhitenedConvolution(of: self)
    let count = max(frozen, convolution.weight.range.upperBound)
    guard layout.tensors.contains(where: { $0.isTrainable && $0.offset >= count }) else {
      throw Failure(
        .badData,
        "whiten: \(description.name) has no other parameters than the weight that it sets")
    }
    return count
  }
}

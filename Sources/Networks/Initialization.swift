// Initial parameters as PyTorch's layers draw them, from counter-based random numbers.
// Each tensor has a stream of its own: adding a layer leaves the earlier tensors as they were.

import PTrainMemory

extension ModelState {
  /// A model before training, as the description's recipe has its weights.
  ///
  /// Weights and biases of conv and dense layers are even on `±1/√fan_in` (PyTorch's defaults:
  /// He et al. 2015 with `a = √5`), BN starts as the identity, running statistics at 0 and 1.
  /// Element `e` of tensor `t` of the layout is drawn from element `e` of stream
  /// `(seed, initialization, sample: t)`. With `dirac` some filters are set afterwards: no draw is another.
  package static func initial(network: Network, seed: UInt64) -> ModelState {
    let tensors = network.layout.tensors
    var values = [Float](repeating: 0, count: network.layout.count)
    var bound: Float = 0
    for (index, tensor) in tensors.enumerated() {
      // A bias stands behind its weight and shares its bound.
      if tensor.role == .weight { bound = 1 / Float(tensor.fanIn).squareRoot() }
      switch tensor.role {
      case .weight, .bias:
        let stream = RandomStream(seed: seed, purpose: .initialization, sample: UInt32(index))
        for element in 0..<tensor.count {
          values[tensor.offset + element] = bound * (2 * stream.uniform(element: element) - 1)
        }
      case .scale, .runningVariance: for place in tensor.range { values[place] = 1 }
      case .shift, .runningMean: break
      }
    }
    if network.description.recipe.initialization == .dirac {
      for node in network.graph.nodes { node.passChannelsOn(&values) }
    }
    return ModelState(layout: network.layout, values: values)
  }
}

extension Node {
  /// Makes the first filters of a convolution of the block identities: of each group's `o` filters over `i`
  /// channels the first `min(o, i)`, each a 1 for the channel of its number at tap
  /// `[height / 2, width / 2]`, rounded down, and else zeros (PyTorch's `dirac_` on these filters).
  fileprivate func passChannelsOn(_ values: inout [Float]) {
    guard case .convolution(let window, let groups) = operation, let weight = tensor(.weight)
    else { return }
    let (filters, channels) = (weight.shape[0] / groups, weight.shape[1])
    let taps = window.height * window.width
    let centre = window.height / 2 * window.width + window.width / 2
    for group in 0..<groups {
      for channel in 0..<min(filters, channels) {
        let first = weight.offset + (group * filters + channel) * channels * taps
        for place in first..<first + channels * taps { values[place] = 0 }
        values[first + channel * taps + centre] = 1
      }
    }
  }
}

extension StateTensor {
  /// Inputs of one output of a weight `[out, in, …]`.
  var fanIn: Int { shape.dropFirst().reduce(1, *) }
}

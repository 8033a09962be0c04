// Initial parameters as PyTorch's layers draw them, from counter-based random numbers.
// Each tensor has a stream of its own: adding a layer leaves the earlier tensors as they were.

import PTrainMemory

extension ModelState {
  /// A model before training.
  ///
  /// Weights and biases of conv and dense layers are even on `±1/√fan_in` (PyTorch's defaults:
  /// He et al. 2015 with `a = √5`), BN starts as the identity, running statistics at 0 and 1.
  /// Element `e` of tensor `t` of the layout is drawn from element `e` of stream
  /// `(seed, initialization, sample: t)`.
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
    return ModelState(layout: network.layout, values: values)
  }
}

extension StateTensor {
  /// Inputs of one output of a weight `[out, in, …]`.
  var fanIn: Int { shape.dropFirst().reduce(1, *) }
}

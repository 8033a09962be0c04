// Backpropagation through a whole network on the reference layers.
// The gradient has the block's layout, so that an optimizer is one loop over both.

/// Gradients of one pass.
package struct ReferenceGradient<Scalar: ReferenceScalar>: Sendable {
  /// In the order of the network's layout; running statistics are 0.
  package var block: [Scalar]
  /// `[N, C, H, W]`, nil if not asked for.
  package var input: [Scalar]?
}

extension ReferenceNetwork {
  /// The gradient of a loss whose gradient by the output `[N, classes]` is `outputGradient`.
  package func backward(
    _ trace: Trace, outputGradient: [Scalar], wantsInput: Bool = false
  ) -> ReferenceGradient<Scalar> {
    precondition(outputGradient.count == trace.output.count)
    var block = [Scalar](repeating: 0, count: values.count)
    var gradient = outputGradient
    for index in network.layers.indices.reversed() {
      let isNeeded = index > 0 || wantsInput
      gradient = backwardLayer(index, trace, gradient, isNeeded, &block) ?? []
    }
    return ReferenceGradient(block: block, input: wantsInput ? gradient : nil)
  }

  /// Stores the layer's own gradients, returns its input's.
  private func backwardLayer(
    _ index: Int, _ trace: Trace, _ dy: [Scalar], _ wantsInput: Bool, _ block: inout [Scalar]
  ) -> [Scalar]? {
    let place = network.layers[index]
    switch (place.layer, trace.memos[index]) {
    case (.conv, _): return backwardConv(index, trace, dy, wantsInput, &block)
    case (.dense, _): return backwardDense(index, trace, dy, &block)
    case (.sigmoid, _): return Reference.sigmoidBackward(y: trace.outputs[index], dy: dy)
    case (.globalAveragePool, _):
      return Reference.averagePoolBackward(shape: place.input, dy: dy)
    case (_, .relu(let mask)): return Reference.reluBackward(mask: mask, dy: dy)
    case (_, .dropout(let mask)): return Reference.dropoutBackward(mask: mask, dy: dy)
    case (_, .maxPool(let places)):
      let count = trace.count * place.input.count
      return Reference.maxPoolBackward(inputCount: count, places: places, dy: dy)
    case (_, .batchNorm(let memo)):
      let gradient = Reference.batchNormBackward(
        shape: place.input, memo: memo, scale: tensor(index, .scale) ?? [], dy: dy)
      store(gradient.scale, index, .scale, in: &block)
      store(gradient.shift, index, .shift, in: &block)
      return gradient.input
    case (_, .nothing): return dy
    }
  }

  private func backwardConv(
    _ index: Int, _ trace: Trace, _ dz: [Scalar], _ wantsInput: Bool, _ block: inout [Scalar]
  ) -> [Scalar]? {
    let gradient = Reference.convBackward(
      convSizes(network.layers[index], trace.count), x: trace.input(of: index),
      weights: tensor(index, .weight) ?? [], dz: dz, wantsInput: wantsInput)
    store(gradient.weights, index, .weight, in: &block)
    store(gradient.bias, index, .bias, in: &block)
    return gradient.input
  }

  private func backwardDense(
    _ index: Int, _ trace: Trace, _ dz: [Scalar], _ block: inout [Scalar]
  ) -> [Scalar] {
    let place = network.layers[index]
    let gradient = Reference.denseBackward(
      inputs: place.input.count, outputs: place.output.count, x: trace.input(of: index),
      weights: tensor(index, .weight) ?? [], dz: dz)
    store(gradient.weights, index, .weight, in: &block)
    store(gradient.bias, index, .bias, in: &block)
    return gradient.input
  }
}

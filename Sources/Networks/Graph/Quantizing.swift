// Training as 8-bit integers will compute (Jacob et al. 2018): values and weights are seen as the nearest
// numbers of 8 bits, and gradients pass as if they were not rounded.

/// The form of 8-bit numbers `q`: they stand for `scale · (q − zeroPoint)`.
package struct NumberForm: Equatable, Sendable {
  /// Above 0.
  package let scale: Float
  /// -128 to 127.
  package let zeroPoint: Int

  package init(scale: Float, zeroPoint: Int) {
    precondition(scale > 0 && scale.isFinite && (-128...127).contains(zeroPoint))
    (self.scale, self.zeroPoint) = (scale, zeroPoint)
  }

  /// The smallest and the largest of the numbers, in scales.
  package var lowest: Float { Float(-128 - zeroPoint) }
  package var highest: Float { Float(127 - zeroPoint) }
}

/// The form of a node's value.
package struct ValueForm: Equatable, Sendable {
  /// Index in the graph of the description.
  package let node: Int
  package let form: NumberForm

  package init(node: Int, form: NumberForm) { (self.node, self.form) = (node, form) }
}

extension Network {
  /// The same parameters, read as 8-bit numbers; every reader of a node with a form sees its value in that
  /// form.
  ///
  /// - Parameter forms: at most one a node, at least one.
  package func quantizing(_ forms: [ValueForm]) -> Network {
    precondition(!forms.isEmpty, "values without forms are no 8-bit numbers")
    let formOf = Dictionary(uniqueKeysWithValues: forms.map { ($0.node, $0.form) })
    var nodes: [Node] = []
    // Where the readers of each value find it.
    var places = [Graph.image: Graph.image]
    for (index, node) in graph.nodes.enumerated() {
      places[index] = nodes.count
      nodes.append(
        Node(
          operation: node.operation, name: node.name, inputs: node.inputs.map { places[$0]! },
          output: node.output, tensors: node.tensors, origin: node.origin))
      guard let form = formOf[index] else { continue }
      places[index] = nodes.count
      nodes.append(
        Node(
          operation: .quantize(form), name: node.name, inputs: [nodes.count - 1],
          output: node.output, origin: node.origin))
    }
    return replacing(Graph(input: graph.input, nodes: nodes))
  }

  /// Whether weights are read as 8-bit numbers.
  package var isQuantizing: Bool {
    graph.nodes.contains { if case .quantize = $0.operation { true } else { false } }
  }

  /// A state with the weights that its layers read: of 8 bits where they are.
  package func seen(_ state: ModelState) -> ModelState {
    guard isQuantizing else { return state }
    var seen = state
    for node in graph.nodes {
      guard let weight = node.tensor(.weight) else { continue }
      state.values.withUnsafeBufferPointer { values in
        seen.values.withUnsafeMutableBufferPointer { result in
          node.quantizeWeights(
            values.baseAddress! + weight.offset, to: result.baseAddress! + weight.offset)
        }
      }
    }
    return seen
  }
}

extension Node {
  /// Writes the node's weights as the nearest of the numbers -127 to 127 times a scale: one an output of a
  /// convolution, one of a dense layer, as the quantiser has them.
  ///
  /// A batch normalisation behind a convolution multiplies an output's weights by one factor, and with
  /// them this scale: to quantise before that or after it is the same.
  ///
  /// - Parameters:
  ///   - weights: `[out, …]`.
  ///   - result: `[out, …]`, overwritten.
  package func quantizeWeights(
    _ weights: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>
  ) {
    guard let tensor = tensor(.weight) else { return }
    let rows = operation == .dense ? 1 : tensor.shape[0]
    let count = tensor.count / rows
    for row in 0..<rows {
      let places = row * count..<(row + 1) * count
      let largest = places.reduce(0) { max($0, abs(weights[$1])) }
      let scale = largest / 127
      for place in places {
        result[place] = scale > 0 ? (weights[place] / scale).rounded() * scale : 0
      }
    }
  }
}

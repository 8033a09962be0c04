// A node's output and its backward pass, made together by one switch over the operations.
// There is no case without a backward pass, so that none can be forgotten.

/// What a node leaves in a forward pass.
struct ReferenceStep<Scalar: ReferenceScalar>: Sendable {
  /// Decisions and statistics of the pass, for the running statistics and for other runs.
  enum Record: Sendable {
    case nothing
    case relu(mask: [Bool])
    case pieces([Int8])
    case maxPool(places: [Int])
    case batchNorm(ReferenceBatchNormMemo<Scalar>)
  }

  /// Gradients of a node.
  struct Gradient: Sendable {
    /// One for each input; none where they are not wanted.
    var inputs: [[Scalar]]
    var tensors: [(role: StateTensor.Role, values: [Scalar])] = []
  }

  /// `[N, C, H, W]`
  var output: [Scalar]
  var record = Record.nothing
  /// From the output's gradient; the inputs' may be left out where they are not wanted.
  var backward: @Sendable (_ dy: [Scalar], _ wantsInputs: Bool) -> Gradient

  /// A node of one input without tensors.
  init(
    _ output: [Scalar], record: Record = .nothing,
    backward: @escaping @Sendable (_ dy: [Scalar]) -> [Scalar]
  ) {
    self.init(output: output, record: record) { dy, _ in Gradient(inputs: [backward(dy)]) }
  }

  init(
    output: [Scalar], record: Record = .nothing,
    backward: @escaping @Sendable (_ dy: [Scalar], _ wantsInputs: Bool) -> Gradient
  ) {
    (self.output, self.record, self.backward) = (output, record, backward)
  }
}

extension ReferenceNetwork {
  typealias Step = ReferenceStep<Scalar>

  /// Runs node `index` on its inputs `x`, each `[N, C, H, W]`.
  func step(_ index: Int, _ x: [[Scalar]], _ count: Int, _ mode: Mode) -> Step {
    let node = network.graph.nodes[index]
    let input = network.graph.shape(of: node.inputs[0])
    switch node.operation {
    case .convolution(let window, let groups):
      return convolution(
        index, x[0],
        ReferenceConvSizes(
          count: count, input: input, output: node.output, window: window, groups: groups))
    case .dense: return dense(index, x[0], inputs: input.count, outputs: node.output.count)
    case .batchNorm(_, let epsilon): return batchNorm(index, x[0], epsilon, mode)
    case .activation(let function): return activation(function, index, x[0], mode)
    case .pool(let kind, let window):
      let sizes = ReferencePoolSizes(input: input, output: node.output, window: window)
      return pool(kind, sizes, index, x[0], mode)
    case .globalPool(let kind):
      return pool(kind, ReferencePoolSizes(whole: input), index, x[0], mode)
    case .flatten: return Step(x[0]) { $0 }
    case .dropout:
      guard mode.isTraining, let mask = mode.dropoutMasks[index] else { return Step(x[0]) { $0 } }
      return Step(Reference.dropoutForward(x: x[0], mask: mask)) {
        Reference.dropoutBackward(mask: mask, dy: $0)
      }
    case .add:
      return Step(output: Reference.addForward(x[0], x[1])) { dy, _ in .init(inputs: [dy, dy]) }
    case .concatenate:
      let sizes = node.inputs.map { network.graph.shape(of: $0).count }
      return Step(output: Reference.concatenateForward(x, samples: count)) { dy, _ in
        .init(inputs: Reference.concatenateBackward(sizes: sizes, dy: dy))
      }
    case .multiply:
      let (values, factor) = (x[0], x[1])
      return Step(output: Reference.multiplyForward(x: values, factor: factor)) { dy, _ in
        let gradient = Reference.multiplyBackward(x: values, factor: factor, dy: dy)
        return .init(inputs: [gradient.x, gradient.factor])
      }
    case .quantize(let form):
      let (y, pieces) = Reference.quantizeForward(
        x: x[0], form: form, pieces: mode.pieces[index], steps: mode.roundedSteps[index])
      return Step(y, record: .pieces(pieces)) {
        Reference.quantizeBackward(pieces: pieces, dy: $0)
      }
    }
  }

  private func convolution(_ index: Int, _ x: [Scalar], _ sizes: ReferenceConvSizes) -> Step {
    let (weights, bias) = (tensor(index, .weight) ?? [], tensor(index, .bias))
    let z = Reference.convForward(sizes, x: x, weights: weights, bias: bias)
    return Step(output: z) { dz, wantsInputs in
      let gradient = Reference.convBackward(
        sizes, x: x, weights: weights, dz: dz, wantsInput: wantsInputs)
      return .init(
        inputs: gradient.input.map { [$0] } ?? [],
        tensors: [(.weight, gradient.weights), (.bias, gradient.bias)])
    }
  }

  private func dense(_ index: Int, _ x: [Scalar], inputs: Int, outputs: Int) -> Step {
    let weights = tensor(index, .weight) ?? []
    let z = Reference.denseForward(
      inputs: inputs, outputs: outputs, x: x, weights: weights, bias: tensor(index, .bias))
    return Step(output: z) { dz, _ in
      let gradient = Reference.denseBackward(
        inputs: inputs, outputs: outputs, x: x, weights: weights, dz: dz)
      return .init(
        inputs: [gradient.input], tensors: [(.weight, gradient.weights), (.bias, gradient.bias)])
    }
  }

  private func batchNorm(_ index: Int, _ x: [Scalar], _ epsilon: Double, _ mode: Mode) -> Step {
    let shape = network.graph.nodes[index].output
    let scale = tensor(index, .scale) ?? []
    let running = (tensor(index, .runningMean) ?? [], tensor(index, .runningVariance) ?? [])
    let (y, memo) = Reference.batchNormForward(
      shape: shape, x: x, scale: scale, shift: tensor(index, .shift) ?? [],
      running: mode.isTraining ? nil : running, epsilon: epsilon)
    return Step(output: y, record: .batchNorm(memo)) { dy, _ in
      let gradient = Reference.batchNormBackward(shape: shape, memo: memo, scale: scale, dy: dy)
      return .init(
        inputs: [gradient.input], tensors: [(.scale, gradient.scale), (.shift, gradient.shift)])
    }
  }

  private func pool(
    _ kind: PoolKind, _ sizes: ReferencePoolSizes, _ index: Int, _ x: [Scalar], _ mode: Mode
  ) -> Step {
    guard kind == .maximum else {
      return Step(Reference.averagePoolForward(sizes, x: x)) {
        Reference.averagePoolBackward(sizes, dy: $0)
      }
    }
    let places = mode.poolPlaces[index] ?? Reference.maxPoolForward(sizes, x: x).places
    let count = x.count
    return Step(places.map { x[$0] }, record: .maxPool(places: places)) {
      Reference.maxPoolBackward(inputCount: count, places: places, dy: $0)
    }
  }
}

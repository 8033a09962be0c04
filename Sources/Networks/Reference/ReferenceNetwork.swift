// A whole network on the reference layers, one after the other.
// Every layer's output can be read, and ReLU masks of another run can be put in.

/// A network with its block of values, run in plain loops on one thread.
package struct ReferenceNetwork<Scalar: ReferenceScalar>: Sendable {
  package let network: Network
  /// Parameters and running statistics, in the order of `network.layout`.
  package var values: [Scalar]

  package init(network: Network, values: [Scalar]) {
    precondition(values.count == network.layout.count)
    self.network = network
    self.values = values
  }

  package init(network: Network, state: ModelState) {
    self.init(network: network, values: state.values.map { Scalar($0) })
  }

  /// A tensor's values by PyTorch's name.
  package subscript(name: String) -> [Scalar]? {
    network.layout[name].map { Array(values[$0.range]) }
  }
}

/// How a forward pass runs; dictionaries are keyed by the layer's index, counted from 0.
package struct ReferenceMode<Scalar: ReferenceScalar>: Sendable {
  /// Batch statistics and dropout instead of running statistics and none.
  package var isTraining: Bool
  /// Factors `[N, C, H, W]` of dropout layers in training; a layer without keeps everything.
  package var dropoutMasks: [Int: [Scalar]]
  /// ReLU masks to use instead of `x > 0`.
  package var reluMasks: [Int: [Bool]]
  /// Places in `[N, C, H, W]` of max-pooling's input to use instead of the maxima's.
  package var poolPlaces: [Int: [Int]] = [:]

  package init(
    isTraining: Bool, dropoutMasks: [Int: [Scalar]] = [:], reluMasks: [Int: [Bool]] = [:]
  ) {
    self.isTraining = isTraining
    self.dropoutMasks = dropoutMasks
    self.reluMasks = reluMasks
  }

  package static var evaluation: Self { Self(isTraining: false) }
}

/// What a forward pass leaves: every output, and what backward needs besides.
package struct ReferenceTrace<Scalar: ReferenceScalar>: Sendable {
  enum Memo: Sendable {
    case nothing
    case relu(mask: [Bool])
    case dropout(mask: [Scalar])
    case maxPool(places: [Int])
    case batchNorm(ReferenceBatchNormMemo<Scalar>)
  }

  /// Samples.
  package let count: Int
  package let input: [Scalar]
  /// Each layer's output, `[N, C, H, W]`.
  package internal(set) var outputs: [[Scalar]] = []
  var memos: [Memo] = []

  /// The last layer's output, `[N, classes]`.
  package var output: [Scalar] { outputs.last ?? input }

  /// The masks of the ReLU layers by layer index, for `ReferenceMode.reluMasks` of another run.
  package var reluMasks: [Int: [Bool]] {
    var masks: [Int: [Bool]] = [:]
    for (index, memo) in memos.enumerated() {
      if case .relu(let mask) = memo { masks[index] = mask }
    }
    return masks
  }

  func input(of layer: Int) -> [Scalar] { layer == 0 ? input : outputs[layer - 1] }
}

extension ReferenceNetwork {
  package typealias Mode = ReferenceMode<Scalar>
  package typealias Trace = ReferenceTrace<Scalar>

  /// Runs `input [N, C, H, W]` through every layer; values stay as they are.
  package func forward(_ input: [Scalar], mode: Mode) -> Trace {
    precondition(!input.isEmpty && input.count % network.input.count == 0)
    var trace = Trace(count: input.count / network.input.count, input: input)
    for index in network.layers.indices {
      let (output, memo) = forwardLayer(index, trace.input(of: index), trace.count, mode)
      trace.outputs.append(output)
      trace.memos.append(memo)
    }
    return trace
  }

  private func forwardLayer(
    _ index: Int, _ x: [Scalar], _ count: Int, _ mode: Mode
  ) -> ([Scalar], Trace.Memo) {
    let place = network.layers[index]
    switch place.layer {
    case .conv:
      let weights = tensor(index, .weight) ?? []
      let sizes = convSizes(place, count)
      let bias = tensor(index, .bias)
      return (Reference.convForward(sizes, x: x, weights: weights, bias: bias), .nothing)
    case .relu:
      let (y, mask) = Reference.reluForward(x: x, mask: mode.reluMasks[index])
      return (y, .relu(mask: mask))
    case .sigmoid: return (Reference.sigmoidForward(x: x), .nothing)
    case .batchNorm: return batchNorm(index, x, mode)
    case .maxPool(let size):
      if let places = mode.poolPlaces[index] {
        return (places.map { x[$0] }, .maxPool(places: places))
      }
      let (y, places) = Reference.maxPoolForward(shape: place.input, size: size, x: x)
      return (y, .maxPool(places: places))
    case .globalAveragePool:
      return (Reference.averagePoolForward(shape: place.input, x: x), .nothing)
    case .dropout:
      guard mode.isTraining, let mask = mode.dropoutMasks[index] else { return (x, .nothing) }
      return (Reference.dropoutForward(x: x, mask: mask), .dropout(mask: mask))
    case .dense:
      let z = Reference.denseForward(
        inputs: place.input.count, outputs: place.output.count, x: x,
        weights: tensor(index, .weight) ?? [], bias: tensor(index, .bias))
      return (z, .nothing)
    }
  }

  private func batchNorm(_ index: Int, _ x: [Scalar], _ mode: Mode) -> ([Scalar], Trace.Memo) {
    let running = (tensor(index, .runningMean) ?? [], tensor(index, .runningVariance) ?? [])
    let (y, memo) = Reference.batchNormForward(
      shape: network.layers[index].input, x: x, scale: tensor(index, .scale) ?? [],
      shift: tensor(index, .shift) ?? [], running: mode.isTraining ? nil : running)
    return (y, .batchNorm(memo))
  }

  /// Moves the running statistics towards those of a training pass.
  package mutating func updateRunningStatistics(from trace: Trace) {
    for (index, memo) in trace.memos.enumerated() {
      guard case .batchNorm(let memo) = memo, var mean = tensor(index, .runningMean),
        var variance = tensor(index, .runningVariance)
      else { continue }
      Reference.batchNormRunning(
        shape: network.layers[index].input, count: trace.count, memo: memo, mean: &mean,
        variance: &variance)
      store(mean, index, .runningMean, in: &values)
      store(variance, index, .runningVariance, in: &values)
    }
  }

  func convSizes(_ place: NetworkLayer, _ count: Int) -> ReferenceConvSizes {
    guard case .conv(let filters, let kernel, let stride, let padding, _) = place.layer else {
      preconditionFailure("not a convolution")
    }
    return ReferenceConvSizes(
      count: count, input: place.input, filters: filters, kernel: kernel, stride: stride,
      padding: padding)
  }

  func tensor(_ layer: Int, _ role: StateTensor.Role) -> [Scalar]? {
    network.layers[layer].tensors.first { $0.role == role }.map { Array(values[$0.range]) }
  }

  func store(_ part: [Scalar], _ layer: Int, _ role: StateTensor.Role, in block: inout [Scalar]) {
    guard let tensor = network.layers[layer].tensors.first(where: { $0.role == role }) else {
      return
    }
    block.replaceSubrange(tensor.range, with: part)
  }
}

// Compiles a network into units, refusing by name what the kernels cannot fuse.
// The grammar: (conv | dense) [relu | batchNorm]* [maxPool] [globalAveragePool] [dropout].

import Diagnostics
import KernelTypes
import Networks

/// A network as a list of units, ready to be given buffers.
package struct Plan: Sendable {
  package let network: Network
  let units: [Unit]
  /// One entry a unit.
  let tensors: [UnitTensors]

  /// - Throws: `Failure(.usage)` naming the layer that the engine cannot train.
  package init(_ network: Network) throws {
    self.network = network
    var compiler = PlanCompiler()
    for (index, layer) in network.layers.enumerated() { try compiler.add(layer, at: index) }
    units = try compiler.finish()
    tensors = compiler.tensors
  }
}

private struct PlanCompiler {
  private var units: [Unit] = []
  private(set) var tensors: [UnitTensors] = []

  mutating func add(_ layer: NetworkLayer, at index: Int) throws {
    switch layer.layer {
    case .conv(_, let kernel, let stride, let padding, _):
      try require(units.allSatisfy { !$0.isGloballyPooled && !$0.isDense }, layer, index)
      append(layer, kernel: kernel, stride: stride, padding: padding)
    case .dense:
      try require(!units.isEmpty, layer, index)
      append(layer, kernel: 1, stride: 1, padding: 0)
    default:
      try require(!units.isEmpty, layer, index)
      let last = units.count - 1
      try extend(&units[last], &tensors[last], with: layer, at: index)
    }
  }

  func finish() throws -> [Unit] {
    guard let last = units.last, last.isDense, last.isPlain else {
      throw Failure(
        .usage, "model: the last layer must be a dense layer that gives one logit a class")
    }
    var result = units
    result[0].isAffine = units[0].isAffineInImage && !units[1].isDense
    return result
  }

  private mutating func append(_ layer: NetworkLayer, kernel: Int, stride: Int, padding: Int) {
    var isDense = false
    if case .dense = layer.layer { isDense = true }
    let geometry = ConvGeometry(
      inputChannels: layer.input.channels, outputChannels: layer.output.channels,
      inputHeight: isDense ? 1 : layer.input.height,
      inputWidth: isDense ? shardSize : layer.input.width,
      kernel: kernel, stride: stride, padding: padding,
      isPlane: units.isEmpty && layer.input.channels == 1)
    let bias = layer.tensors.first { $0.role == .bias }
    units.append(Unit(isDense: isDense, geometry: geometry, hasBias: bias != nil))
    tensors.append(
      UnitTensors(
        name: layer.name, weight: layer.tensors.first { $0.role == .weight }!, bias: bias))
  }

  private func extend(
    _ unit: inout Unit, _ tensors: inout UnitTensors, with layer: NetworkLayer, at index: Int
  ) throws {
    switch layer.layer {
    case .relu:
      try require(
        !unit.reluBefore && !unit.reluAfter && unit.isBeforeReduction, layer, index)
      if !unit.hasBatchNorm { unit.reluBefore = true } else { unit.reluAfter = true }
    case .batchNorm:
      try require(
        !unit.hasBatchNorm && unit.window == 1 && unit.isBeforeReduction, layer, index)
      unit.hasBatchNorm = true
      tensors.batchNorm = BatchNormTensors(layer.tensors)
    case .maxPool(let size):
      try require(unit.window == 1 && unit.isBeforeReduction && !unit.isDense, layer, index)
      unit.window = size
    case .globalAveragePool:
      try require(unit.isBeforeReduction && !unit.isDense, layer, index)
      unit.isGloballyPooled = true
    case .dropout(let rate):
      try require(unit.dropout == nil, layer, index)
      unit.dropout = Dropout(rate: Float(rate), stream: 0x100 + UInt32(index))
    default:
      try require(false, layer, index)
    }
  }

  private func require(_ condition: Bool, _ layer: NetworkLayer, _ index: Int) throws {
    guard !condition else { return }
    let previous = tensors.last.map { "after \($0.name) and what follows it" } ?? "as first layer"
    throw Failure(
      .usage,
      "model: layer \(index + 1) (\(layer.name)) is not supported \(previous); a unit is conv or "
        + "dense, then relu and batchNorm in either order, maxPool, globalAveragePool, dropout")
  }
}

extension Unit {
  /// Nothing but the layer itself: the form of the last one, whose output are the logits.
  fileprivate var isPlain: Bool {
    !hasBatchNorm && !reluBefore && !reluAfter && dropout == nil
  }

  fileprivate var isBeforeReduction: Bool { !isGloballyPooled && dropout == nil }

  /// Whether the output is `relu(scale·conv(image) + shift)` and nothing else.
  fileprivate var isAffineInImage: Bool {
    !isDense && geometry.isPlane && !hasBias && !reluBefore && hasBatchNorm && reluAfter
      && window == 1 && isBeforeReduction
  }
}

extension BatchNormTensors {
  fileprivate init(_ tensors: [StateTensor]) {
    func tensor(_ role: StateTensor.Role) -> StateTensor { tensors.first { $0.role == role }! }
    self.init(
      scale: tensor(.scale), shift: tensor(.shift), runningMean: tensor(.runningMean),
      runningVariance: tensor(.runningVariance))
  }
}

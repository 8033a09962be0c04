// A network as a PyTorch function of its tensors, one line an operation, so that a model file can be used
// without writing the network again.
// Vectors are [N, F] behind flatten and dense layers, as PyTorch has them.

import PTrainArtifacts
import PTrainNetworks

/// The lines of `def logits(image)`, which reads tensors from the dictionary `p`.
struct TorchCode {
  private struct Value {
    var name: String
    var isFlat: Bool
  }

  private let graph: Graph
  private(set) var lines: [String]
  private var values: [Int: Value] = [:]

  init(_ model: TrainedModel) {
    graph = model.network.graph
    let input = model.network.input
    let normalization = model.normalization
    let isBytes = normalization.pixelType == .byte
    let (means, deviations) = (normalization.means, normalization.standardDeviations)
    lines = [
      "def logits(image):  # float [N, \(input.channels), \(input.height), \(input.width)]"
        + (isBytes ? " from 0 to 255" : ""),
      "    x = (image\(isBytes ? " / 255" : "") - \(Self.perChannel(means)))"
        + " / \(Self.perChannel(deviations))",
    ]
    values[Graph.image] = Value(name: "x", isFlat: false)
    for index in graph.nodes.indices { append(index) }
    let last = values[graph.nodes.count - 1]!
    lines.append("    return \(last.isFlat ? last.name : last.name + ".flatten(1)")")
  }

  private static func perChannel(_ values: [Float]) -> String {
    guard values.count > 1 else { return "\(values[0])" }
    return "torch.tensor([\(values.map { "\($0)" }.joined(separator: ", "))]).view(-1, 1, 1)"
  }

  private mutating func append(_ index: Int) {
    let node = graph.nodes[index]
    let inputs = node.inputs.map { values[$0]! }
    if case .dropout = node.operation {
      values[index] = inputs[0]
      return
    }
    let (code, isFlat) = expression(node, inputs)
    let value = Value(name: name(of: index), isFlat: isFlat)
    lines.append("    \(value.name) = \(code)")
    values[index] = value
  }

  /// `x` for what the next line alone reads.
  private func name(of index: Int) -> String {
    var reader = index
    // Dropout is no line: who reads it reads this value.
    repeat {
      let readers = graph.readers(of: reader)
      guard readers.allSatisfy({ $0 == reader + 1 }), readers.count <= 1 else { return "v\(index)" }
      reader += 1
    } while reader < graph.nodes.count && graph.nodes[reader].isDropout
    return "x"
  }

  private func expression(_ node: Node, _ inputs: [Value]) -> (code: String, isFlat: Bool) {
    let x = inputs[0].name
    let vector = inputs[0].isFlat ? x : x + ".flatten(1)"
    switch node.operation {
    case .convolution(let window, let groups):
      return ("F.conv2d(\(list(convolution(node, x, window, groups))))", false)
    case .dense: return ("F.linear(\(list([vector] + parameters(node, [.weight, .bias]))))", true)
    case .batchNorm(_, let epsilon):
      let parts = parameters(node, [.runningMean, .runningVariance, .scale, .shift])
      return ("F.batch_norm(\(list([x] + parts + ["eps=\(epsilon)"])))", inputs[0].isFlat)
    case .activation(let function): return (function.torchCall(x), inputs[0].isFlat)
    case .pool(.maximum, let window):
      let padded = pad(x, window, value: ", value=float(\"-inf\")")
      return ("F.max_pool2d(\(list([padded] + size(window))))", false)
    case .pool(.average, let window): return (average(x, window), false)
    case .globalPool(.maximum): return ("\(x).amax((2, 3), keepdim=True)", false)
    case .globalPool(.average): return ("\(x).mean((2, 3), keepdim=True)", false)
    case .flatten: return (vector, true)
    case .dropout, .quantize: return (x, inputs[0].isFlat)
    case .add, .concatenate: return joined(node.operation, inputs)
    case .multiply:
      let factor = inputs[1]
      let isRaised = factor.isFlat && !inputs[0].isFlat
      let isLowered = inputs[0].isFlat && !factor.isFlat
      let suffix = isRaised ? "[:, :, None, None]" : isLowered ? ".flatten(1)" : ""
      return ("\(x) * \(factor.name)\(suffix)", inputs[0].isFlat)
    }
  }

  private func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }

  private func parameters(_ node: Node, _ roles: [StateTensor.Role]) -> [String] {
    roles.compactMap { node.tensor($0) }.map { "p[\"\($0.name)\"]" }
  }

  private func convolution(
    _ node: Node, _ x: String, _ window: Window, _ groups: Int
  ) -> [String] {
    let padding = window.padding
    let isEven = padding.top == padding.bottom && padding.left == padding.right
    var parts = [isEven ? x : pad(x, window, value: "")]
    parts += parameters(node, [.weight, .bias])
    let strides = (window.verticalStride, window.horizontalStride)
    if strides != (1, 1) { parts.append("stride=\(strides)") }
    if isEven, padding != .none { parts.append("padding=(\(padding.top), \(padding.left))") }
    if window.dilation > 1 { parts.append("dilation=\(window.dilation)") }
    if groups > 1 { parts.append("groups=\(groups)") }
    return parts
  }

  private func pad(_ x: String, _ window: Window, value: String) -> String {
    let padding = window.padding
    guard padding != .none else { return x }
    let sides = "(\(padding.left), \(padding.right), \(padding.top), \(padding.bottom))"
    return "F.pad(\(x), \(sides)\(value))"
  }

  private func size(_ window: Window) -> [String] {
    [
      "(\(window.height), \(window.width))",
      "(\(window.verticalStride), \(window.horizontalStride))",
    ]
  }

  /// Padding does not count: what a window sums is divided by how much of it lies inside the image.
  private func average(_ x: String, _ window: Window) -> String {
    let padded = pad(x, window, value: "")
    let sum = "F.avg_pool2d(\(list([padded] + size(window))))"
    guard window.padding != .none else { return sum }
    let ones = pad("torch.ones_like(\(x))", window, value: "")
    return "\(sum) / F.avg_pool2d(\(list([ones] + size(window))))"
  }

  /// Vectors beside planes of one pixel become vectors all.
  private func joined(_ operation: PTrainNetworks.Operation, _ inputs: [Value]) -> (String, Bool) {
    let isFlat = inputs.contains(where: \.isFlat)
    let names = inputs.map { isFlat && !$0.isFlat ? $0.name + ".flatten(1)" : $0.name }
    if operation == .add { return (names.joined(separator: " + "), isFlat) }
    return ("torch.cat([\(list(names))], dim=1)", isFlat)
  }
}

extension Node {
  fileprivate var isDropout: Bool {
    if case .dropout = operation { return true }
    return false
  }
}

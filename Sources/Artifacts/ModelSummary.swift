// A model's layers, shapes and parameter counts as PyTorch users know them from torchsummary 1.5.1,
// to the character, so that the two can be compared with diff.

import PTrainNetworks

/// The table of a network.
package struct ModelSummary {
  package struct Row: Equatable, Sendable {
    /// `Conv2d-1`.
    package var title: String
    /// Of one sample, without the batch's axis.
    package var shape: [Int]
    package var parameterCount: Int
  }

  private let inputCount: Int
  package let rows: [Row]

  package init(_ network: Network) {
    inputCount = network.input.count
    var rows: [Row] = []
    // Global pools are function calls in PyTorch, which the table does not show; with the pixels gone,
    // what follows them is a vector.
    var vectors: Set<Int> = []
    for (index, node) in network.graph.nodes.enumerated() {
      let isVector =
        Self.leavesVector(node) ?? node.inputs.prefix(1).contains(where: vectors.contains)
      if isVector { vectors.insert(index) }
      guard let kind = Self.torchName(node.operation, isVector: isVector) else { continue }
      let output = node.output
      rows.append(
        Row(
          title: "\(kind)-\(rows.count + 1)",
          shape: isVector ? [output.count] : [output.channels, output.height, output.width],
          parameterCount: node.tensors.filter(\.isTrainable).reduce(0) { $0 + $1.count }))
    }
    self.rows = rows
  }

  /// Nil where the input decides.
  private static func leavesVector(_ node: Node) -> Bool? {
    switch node.operation {
    case .dense, .globalPool, .flatten: true
    case .convolution, .pool: false
    case .batchNorm, .activation, .dropout, .add, .concatenate, .multiply, .quantize: nil
    }
  }

  /// The module's name; nil for what is a function call in PyTorch.
  private static func torchName(_ operation: PTrainNetworks.Operation, isVector: Bool) -> String? {
    switch operation {
    case .convolution: "Conv2d"
    case .activation(let function): function.torchModule
    case .batchNorm: isVector ? "BatchNorm1d" : "BatchNorm2d"
    case .pool(.maximum, _): "MaxPool2d"
    case .pool(.average, _): "AvgPool2d"
    case .dropout: "Dropout"
    case .dense: "Linear"
    case .flatten: "Flatten"
    case .globalPool, .add, .concatenate, .multiply, .quantize: nil
    }
  }

  /// The whole table, with a line feed at its end.
  package var text: String {
    let dashes = String(repeating: "-", count: 64)
    let equals = String(repeating: "=", count: 64)
    let head = [dashes, Self.line("Layer (type)", "Output Shape", "Param #"), equals]
    let body = rows.map { row in
      Self.line(row.title, Self.shapeText(row.shape), grouped(row.parameterCount))
    }
    let lines = head + body + [equals] + parameterLines + [dashes] + sizeLines + [dashes]
    return lines.map { $0 + "\n" }.joined()
  }

  private static func line(_ title: String, _ shape: String, _ parameters: String) -> String {
    title.leftPadded(to: 20) + "  " + shape.leftPadded(to: 25) + " "
      + parameters.leftPadded(to: 15)
  }

  private static func shapeText(_ shape: [Int]) -> String {
    "[" + ([-1] + shape).map(String.init).joined(separator: ", ") + "]"
  }

  private var parameterCount: Int { rows.reduce(0) { $0 + $1.parameterCount } }

  private var parameterLines: [String] {
    [
      "Total params: \(grouped(parameterCount))",
      "Trainable params: \(grouped(parameterCount))",
      "Non-trainable params: 0",
    ]
  }

  /// Megabytes of one sample at 4 bytes a value; forward and backward count each output twice.
  private var sizeLines: [String] {
    let megabyte = 1024.0 * 1024.0
    let outputCount = rows.reduce(0) { $0 + $1.shape.reduce(1, *) }
    let input = Double(inputCount) * 4 / megabyte
    let activations = 2 * Double(outputCount) * 4 / megabyte
    let parameters = Double(parameterCount) * 4 / megabyte
    return [
      "Input size (MB): \(fixed(input, 2))",
      "Forward/backward pass size (MB): \(fixed(activations, 2))",
      "Params size (MB): \(fixed(parameters, 2))",
      "Estimated Total Size (MB): \(fixed(parameters + activations + input, 2))",
    ]
  }
}

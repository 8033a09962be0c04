// The trained network for the page's own interpreter: the inference steps, batch normalisation folded
// where that is exact, and their weights as one block of float32.

import FoundationEssentials
import PTrainArtifacts
import PTrainInterchange
import PTrainNetworks

extension RunPage {
  /// Most bytes of weights that a page holds; base64 makes a third more of them.
  private static let weightByteLimit = 2_000_000

  /// Steps and weights, or the reason why the page has none.
  var networkContent: JSONText {
    let input = model.network.input
    guard input.channels == 1 || input.channels == 3 else {
      return absence(
        "The network takes images of \(input.channels) channels, which nobody can draw.")
    }
    guard model.normalization.pixelType == .byte else {
      return absence("The network takes measurements, not pictures, which nobody can draw.")
    }
    let byteCount = model.network.layout.count * MemoryLayout<Float>.size
    guard byteCount <= Self.weightByteLimit else {
      return absence(
        "The network’s weights, \(fixed(Double(byteCount) / 1e6, 1)) MB, are more than the 2 MB that a "
          + "page holds: use ptrain predict.")
    }
    var block = WeightBlock()
    let steps = model.inferenceSteps.foldingBatchNorm.map { step in
      JSONText.object(
        .init(
          block.fields(of: step.operation) + [
            (key: "inputs", value: .integers(step.inputs)),
            (key: "value", value: .integer(step.value)),
          ]))
    }
    let normalization = model.normalization
    func numbers(_ values: [Float]) -> JSONText { .array(values.map { .number(Double($0)) }) }
    return .object([
      "input": .integers([input.channels, input.height, input.width]),
      "mean": numbers(normalization.means),
      "deviation": numbers(normalization.standardDeviations),
      "steps": .array(steps), "weights": .string(block.base64),
    ])
  }

  private func absence(_ reason: String) -> JSONText {
    .object(["absence": .string(reason), "weights": .null])
  }
}

/// Values behind one another; a step tells where its own begin and how many they are.
private struct WeightBlock {
  private var values: [Float] = []

  /// Little-endian, as is everything that ptrain runs on.
  var base64: String { values.withUnsafeBytes { Data($0) }.base64EncodedString() }

  private mutating func place(_ part: [Float]) -> JSONText {
    defer { values += part }
    return .integers([values.count, part.count])
  }

  mutating func fields(of operation: InferenceOperation) -> [(key: String, value: JSONText)] {
    func named(
      _ name: String, _ fields: JSONText.KeyValuePairs = [:]
    ) -> [(key: String, value: JSONText)] {
      [(key: "operation", value: .string(name))] + fields.fields
    }
    switch operation {
    case .convolution(let weights, let window):
      return named("convolution", ["window": window.json, "groups": .integer(weights.groups)])
        + fields(of: weights)
    case .dense(let weights): return named("dense") + fields(of: weights)
    case .batchNorm(let norm):
      return named(
        "batchNorm",
        [
          "scale": place(norm.scale), "shift": place(norm.shift), "mean": place(norm.mean),
          "variance": place(norm.variance), "epsilon": .number(norm.epsilon),
        ])
    case .activation(let function):
      var slope: Double?
      if case .leakyRelu(let value) = function { slope = value }
      return named("activation", ["name": .string(function.word), "slope": .optional(slope)])
    case .pool(let kind, let window):
      return named("pool", ["kind": .string(kind.rawValue), "window": window.json])
    case .globalPool(let kind): return named("globalPool", ["kind": .string(kind.rawValue)])
    case .flatten: return named("flatten")
    case .add: return named("add")
    case .concatenate: return named("concatenate")
    case .multiply: return named("multiply")
    }
  }

  private mutating func fields(of weights: LinearWeights) -> [(key: String, value: JSONText)] {
    [
      (key: "shape", value: .integers(weights.shape)),
      (key: "weights", value: place(weights.values)),
      (key: "bias", value: weights.bias.map { place($0) } ?? .null),
    ]
  }
}

extension Window {
  fileprivate var json: JSONText {
    .object([
      "kernel": .integers([height, width]),
      "stride": .integers([verticalStride, horizontalStride]),
      "padding": .integers([padding.top, padding.left, padding.bottom, padding.right]),
      "dilation": .integer(dilation),
    ])
  }
}

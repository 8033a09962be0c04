// A network in 8-bit integers to a graph of int8 tensors: every number as it stands there.

import PTrainDiagnostics
import PTrainNetworks

struct TFLiteIntegerBuilder {
  private let network: QuantizedNetwork
  private(set) var graph = TFLiteGraph()
  /// By value of the network.
  private var tensors: [Int] = []

  init(_ network: QuantizedNetwork) { self.network = network }

  /// The image `byte - 128`.
  var input: Int { tensors[0] }

  /// Appends all steps, returns the logits. Throws `badData` with the layer's name where there is no
  /// operator for a step.
  mutating func build() throws(Failure) -> Int {
    let image = network.values[0]
    tensors = [graph.add(tensor("image", image.shape.tensorShape, image))]
    for (index, step) in network.steps.enumerated() {
      tensors.append(try append(step, network.output(of: index)))
    }
    let logits = graph.flattened(tensors.last!)
    graph.rename(logits, "logits")
    return logits
  }

  private mutating func append(
    _ step: QuantizedStep, _ result: QuantizedValue
  ) throws(Failure) -> Int {
    let inputs = step.inputs.map { tensors[$0] }
    let x = inputs[0]
    let source = network.values[step.inputs[0]]
    switch step.operation {
    case .convolution(let weights, let window):
      let output = value(step.name, result)
      graph.convolve(
        x, kernel: kernel(step.name, weights, dimension: 0),
        bias: bias(step.name, weights, source),
        TFLiteWindow(window, input: source.shape, output: result.shape), multiplier: nil,
        step.activation, into: output)
      return output
    case .depthwiseConvolution(let weights, let window):
      let output = value(step.name, result)
      graph.convolve(
        x, kernel: kernel(step.name, weights, dimension: 3),
        bias: bias(step.name, weights, source),
        TFLiteWindow(window, input: source.shape, output: result.shape),
        multiplier: weights.outputCount / source.shape.channels, step.activation, into: output)
      return output
    case .dense(let weights):
      let output = graph.add(tensor(step.name, [1, weights.outputCount], result))
      let parts = [
        x, kernel(step.name, weights, dimension: 0), bias(step.name, weights, source),
      ]
      graph.append(.fullyConnected, .fullyConnected(step.activation), parts, into: output)
      return output
    case .pool(let kind, let window):
      let window = TFLiteWindow(window, input: source.shape, output: result.shape)
      guard kind == .maximum || window.border == .none else {
        throw Failure(
          .badData,
          "\(step.name): an average pool with this padding has no int8 operator in TensorFlow Lite; "
            + "expected padding 0 or same")
      }
      let output = value(step.name, result)
      graph.pool(kind, x, window, into: output)
      return output
    case .mean:
      return elementwise(
        .mean, .reducerKeepingDimensions, [x, graph.parameter([1, 2])], step, result)
    case .flatten: return graph.flattened(x)
    case .add:
      return elementwise(.add, .add(step.activation), graph.ofOneRank(inputs), step, result)
    case .multiply:
      let factor = graph.factor(inputs[1], of: x)
      return elementwise(.mul, .mul(step.activation), [x, factor], step, result)
    case .concatenate:
      let parts = graph.ofOneRank(inputs)
      let isFlat = graph.tensors[parts[0]].shape.count == 2
      let shape = isFlat ? [1, result.shape.channels] : result.shape.tensorShape
      let output = graph.add(tensor(step.name, shape, result))
      graph.concatenate(parts, into: output)
      return output
    case .rescale:
      switch step.activation {
      case .none: return elementwise(.quantize, .quantize, inputs, step, result)
      case .relu: return elementwise(.relu, nil, inputs, step, result)
      case .relu6: return elementwise(.relu6, nil, inputs, step, result)
      }
    case .leakyRelu(let slope):
      return elementwise(.leakyRelu, .leakyRelu(slope), inputs, step, result)
    }
  }

  // MARK: Tensors

  private func tensor(_ name: String, _ shape: [Int], _ value: QuantizedValue) -> TFLiteTensor {
    TFLiteTensor(
      name: name, shape: shape, type: .int8,
      quantization: TFLiteQuantization(scales: [value.scale], zeroPoint: value.zeroPoint))
  }

  private mutating func value(_ name: String, _ value: QuantizedValue) -> Int {
    graph.add(tensor(name, value.shape.tensorShape, value))
  }

  /// An operator whose result has the rank of its first input.
  private mutating func elementwise(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions?, _ inputs: [Int], _ step: QuantizedStep,
    _ result: QuantizedValue
  ) -> Int {
    let isFlat = graph.tensors[inputs[0]].shape.count == 2
    let shape = isFlat ? [1, result.shape.channels] : result.shape.tensorShape
    let output = graph.add(tensor(step.name, shape, result))
    graph.append(code, options, inputs, into: output)
    return output
  }

  private mutating func kernel(
    _ name: String, _ weights: QuantizedWeights, dimension: Int
  ) -> Int {
    graph.constant(
      "\(name)_weight", weights.shape, weights.values, .int8,
      TFLiteQuantization(scales: weights.scales, dimension: dimension))
  }

  private mutating func bias(
    _ name: String, _ weights: QuantizedWeights, _ source: QuantizedValue
  ) -> Int {
    graph.constant(
      "\(name)_bias", [weights.outputCount], weights.bias, .int32,
      TFLiteQuantization(scales: weights.scales.map { source.scale * $0 }))
  }
}

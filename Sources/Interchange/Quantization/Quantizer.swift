// From a trained network to 8-bit integers: ranges by calibration, weights by output channel, biases in
// the scale of the sums.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainNetworks

extension TrainedModel {
  /// The network in 8-bit integers.
  ///
  /// Throws `badData` for what 8-bit integers have no step for, with the layer's name.
  package func quantized(
    _ calibration: CalibrationImages, ranges: RangeMethod = .leastSquares
  ) throws(Failure) -> QuantizedNetwork {
    try FusedNetwork(self).quantized(calibration, ranges: ranges)
  }
}

extension FusedNetwork {
  func quantized(
    _ calibration: CalibrationImages, ranges: RangeMethod
  ) throws(Failure) -> QuantizedNetwork {
    let layouts = try layouts()
    let values = try values(calibration, ranges)
    var quantized: [QuantizedStep] = []
    for step in steps {
      let quantizer = StepQuantizer(
        step: step, input: values[step.inputs[0]], layout: layouts[step.inputs[0]])
      quantized.append(
        QuantizedStep(
          operation: try quantizer.operation(), inputs: step.inputs, activation: step.activation,
          name: step.name))
    }
    return QuantizedNetwork(name: name, values: values, steps: quantized)
  }

  func values(
    _ calibration: CalibrationImages, _ method: RangeMethod
  ) throws(Failure) -> [QuantizedValue] {
    let histograms = try histograms(calibration)
    let groups = rangeGroups
    var merged: [Int: ValueHistogram] = [:]
    for (value, group) in groups.enumerated() {
      merged[group, default: ValueHistogram()].add(histograms[value])
    }
    let forms = merged.mapValues { histogram in
      let range = histogram.range(method)
      return range.value(range.scale)
    }
    return shapes.indices.map { value in
      let form = groups[value] == groups[0] ? (1 / 255, imageZero - 128) : forms[groups[value]]!
      return QuantizedValue(shape: shapes[value], scale: form.0, zeroPoint: form.1)
    }
  }

  /// Values of one number have one range: pools and flattening keep it, what is joined shares it.
  private var rangeGroups: [Int] {
    var groups = Array(shapes.indices)
    for (index, step) in steps.enumerated() {
      switch step.operation {
      case .pool, .globalPool(.maximum), .flatten, .concatenate:
        for input in step.inputs {
          let (from, to) = (groups[index + 1], groups[input])
          groups = groups.map { $0 == from ? to : $0 }
        }
      default: break
      }
    }
    return groups
  }
}

/// Makes one step's weights.
private struct StepQuantizer {
  let step: FusedNetwork.Step
  let input: QuantizedValue
  let layout: ValueLayout

  func operation() throws(Failure) -> QuantizedOperation {
    let shape = input.shape
    switch step.operation {
    case .convolution(let weights, let window):
      guard weights.groups == shape.channels, weights.groups > 1 else {
        let perOutput = weights.shape[1] * weights.shape[2] * weights.shape[3]
        return .convolution(
          try quantized(
            weights, weights.channelsLast, shape: weights.channelsLastShape, scaleCount: nil
          ) { $0 / perOutput }, window)
      }
      // A vector's channels lie in its own order.
      let ordered =
        shape.height * shape.width == 1 ? weights.reordered(outputs: layout.places) : weights
      return .depthwiseConvolution(
        try quantized(
          ordered, ordered.byTap, shape: [1] + weights.shape[2...3] + [weights.shape[0]],
          scaleCount: nil
        ) { $0 % weights.shape[0] }, window)
    case .dense(let weights):
      let count = weights.shape[1]
      let ordered = weights.values.indices.map {
        weights.values[$0 / count * count + layout.places[$0 % count]]
      }
      return .dense(
        try quantized(weights, ordered, shape: weights.shape, scaleCount: 1) { $0 / count })
    case .activation(.leakyRelu(let slope)): return .leakyRelu(slope: Float(slope))
    case .activation: return .rescale
    case .pool(let kind, let window): return .pool(kind, window)
    case .globalPool(.average): return .mean
    case .globalPool(.maximum):
      return .pool(.maximum, Window(height: shape.height, width: shape.width))
    case .flatten: return .flatten
    case .add: return .add
    case .concatenate: return .concatenate
    case .multiply: return .multiply
    case .batchNorm: preconditionFailure("became a convolution")
    }
  }

  /// - Parameters:
  ///   - values: The weights in the order of `shape`.
  ///   - scaleCount: One scale for all; nil: one an output.
  ///   - output: The output that the weight at a place belongs to.
  private func quantized(
    _ weights: LinearWeights, _ values: [Float], shape: [Int], scaleCount: Int?,
    _ output: (Int) -> Int
  ) throws(Failure) -> QuantizedWeights {
    let outputs = weights.shape[0]
    let bias = weights.bias ?? [Float](repeating: 0, count: outputs)
    var largest = [Float](repeating: 0, count: outputs)
    for (place, value) in values.enumerated() {
      largest[output(place)] = max(largest[output(place)], abs(value))
    }
    var scales = zip(largest, bias).map(leastScale)
    if scaleCount == 1 { scales = [scales.max()!] }
    func scale(of output: Int) -> Float { scales.count == 1 ? scales[0] : scales[output] }
    let integers = values.enumerated().map { place, value in
      Int8(max(-127, min(127, (value / scale(of: output(place))).rounded())))
    }
    let sums = bias.enumerated().map { output, value in
      (Double(value) / (Double(input.scale) * Double(scale(of: output)))).rounded()
    }
    try check(integers, sums, output)
    return QuantizedWeights(
      shape: shape, groups: weights.groups, values: integers, scales: scales,
      bias: sums.map { Int32($0) })
  }

  /// Of weights up to `largest`; small ones beside a large bias take a larger one, in which the bias is
  /// a number of 30 bits.
  private func leastScale(_ largest: Float, _ bias: Float) -> Float {
    let least = max(largest / 127, abs(bias) / input.scale / 0x1p29)
    return least > 0 ? least : 1
  }

  /// Every sum must be a number of 32 bits, whatever the input.
  private func check(
    _ integers: [Int8], _ bias: [Double], _ output: (Int) -> Int
  ) throws(Failure) {
    var reach = bias.map { abs($0) }
    for (place, value) in integers.enumerated() {
      reach[output(place)] += 255 * Double(value.magnitude)
    }
    guard reach.allSatisfy({ $0 < 0x1p31 }) else {
      throw Failure(
        .badData,
        "\(step.origin): so many inputs that their sum may leave 32 bits; 8-bit networks cannot have it"
      )
    }
  }
}

// A trained network as the operations that are left at inference, for formats of other programs.
// Dropout is gone, and batch normalisation can be folded into a neighbour where that is exact.

import Artifacts
import Networks

/// One operation on `[N, C, H, W]` or `[N, F]`.
enum InferenceStep: Equatable, Sendable {
  case conv(LinearWeights, stride: Int, padding: Int)
  case dense(LinearWeights)
  case batchNorm(NormalizationValues)
  case relu
  case sigmoid
  case maxPool(size: Int)
  case globalAveragePool
}

/// Weights of a convolution or a dense layer.
struct LinearWeights: Equatable, Sendable {
  /// `conv1`, `fc2` …
  var name: String
  /// `[out, in, kernel, kernel]` or `[out, in]`.
  var shape: [Int]
  var values: [Float]
  /// `[out]`.
  var bias: [Float]?
}

/// Values of a batch normalisation, `[C]` each.
struct NormalizationValues: Equatable, Sendable {
  var name: String
  var scale: [Float]
  var shift: [Float]
  var mean: [Float]
  var variance: [Float]
}

extension TrainedModel {
  /// The network's operations in order.
  var inferenceSteps: [InferenceStep] { network.layers.compactMap(step) }

  private func step(_ place: NetworkLayer) -> InferenceStep? {
    func values(_ role: StateTensor.Role) -> [Float]? {
      place.tensors.first { $0.role == role }.map { Array(state.values[$0.range]) }
    }
    switch place.layer {
    case .conv(_, _, let stride, let padding, _):
      return .conv(weights(of: place), stride: stride, padding: padding)
    case .dense: return .dense(weights(of: place))
    case .batchNorm:
      return .batchNorm(
        NormalizationValues(
          name: place.name, scale: values(.scale)!, shift: values(.shift)!,
          mean: values(.runningMean)!, variance: values(.runningVariance)!))
    case .relu: return .relu
    case .sigmoid: return .sigmoid
    case .maxPool(let size): return .maxPool(size: size)
    case .globalAveragePool: return .globalAveragePool
    case .dropout: return nil
    }
  }

  private func weights(of place: NetworkLayer) -> LinearWeights {
    let weight = place.tensors.first { $0.role == .weight }!
    let bias = place.tensors.first { $0.role == .bias }
    return LinearWeights(
      name: place.name, shape: weight.shape, values: Array(state.values[weight.range]),
      bias: bias.map { Array(state.values[$0.range]) })
  }
}

extension [InferenceStep] {
  /// The same function with fewer batch normalisations.
  ///
  /// One right behind a convolution or dense layer goes into it. Another goes into the next such
  /// layer if only global average pooling lies between, and if that layer has no padding: a border of
  /// zeros would have to be one of shifts. What is neither stays.
  var foldingBatchNorm: [InferenceStep] {
    var folded: [InferenceStep] = []
    for step in self {
      if case .batchNorm(let norm) = step, let weights = folded.last?.weights {
        folded[folded.count - 1].weights = weights.followed(by: norm)
      } else if let weights = step.weights, step.padding == 0,
        let (index, norm) = folded.pendingNormalization
      {
        folded.remove(at: index)
        folded.append(step)
        folded[folded.count - 1].weights = weights.preceded(by: norm)
      } else {
        folded.append(step)
      }
    }
    return folded
  }

  /// The batch normalisation that the next linear layer would read, at most a mean away.
  private var pendingNormalization: (index: Int, norm: NormalizationValues)? {
    let index = last == .globalAveragePool ? count - 2 : count - 1
    guard index >= 0, case .batchNorm(let norm) = self[index] else { return nil }
    return (index, norm)
  }
}

extension InferenceStep {
  fileprivate var weights: LinearWeights? {
    get {
      switch self {
      case .conv(let weights, _, _), .dense(let weights): weights
      default: nil
      }
    }
    set {
      switch (self, newValue) {
      case (.conv(_, let stride, let padding), let weights?):
        self = .conv(weights, stride: stride, padding: padding)
      case (.dense, let weights?): self = .dense(weights)
      default: preconditionFailure("a step without weights")
      }
    }
  }

  fileprivate var padding: Int {
    if case .conv(_, _, let padding) = self { padding } else { 0 }
  }
}

extension NormalizationValues {
  /// `x·gain + offset` is the normalisation.
  fileprivate var affine: (gain: [Double], offset: [Double]) {
    let gain = scale.indices.map {
      Double(scale[$0]) / (Double(variance[$0]) + BatchNorm.epsilon).squareRoot()
    }
    return (gain, gain.indices.map { Double(shift[$0]) - Double(mean[$0]) * gain[$0] })
  }
}

extension LinearWeights {
  /// Values of one output.
  private var rowCount: Int { values.count / shape[0] }

  private func bias(_ output: Int) -> Double { bias.map { Double($0[output]) } ?? 0 }

  /// `gain·(w·x + b) + offset`, by output.
  fileprivate func followed(by norm: NormalizationValues) -> LinearWeights {
    let (gain, offset) = norm.affine
    var folded = self
    folded.values = values.indices.map { Float(Double(values[$0]) * gain[$0 / rowCount]) }
    folded.bias = gain.indices.map { Float(bias($0) * gain[$0] + offset[$0]) }
    return folded
  }

  /// `w·(gain·x + offset) + b`, by input.
  fileprivate func preceded(by norm: NormalizationValues) -> LinearWeights {
    let (gain, offset) = norm.affine
    let kernelCount = rowCount / shape[1]
    func input(_ index: Int) -> Int { index % rowCount / kernelCount }
    var folded = self
    folded.values = values.indices.map { Float(Double(values[$0]) * gain[input($0)]) }
    folded.bias = (0..<shape[0]).map { output in
      let row = output * rowCount..<(output + 1) * rowCount
      return Float(row.reduce(bias(output)) { $0 + Double(values[$1]) * offset[input($1)] })
    }
    return folded
  }
}

// Batch normalisation folded into a neighbour, where that is exact and nobody else reads what is between.
// Products are formed in double precision and rounded once.

import PTrainNetworks

extension [InferenceStep] {
  /// The same function with fewer batch normalisations.
  ///
  /// One right behind a convolution or dense layer goes into it. Another goes into the next such
  /// layer if only global average pooling lies between, and if that layer has no padding: a border of
  /// zeros would have to be one of shifts. What is neither stays, and so does what has two readers.
  package var foldingBatchNorm: [InferenceStep] {
    var folded = self
    for step in self {
      guard let index = folded.firstIndex(where: { $0.value == step.value }) else { continue }
      if case .batchNorm(let norm) = step.operation {
        folded.foldBack(norm, at: index)
      } else if step.operation.takesNormalization {
        folded.foldForward(into: index)
      }
    }
    return folded
  }

  private func readerCount(of value: Int) -> Int {
    reduce(0) { $0 + $1.inputs.count { $0 == value } }
  }

  /// The only step that leaves `value`, if it has one reader; nil for the image.
  private func producer(of value: Int) -> Int? {
    readerCount(of: value) == 1 ? firstIndex { $0.value == value } : nil
  }

  /// Takes a step out; its readers read its input.
  private mutating func remove(_ index: Int) {
    let step = remove(at: index)
    for reader in indices {
      self[reader].inputs = self[reader].inputs.map { $0 == step.value ? step.inputs[0] : $0 }
    }
  }

  private mutating func foldBack(_ norm: NormalizationValues, at index: Int) {
    guard let before = producer(of: self[index].inputs[0]),
      let weights = self[before].operation.weights
    else { return }
    self[before].operation.weights = weights.followed(by: norm)
    self[before].node = self[index].value
    remove(index)
  }

  private mutating func foldForward(into index: Int) {
    guard let weights = self[index].operation.weights,
      var before = producer(of: self[index].inputs[0])
    else { return }
    if self[before].operation == .flatten,
      let pool = producer(of: self[before].inputs[0]),
      self[pool].operation == .globalPool(.average)
    {
      before = pool
    }
    if self[before].operation == .globalPool(.average) {
      guard let norm = producer(of: self[before].inputs[0]) else { return }
      before = norm
    }
    guard case .batchNorm(let norm) = self[before].operation else { return }
    self[index].operation.weights = weights.preceded(by: norm.affine)
    remove(before)
  }
}

extension InferenceOperation {
  var weights: LinearWeights? {
    get {
      switch self {
      case .convolution(let weights, _), .dense(let weights): weights
      default: nil
      }
    }
    set {
      switch (self, newValue) {
      case (.convolution(_, let window), let weights?): self = .convolution(weights, window)
      case (.dense, let weights?): self = .dense(weights)
      default: preconditionFailure("a step without weights")
      }
    }
  }

  /// Whether an offset of every input can go into the bias.
  fileprivate var takesNormalization: Bool {
    switch self {
    case .convolution(_, let window): window.padding == .none
    case .dense: true
    default: false
    }
  }
}

extension NormalizationValues {
  /// `x·gain + offset` is the normalisation.
  var affine: (gain: [Double], offset: [Double]) {
    let gain = scale.indices.map {
      Double(scale[$0]) / (Double(variance[$0]) + epsilon).squareRoot()
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

  /// `w·(gain·x + offset) + b`, by input channel; a group's outputs meet its channels alone.
  func preceded(by affine: (gain: [Double], offset: [Double])) -> LinearWeights {
    let (gain, offset) = affine
    let kernelCount = rowCount / shape[1]
    func input(_ index: Int) -> Int {
      let group = index / rowCount / (shape[0] / groups)
      return group * shape[1] + index % rowCount / kernelCount
    }
    var folded = self
    folded.values = values.indices.map { Float(Double(values[$0]) * gain[input($0)]) }
    folded.bias = (0..<shape[0]).map { output in
      let row = output * rowCount..<(output + 1) * rowCount
      return Float(row.reduce(bias(output)) { $0 + Double(values[$1]) * offset[input($1)] })
    }
    return folded
  }
}

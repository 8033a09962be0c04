// Layers as operators, the same for float32 and int8: types and scales are those of the tensors.

import PTrainNetworks

extension TFLiteGraph {
  /// What a border around an image holds.
  enum Border {
    /// What stands for 0.
    case zero
    /// What no maximum takes.
    case lowest
  }

  /// A tensor of the type and scale of another.
  private mutating func like(_ tensor: Int, _ shape: [Int], _ suffix: String) -> Int {
    var result = tensors[tensor]
    result.shape = shape
    result.name += suffix
    return add(result)
  }

  // MARK: Windows

  /// `kernel [out, height, width, in / groups]`, or `[1, height, width, out]` where each input channel
  /// has `multiplier` outputs.
  mutating func convolve(
    _ x: Int, kernel: Int, bias: Int, _ window: TFLiteWindow, multiplier: Int?,
    _ activation: FusedActivation, into output: Int
  ) {
    let inputs = [bordered(x, window.border, .zero), kernel, bias]
    if let multiplier {
      let options = TFLiteOptions.depthwiseConv2D(window, multiplier: multiplier, activation)
      append(.depthwiseConv2D, options, inputs, into: output)
    } else {
      append(.conv2D, .conv2D(window, activation), inputs, into: output)
    }
  }

  /// Padding does not count; an average has no border.
  mutating func pool(_ kind: PoolKind, _ x: Int, _ window: TFLiteWindow, into output: Int) {
    precondition(kind == .maximum || window.border == .none)
    let input = bordered(x, window.border, .lowest)
    append(
      kind == .maximum ? .maxPool2D : .averagePool2D, .pool2D(window), [input], into: output)
  }

  mutating func bordered(_ x: Int, _ border: Padding, _ content: Border) -> Int {
    guard border != .none else { return x }
    let shape = tensors[x].shape
    let output = like(
      x,
      [
        shape[0], shape[1] + border.top + border.bottom, shape[2] + border.left + border.right,
        shape[3],
      ], "_padded")
    let sizes = parameter(
      [0, 0, border.top, border.bottom, border.left, border.right, 0, 0], shape: [4, 2])
    switch content {
    case .zero: append(.pad, .pad, [x, sizes], into: output)
    case .lowest: append(.padV2, .padV2, [x, sizes, lowest(of: x)], into: output)
    }
    return output
  }

  private mutating func lowest(of x: Int) -> Int {
    let (name, form) = ("\(tensors[x].name)_lowest", tensors[x].quantization)
    return tensors[x].type == .int8
      ? constant(name, [1], [Int8.min], .int8, form)
      : constant(name, [1], [-Float.greatestFiniteMagnitude], .float32)
  }

  // MARK: Vectors

  /// `[1, features]`, in the order of memory.
  mutating func flattened(_ x: Int) -> Int {
    let shape = tensors[x].shape
    guard shape.count > 2 else { return x }
    let features = shape.dropFirst().reduce(1, *)
    let output = like(x, [1, features], "_flat")
    append(.reshape, .reshape([1, features]), [x, parameter([1, features])], into: output)
    return output
  }

  /// `[1, channels, height, width]`.
  mutating func planes(_ x: Int) -> Int {
    let shape = tensors[x].shape
    let output = like(x, [1, shape[3], shape[1], shape[2]], "_planes")
    append(.transpose, .transpose, [x, parameter([0, 3, 1, 2])], into: output)
    return output
  }

  /// Vectors beside planes of one pixel become vectors all.
  mutating func ofOneRank(_ values: [Int]) -> [Int] {
    values.allSatisfy { tensors[$0].shape.count == 4 } ? values : values.map { flattened($0) }
  }

  /// A factor in such a rank that the product has `x`'s.
  mutating func factor(_ factor: Int, of x: Int) -> Int {
    tensors[x].shape.count == 2 ? flattened(factor) : factor
  }

  /// Inputs of one rank along channels.
  mutating func concatenate(_ inputs: [Int], into output: Int) {
    append(
      .concatenation, .concatenation(axis: tensors[output].shape.count - 1), inputs, into: output)
  }

  /// Probabilities of logits `[1, classes]`.
  mutating func softmax(_ logits: Int) -> Int {
    let isInteger = tensors[logits].type == .int8
    let output = add(
      TFLiteTensor(
        name: "probabilities", shape: tensors[logits].shape, type: tensors[logits].type,
        quantization: isInteger ? TFLiteQuantization(scales: [1 / 256], zeroPoint: -128) : nil))
    append(.softmax, .softmax, [logits], into: output)
    return output
  }
}

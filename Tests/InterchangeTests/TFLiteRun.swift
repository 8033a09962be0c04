// Runs a float32 graph of TensorFlow Lite on the reference layers, operator by operator, one image at a
// time. What an operator means, it knows from TensorFlow Lite's documentation alone.

import PTrainNetworks
import Testing

@testable import PTrainInterchange

struct TFLiteRun {
  private struct Value {
    /// `[1, height, width, channels]` or `[1, features]`.
    var shape: [Int]
    var values: [Double]
  }

  private typealias Layers = Reference<Double>

  private let file: TFLiteFile
  private var values: [Int: Value]

  /// The output of `image [H, W, C]`.
  static func output(_ file: TFLiteFile, image: [Double]) throws -> [Double] {
    var run = TFLiteRun(file, image)
    for step in file.operators {
      let result = try run.apply(step)
      let target = step.outputs[0]
      #expect(run.values[target] == nil, "a tensor has one operator")
      #expect(result.shape == file.tensors[target].shape, "\(file.tensors[target].name)")
      #expect(result.values.count == result.shape.reduce(1, *))
      run.values[target] = result
    }
    return try #require(run.values[file.output]).values
  }

  private init(_ file: TFLiteFile, _ image: [Double]) {
    self.file = file
    values = [file.input: Value(shape: file.tensors[file.input].shape, values: image)]
    for (index, tensor) in file.tensors.enumerated() where !tensor.content.isEmpty {
      let numbers =
        tensor.type == .float32
        ? tensor.values(as: Float.self).map { Double($0) }
        : tensor.values(as: Int32.self).map { Double($0) }
      values[index] = Value(shape: tensor.shape, values: numbers)
    }
  }

  private func apply(_ step: TFLiteFile.Operator) throws -> Value {
    let inputs = try step.inputs.map { try #require(values[$0], "reads what is not there") }
    let x = inputs[0]
    func with(_ values: [Double]) -> Value { Value(shape: x.shape, values: values) }
    switch step.code {
    case .conv2D: return try clamped(convolution(step, inputs, depthwise: false), step, field: 3)
    case .depthwiseConv2D:
      return try clamped(convolution(step, inputs, depthwise: true), step, field: 4)
    case .fullyConnected:
      let sums = Layers.denseForward(
        inputs: inputs[1].shape[1], outputs: inputs[1].shape[0], x: x.values,
        weights: inputs[1].values, bias: inputs[2].values)
      return try clamped(Value(shape: [1, sums.count], values: sums), step, field: 0)
    case .averagePool2D, .maxPool2D: return try pool(step, x)
    case .add: return try clamped(broadcast(x, inputs[1], +), step, field: 0)
    case .mul: return try clamped(broadcast(x, inputs[1], *), step, field: 0)
    case .relu: return with(x.values.map { max($0, 0) })
    case .relu6: return with(x.values.map { min(max($0, 0), 6) })
    case .logistic: return with(Layers.sigmoidForward(x: x.values))
    case .tanh: return with(Layers.tanhForward(x: x.values))
    case .hardSwish: return with(x.values.map { $0 * min(max($0 + 3, 0), 6) / 6 })
    case .gelu:
      #expect(try step.options?.number(0, or: UInt8(0)) == 0, "not the approximation")
      return with(Layers.geluForward(x: x.values))
    case .leakyRelu:
      let slope = Double(try #require(step.options).float(0))
      return with(x.values.map { $0 < 0 ? slope * $0 : $0 })
    case .reshape: return Value(shape: inputs[1].values.map { Int($0) }, values: x.values)
    case .transpose:
      #expect(inputs[1].values == [0, 3, 1, 2])
      return Value(
        shape: [1, x.shape[3], x.shape[1], x.shape[2]], values: Self.planes(x.values, x.shape[3]))
    case .concatenation:
      #expect(try step.options?.number(0, or: Int32(0)) == Int32(x.shape.count - 1))
      return concatenated(inputs)
    case .pad: return padded(x, inputs[1].values, 0)
    case .padV2: return padded(x, inputs[1].values, inputs[2].values[0])
    case .softmax:
      #expect(try step.options?.float(0) == 1)
      let powers = x.values.map { Double.exponential($0 - x.values.max()!) }
      return with(powers.map { $0 / powers.reduce(0, +) })
    case .mean, .quantize:
      Issue.record("\(step.code) in a file of floats")
      return x
    }
  }

  // MARK: Windows

  private static func shape(_ value: Value) -> Shape {
    Shape(channels: value.shape[3], height: value.shape[1], width: value.shape[2])
  }

  /// `SAME` and `VALID` by TensorFlow's formulas.
  private func slide(
    _ shape: Shape, _ size: (Int, Int), _ stride: (Int, Int), dilation: Int, isSame: Bool
  ) -> (Window, Shape) {
    func axis(_ extent: Int, _ size: Int, _ stride: Int) -> (outputs: Int, before: Int, behind: Int)
    {
      let reach = (size - 1) * dilation + 1
      guard isSame else { return ((extent - reach + stride) / stride, 0, 0) }
      let outputs = (extent + stride - 1) / stride
      let total = max((outputs - 1) * stride + reach - extent, 0)
      return (outputs, total / 2, total - total / 2)
    }
    let rows = axis(shape.height, size.0, stride.0)
    let columns = axis(shape.width, size.1, stride.1)
    let window = Window(
      height: size.0, width: size.1, verticalStride: stride.0, horizontalStride: stride.1,
      dilation: dilation,
      padding: Padding(
        top: rows.before, left: columns.before, bottom: rows.behind, right: columns.behind))
    return (
      window, Shape(channels: shape.channels, height: rows.outputs, width: columns.outputs)
    )
  }

  private func convolution(
    _ step: TFLiteFile.Operator, _ inputs: [Value], depthwise: Bool
  ) throws -> Value {
    let options = try #require(step.options)
    func number(_ id: Int) throws -> Int { Int(try options.number(id, or: Int32(1))) }
    let input = Self.shape(inputs[0])
    let kernel = inputs[1].shape
    let dilation = try number(depthwise ? 5 : 4)
    #expect(try number(depthwise ? 6 : 5) == dilation)
    var (window, output) = slide(
      input, (kernel[1], kernel[2]), (try number(2), try number(1)), dilation: dilation,
      isSame: try options.number(0, or: Int8(0)) == 0)
    output.channels = kernel[depthwise ? 3 : 0]
    if depthwise { #expect(output.channels == input.channels * (try number(3))) }
    let sizes = ReferenceConvSizes(
      count: 1, input: input, output: output, window: window,
      groups: depthwise ? input.channels : input.channels / kernel[3])
    // [out, in / groups, height, width]; a depthwise one holds a plane for each output already.
    let taps = kernel[1] * kernel[2]
    let weights =
      depthwise
      ? Self.planes(inputs[1].values, kernel[3])
      : (0..<kernel[0]).flatMap { filter in
        let count = taps * kernel[3]
        return Self.planes(
          Array(inputs[1].values[filter * count..<(filter + 1) * count]), kernel[3])
      }
    let sums = Layers.convForward(
      sizes, x: Self.planes(inputs[0].values, input.channels), weights: weights,
      bias: inputs[2].values)
    return Self.value(sums, output)
  }

  private func pool(_ step: TFLiteFile.Operator, _ x: Value) throws -> Value {
    let options = try #require(step.options)
    func number(_ id: Int) throws -> Int { Int(try options.number(id, or: Int32(0))) }
    let (window, output) = slide(
      Self.shape(x), (try number(4), try number(3)), (try number(2), try number(1)), dilation: 1,
      isSame: try options.number(0, or: Int8(0)) == 0)
    let sizes = ReferencePoolSizes(input: Self.shape(x), output: output, window: window)
    let planes = Self.planes(x.values, x.shape[3])
    return Self.value(
      step.code == .maxPool2D
        ? Layers.maxPoolForward(sizes, x: planes).y : Layers.averagePoolForward(sizes, x: planes),
      output)
  }

  private func padded(_ x: Value, _ sizes: [Double], _ content: Double) -> Value {
    let (top, bottom, left, right) = (Int(sizes[2]), Int(sizes[3]), Int(sizes[4]), Int(sizes[5]))
    #expect(sizes.count == 8 && sizes[0] + sizes[1] + sizes[6] + sizes[7] == 0)
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let shape = [1, top + height + bottom, left + width + right, channels]
    var values = [Double](repeating: content, count: shape.reduce(1, *))
    for row in 0..<height {
      let start = ((top + row) * shape[2] + left) * channels
      let source = row * width * channels
      values.replaceSubrange(
        start..<start + width * channels, with: x.values[source..<source + width * channels])
    }
    return Value(shape: shape, values: values)
  }

  // MARK: Elementwise

  private func clamped(_ x: Value, _ step: TFLiteFile.Operator, field: Int) throws -> Value {
    let kind = try step.options?.number(field, or: Int8(0))
    #expect([0, 1, 3].contains(kind))
    guard kind != 0 else { return x }
    return Value(
      shape: x.shape, values: x.values.map { min(max($0, 0), kind == 3 ? 6 : .infinity) })
  }

  /// `b` has the last axes of `a`, or 1 there.
  private func broadcast(_ a: Value, _ b: Value, _ function: (Double, Double) -> Double) -> Value {
    let missing = a.shape.count - b.shape.count
    #expect(missing >= 0)
    let sizes = [Int](repeating: 1, count: max(missing, 0)) + b.shape
    #expect(zip(sizes, a.shape).allSatisfy { $0 == 1 || $0 == $1 })
    return Value(
      shape: a.shape,
      values: a.values.indices.map { index in
        var (rest, place, step) = (index, 0, 1)
        for axis in a.shape.indices.reversed() {
          if sizes[axis] > 1 { place += rest % a.shape[axis] * step }
          step *= sizes[axis]
          rest /= a.shape[axis]
        }
        return function(a.values[index], b.values[place])
      })
  }

  private func concatenated(_ inputs: [Value]) -> Value {
    let pixels = inputs[0].values.count / inputs[0].shape.last!
    #expect(inputs.allSatisfy { $0.shape.dropLast() == inputs[0].shape.dropLast() })
    let channels = inputs.reduce(0) { $0 + $1.shape.last! }
    return Value(
      shape: inputs[0].shape.dropLast() + [channels],
      values: (0..<pixels).flatMap { pixel in
        inputs.flatMap { $0.values[pixel * $0.shape.last!..<(pixel + 1) * $0.shape.last!] }
      })
  }

  // MARK: Order

  /// `[channels][pixels]` of `[pixels][channels]`.
  private static func planes(_ values: [Double], _ channels: Int) -> [Double] {
    let pixels = values.count / channels
    return values.indices.map { values[$0 % pixels * channels + $0 / pixels] }
  }

  private static func value(_ planes: [Double], _ shape: Shape) -> Value {
    Value(
      shape: [1, shape.height, shape.width, shape.channels],
      values: self.planes(planes, shape.height * shape.width))
  }
}

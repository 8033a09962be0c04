// A quantised network as constants, places in an arena and calls of kernels, in no language yet.
// C and Swift take the same arguments in the same order.

import PTrainNetworks

struct IntegerProgram {
  /// Numbers that are known beforehand.
  struct Constant: Equatable {
    enum Element: String { case int8, int32 }

    var name: String
    var element: Element
    var values: [Int]

    var byteCount: Int { values.count * (element == .int8 ? 1 : 4) }
  }

  struct Call {
    var function: IntegerFunction
    var arguments: [any CArgument]
  }

  let network: QuantizedNetwork
  private let steps: [IntegerStep]
  private(set) var constants: [Constant] = []
  private(set) var calls: [Call] = []
  let places: ValuePlaces

  init(_ network: QuantizedNetwork) {
    self.network = network
    let steps = network.integerSteps
    self.steps = steps
    let values = steps.enumerated().map { index, step in
      ValuePlaces.Step(
        inputs: step.inputs, value: index + 1,
        result: step.kernel == .view ? .view : step.isElementwise ? .overInput : .apart)
    }
    places = ValuePlaces(image: 0, values) { network.values[$0].shape.count }
    for index in steps.indices { append(index) }
  }

  /// But for the code.
  var size: ProgramSize {
    ProgramSize(
      constants: constants.reduce(0) { $0 + $1.byteCount }, values: places.count,
      multiplyAdds: network.multiplyAdds)
  }

  var functions: [IntegerFunction] {
    Set(calls.flatMap { [$0.function] + $0.function.needs }).sorted()
  }

  /// Of all calls.
  var argumentCount: Int { calls.reduce(0) { $0 + $1.arguments.count } }

  func place(_ value: Int) -> String { "arena + \(places[value])" }

  // MARK: Steps

  private mutating func append(_ index: Int) {
    let step = steps[index]
    let (input, output) = (network.values[step.inputs[0]], network.values[index + 1])
    let (shape, result) = (input.shape, output.shape)
    let (x, y) = (place(step.inputs[0]), place(index + 1))
    let pixels = shape.height * shape.width
    let clamp: [any CArgument] = [
      output.zeroPoint, step.range.lowerBound, step.range.upperBound, y,
    ]
    switch step.kernel {
    case .convolve(let weights, let window, let factors):
      call(
        .convolve,
        [x, input.zeroPoint] + extents(shape) + constants(weights, factors, index)
          + [result.channels, weights.groups] + taps(window) + [window.dilation]
          + ends(window, result) + clamp)
    case .convolveDepthwise(let weights, let window, let factors):
      call(
        .convolveDepthwise,
        [x, input.zeroPoint] + extents(shape) + constants(weights, factors, index)
          + [result.channels] + taps(window) + [window.dilation] + ends(window, result) + clamp)
    case .connect(let weights, let factor):
      call(
        .connect,
        [x, input.zeroPoint, shape.count] + constants(weights, nil, index)
          + [Int(factor.high), Int(factor.low), factor.shift, result.channels] + clamp)
    case .pool(let kind, let window):
      call(
        IntegerFunction(kind),
        [x] + extents(shape) + taps(window) + ends(window, result) + [y])
    case .average(let factor):
      call(
        .average,
        [x, input.zeroPoint, pixels, shape.channels] + numbers(factor) + [output.zeroPoint, y])
    case .add(let a, let b, let sum):
      let other = step.inputs[1]
      call(
        .add,
        [x, input.zeroPoint] + numbers(a) + [place(other), network.values[other].zeroPoint]
          + numbers(b) + [shape.count] + numbers(sum) + clamp)
    case .multiply(let factor):
      let other = network.values[step.inputs[1]]
      call(
        .multiply,
        [x, input.zeroPoint, place(step.inputs[1]), other.zeroPoint, pixels]
          + [other.shape.height * other.shape.width, shape.channels] + numbers(factor) + clamp)
    case .rescale(let factor):
      call(.rescale, [x, input.zeroPoint, shape.count] + numbers(factor) + clamp)
    case .leakyRelu(let factor, let slope):
      call(
        .leakyRelu,
        [x, input.zeroPoint, shape.count] + numbers(factor) + numbers(slope)
          + [output.zeroPoint, y])
    case .insertChannels:
      var first = 0
      for value in step.inputs {
        let channels = network.values[value].shape.channels
        call(.insertChannels, [place(value), pixels, channels, first, result.channels, y])
        first += channels
      }
    case .view: break
    }
  }

  private mutating func call(_ function: IntegerFunction, _ arguments: [any CArgument]) {
    calls.append(Call(function: function, arguments: arguments))
  }

  private func extents(_ shape: Shape) -> [any CArgument] {
    [shape.height, shape.width, shape.channels]
  }

  private func taps(_ window: Window) -> [any CArgument] {
    [window.height, window.width, window.verticalStride, window.horizontalStride]
  }

  private func ends(_ window: Window, _ output: Shape) -> [any CArgument] {
    [window.padding.top, window.padding.left, output.height, output.width]
  }

  private func numbers(_ factor: FixedPoint) -> [any CArgument] {
    [Int(factor.multiplier), factor.shift]
  }

  /// The arrays of a layer; without `factors` those are arguments.
  private mutating func constants(
    _ weights: QuantizedWeights, _ factors: [FixedPoint]?, _ index: Int
  ) -> [any CArgument] {
    let name = network.steps[index].name
    let arguments = [
      constant("\(name)_weight", .int8, weights.values.map { Int($0) }),
      constant("\(name)_bias", .int32, weights.bias.map { Int($0) }),
    ]
    guard let factors else { return arguments }
    return arguments + [
      constant("\(name)_multiplier", .int32, factors.map { Int($0.multiplier) }),
      constant("\(name)_shift", .int8, factors.map(\.shift)),
    ]
  }

  private mutating func constant(
    _ name: String, _ element: Constant.Element, _ values: [Int]
  ) -> String {
    constants.append(Constant(name: name, element: element, values: values))
    return name
  }
}

// A trained network as C99: one function, weights in constants, one static arena, no allocation.
// Values lie `[height][width][channels]`; batch normalisation is folded where that is exact.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

/// The two files of a network in C, and what they cost a device.
package struct CProgram: Sendable {
  package let source: String
  package let header: String
  package let size: ProgramSize
}

/// What a program costs a device.
package struct ProgramSize: Equatable, Sendable {
  /// Bytes of weights and whatever else is known beforehand.
  package var constants: Int
  /// Bytes of code, where that is known.
  package var code: Int?
  /// Bytes of values while it answers.
  package var values: Int
  package var multiplyAdds: Int

  package var text: String {
    let constants = "\(constants) bytes of constants"
    let flash = code.map { "\(self.constants + $0) bytes of flash (\(constants))" }
    return "\(flash ?? constants), \(values) bytes of RAM, \(multiplyAdds) multiply-adds an image."
  }
}

extension TrainedModel {
  /// The network in C, floating point.
  ///
  /// `name` begins all that the files define; `headerFile` is what the source includes.
  package func cProgram(name: String, headerFile: String) -> CProgram {
    var writer = CWriter(model: self, name: name)
    writer.writeSteps()
    return writer.program(headerFile: headerFile)
  }

  /// A C identifier from a file's name: other characters become `_`, and none begins with a digit.
  package static func cName(_ fileName: String) -> String {
    let name = String(
      fileName.unicodeScalars.map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
          ? Character(scalar) : "_"
      })
    guard let first = name.first, !first.isNumber else { return "model_" + name }
    return name
  }
}

/// Collects constants, calls and the functions that they need.
struct CWriter {
  let model: TrainedModel
  let name: String
  let steps: [InferenceStep]
  private(set) var constants = ""
  private(set) var calls = ""
  private(set) var functions: Set<CFunction> = []
  private(set) var weightCount = 0
  private(set) var places: ValuePlaces

  init(model: TrainedModel, name: String) {
    self.model = model
    self.name = name
    steps = model.inferenceSteps.foldingBatchNorm
    let places = steps.map { step in
      ValuePlaces.Step(
        inputs: step.inputs, value: step.value,
        result: step.operation.isElementwise ? .overInput : .apart)
    }
    self.places = ValuePlaces(image: Graph.image, places) {
      model.network.graph.shape(of: $0).count
    }
  }

  private func shape(of value: Int) -> Shape { model.network.graph.shape(of: value) }

  private func place(_ value: Int) -> String { "arena + \(places[value])" }

  // MARK: Steps

  mutating func writeSteps() { for step in steps { write(step) } }

  private mutating func write(_ step: InferenceStep) {
    let input = shape(of: step.inputs[0])
    let output = shape(of: step.value)
    let x = place(step.inputs[0])
    let y = place(step.value)
    let pixels = input.height * input.width
    switch step.operation {
    case .convolution(let weights, let window): convolve(weights, window, input, output, x, y)
    case .dense(let weights):
      call(
        .connect, x, input.count, constant(weights.name + "_weight", weights.values),
        bias(weights), output.count, y)
    case .batchNorm(let norm):
      let (gain, offset) = norm.affine
      call(
        .scaleShift, x, pixels, input.channels,
        constant(norm.name + "_scale", gain.map { Float($0) }),
        constant(norm.name + "_shift", offset.map { Float($0) }), y)
    case .activation(.leakyRelu(let slope)):
      call(.leakyRelu, x, input.count, Self.literal(Float(slope)), y)
    case .activation(let function): call(CFunction(function), x, input.count, y)
    case .pool(let kind, let window):
      call(
        CFunction(kind), x, input.height, input.width, input.channels, window.height, window.width,
        window.verticalStride, window.horizontalStride, window.padding.top, window.padding.left,
        output.height, output.width, y)
    case .globalPool(let kind):
      call(
        CFunction(kind), x, input.height, input.width, input.channels, input.height, input.width, 1,
        1, 0, 0, 1, 1, y)
    case .flatten: call(.flatten, x, pixels, input.channels, y)
    case .add: call(.add, x, place(step.inputs[1]), input.count, y)
    case .multiply:
      let factors = shape(of: step.inputs[1])
      call(
        .multiply, x, place(step.inputs[1]), pixels, factors.height * factors.width, input.channels,
        y)
    case .concatenate:
      var first = 0
      for value in step.inputs {
        let channels = shape(of: value).channels
        call(.insertChannels, place(value), pixels, channels, first, output.channels, y)
        first += channels
      }
    }
  }

  private mutating func convolve(
    _ weights: LinearWeights, _ window: Window, _ input: Shape, _ output: Shape, _ x: String,
    _ y: String
  ) {
    let isDepthwise = weights.groups == input.channels && window.dilation == 1
    let values = constant(
      weights.name + "_weight", isDepthwise ? weights.byTap : weights.channelsLast)
    let sizes: [any CArgument] = [
      window.height, window.width, window.verticalStride, window.horizontalStride,
    ]
    let ends: [any CArgument] = [
      window.padding.top, window.padding.left, output.height, output.width, y,
    ]
    let source: [any CArgument] = [
      x, input.height, input.width, input.channels, values, bias(weights),
    ]
    if isDepthwise {
      call(.convolveDepthwise, source + [output.channels / input.channels] + sizes + ends)
    } else {
      call(
        .convolve, source + [output.channels, weights.groups] + sizes + [window.dilation] + ends)
    }
  }

  private mutating func bias(_ weights: LinearWeights) -> String {
    weights.bias.map { constant(weights.name + "_bias", $0) } ?? "0"
  }

  // MARK: Text

  private mutating func call(_ function: CFunction, _ arguments: any CArgument...) {
    call(function, arguments)
  }

  private mutating func call(_ function: CFunction, _ arguments: [any CArgument]) {
    functions.insert(function)
    calls += "    \(function.rawValue)(\(arguments.map(\.cText).joined(separator: ", ")));\n"
  }

  /// Adds an array, returns its name.
  private mutating func constant(_ suffix: String, _ values: [Float]) -> String {
    weightCount += values.count
    constants += "static const float \(suffix)[\(values.count)] = {\n\(Self.rows(values))};\n\n"
    return suffix
  }

  private static func rows(_ values: [Float]) -> String {
    var text = ""
    for start in stride(from: 0, to: values.count, by: 6) {
      let row = values[start..<min(start + 6, values.count)]
      text += "    " + row.map(literal).joined(separator: ", ") + ",\n"
    }
    return text
  }

  /// The shortest decimals that are this number.
  static func literal(_ value: Float) -> String { "\(value)f" }

  var size: ProgramSize {
    ProgramSize(
      constants: 4 * weightCount, values: 4 * places.count,
      multiplyAdds: model.network.multiplyAdds)
  }

  func program(headerFile: String) -> CProgram {
    let frame = frame(headerFile: headerFile)
    return CProgram(
      source: frame.source, header: frame.header, size: size)
  }

  /// Where the image lies, and the logits.
  var imagePlace: String { place(Graph.image) }
  var logitsPlace: String { place(steps.last!.value) }
}

extension InferenceOperation {
  fileprivate var isElementwise: Bool {
    switch self {
    case .activation, .batchNorm, .add, .multiply: true
    default: false
    }
  }
}

/// What may stand in a call.
protocol CArgument {
  var cText: String { get }
}

extension Int: CArgument {
  var cText: String { String(self) }
}

extension String: CArgument {
  var cText: String { self }
}

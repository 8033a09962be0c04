// A quantised network as C99, for microcontrollers: constants in flash, one static arena, no library.

import PTrainNetworks

extension QuantizedNetwork {
  /// The network in C; its function leaves int8 logits.
  ///
  /// `name` begins all that the files define; `headerFile` is what the source includes.
  package func cProgram(name: String, headerFile: String) -> CProgram {
    let program = IntegerProgram(self)
    let frame = program.frame(name: name, headerFile: headerFile)
    return CProgram(
      source: frame.source, header: frame.header, size: program.sizeInC)
  }

  /// Products of weights with values of one image.
  package var multiplyAdds: Int {
    zip(steps, values.dropFirst()).reduce(0) { sum, pair in
      let (step, output) = pair
      switch step.operation {
      case .convolution(let weights, _), .depthwiseConvolution(let weights, _):
        return sum + weights.values.count * output.shape.height * output.shape.width
      case .dense(let weights): return sum + weights.values.count
      default: return sum
      }
    }
  }
}

extension IntegerProgram {
  /// Code for a Cortex-M4: the functions, two bytes for each argument of a call, and what is around them.
  fileprivate var sizeInC: ProgramSize {
    var size = size
    size.code = functions.reduce(70 + 2 * argumentCount) { $0 + $1.codeByteCount.c }
    return size
  }

  fileprivate func frame(name: String, headerFile: String) -> CFrame {
    let (input, classes) = (network.values[0].shape, network.values.last!.shape.count)
    let logits = network.values.last!
    return CFrame(
      name: name, title: network.name + ", int8", headerFile: headerFile, input: input,
      classCount: classes, pixel: "uint8_t", logit: "int8_t",
      sizes: sizeInC.text,
      usage: """
        The class of an image [height][width][channels], grey values or colours of 0 to 255 as
         * they come; its logits unless that is null: \(logits.scale) * (logit - \
        \(logits.zeroPoint)) in numbers.
        """,
      includes: [], functions: functions.map(\.text),
      declarations: constants.map(text).joined() + "static int8_t arena[\(places.count)];\n",
      load: """
            int8_t *pixels = \(place(0));
            for (int i = 0; i < \(input.count); i++) pixels[i] = (int8_t)(image[i] - 128);

        """,
      calls: calls.map(text).joined(), result: place(network.steps.count), selfTest: selfTest)
  }

  private func text(_ constant: Constant) -> String {
    "static const \(constant.element.rawValue)_t \(constant.name)[\(constant.values.count)] = {\n"
      + constant.rows + "};\n\n"
  }

  private func text(_ call: Call) -> String {
    "    \(call.function.cName)(\(call.arguments.map(\.cText).joined(separator: ", ")));\n"
  }

  private var selfTest: CSelfTest {
    CSelfTest(
      tolerance: "", pattern: CSelfTest.patternByte, expected: patternLogits.map { String($0) }
    ) { classCount in
      """
          for (int k = 0; k < \(classCount); k++)
              if (logits[k] != expected[k]) return 1;

      """
    }
  }

  /// The interpreter's logits of the pattern.
  var patternLogits: [Int8] {
    (0..<network.values[0].shape.count).map(CSelfTest.byte).withUnsafeBufferPointer {
      IntegerInterpreter(network).values(of: $0).last!
    }
  }
}

extension IntegerProgram.Constant {
  var rows: String { Self.rows(values, length: element == .int8 ? 20 : 8) }

  /// Numbers as lines, between commas.
  static func rows(_ values: [some FixedWidthInteger], length: Int) -> String {
    var text = ""
    for start in stride(from: 0, to: values.count, by: length) {
      let row = values[start..<min(start + length, values.count)]
      text += "    " + row.map { String($0) }.joined(separator: ", ") + ",\n"
    }
    return text
  }
}

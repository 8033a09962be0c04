// The frame of a program in floating point.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks

extension CWriter {
  func frame(headerFile: String) -> CFrame {
    let input = model.network.input
    let isBytes = model.normalization.pixelType == .byte
    let needsMath = functions.contains(where: \.needsMath)
    let values = isBytes ? "grey values or colours of 0 to 255" : "values"
    return CFrame(
      name: name, title: model.network.description.name, headerFile: headerFile, input: input,
      classCount: model.network.classCount, pixel: isBytes ? "uint8_t" : "float", logit: "float",
      sizes: size.text,
      usage: """
        The class of an image [height][width][channels], \(values) as they come; its
         * logits unless that is null.
        """,
      includes: ["<stddef.h>"] + (needsMath ? ["<math.h>"] : []),
      library: needsMath ? "<math.h>" : "none", functions: functions.sorted().map(\.text),
      declarations: "\(constants)\(normalization)static float arena[\(places.count)];\n",
      load: """
            float *pixels = \(imagePlace);
            for (int i = 0; i < \(input.count); i++)
                pixels[i] = (float)image[i] * input_gain[i % \(input.channels)] + \
        input_offset[i % \(input.channels)];

        """,
      calls: calls, result: logitsPlace, selfTest: selfTest(isBytes))
  }

  private var normalization: String {
    let channels = 0..<model.network.input.channels
    let (values, shifts) = (model.normalization.gains, model.normalization.offsets)
    let gains = channels.map { Self.literal(values[$0 % values.count]) }
    let offsets = channels.map { Self.literal(shifts[$0 % shifts.count]) }
    return """
      static const float input_gain[\(channels.count)] = {\(gains.joined(separator: ", "))};
      static const float input_offset[\(channels.count)] = {\(offsets.joined(separator: ", "))};


      """
  }

  /// The reference's logits in Double.
  private func selfTest(_ isBytes: Bool) -> CSelfTest {
    let input = model.network.input
    let pixels = input.height * input.width
    var image = [Double](repeating: 0, count: input.count)
    for index in 0..<input.count {
      let byte = CSelfTest.byte(index)
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: input.channels)
      let value = isBytes ? Float(byte) : Float(byte) / 64
      image[channel * pixels + pixel] = Double(model.normalization.input(value, channel: channel))
    }
    let reference = ReferenceNetwork<Double>(network: model.network, state: model.state)
    let logits = reference.forward(image, mode: .evaluation).output.map { Float($0) }
    return CSelfTest(
      tolerance: ", to 1e-4 of the largest",
      pattern: (isBytes ? "" : "1.0f / 64 * ") + CSelfTest.patternByte,
      expected: logits.map(Self.literal)
    ) { classCount in
      """
          float largest = 0;
          for (int k = 0; k < \(classCount); k++) {
              const float size = expected[k] < 0 ? -expected[k] : expected[k];
              if (size > largest) largest = size;
          }
          for (int k = 0; k < \(classCount); k++) {
              const float error = logits[k] - expected[k];
              if (!(error <= 1e-4f * largest && -error <= 1e-4f * largest)) return 1;
          }

      """
    }
  }
}

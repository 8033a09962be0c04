// The parts of a C program around its steps: header, the function that answers, the self-test.

import Datasets
import Networks

struct CFrame {
  let writer: CWriter
  let headerFile: String
  let arenaCount: Int
  let multiplyAdds: Int

  private var name: String { writer.name }
  private var input: Shape { writer.model.network.input }
  private var classCount: Int { writer.model.network.classCount }
  private var isBytes: Bool { writer.model.normalization.pixelType == .byte }
  private var pixel: String { isBytes ? "uint8_t" : "float" }
  private var macro: String { name.uppercased() }

  var header: String {
    """
    /* \(writer.model.network.description.name): written by ptrain.
     * \(4 * writer.weightCount) bytes of weights, \(4 * arenaCount) bytes of values, \
    \(multiplyAdds) multiply-adds an image. */
    #ifndef \(macro)_H
    #define \(macro)_H

    #include <stdint.h>

    #define \(macro)_HEIGHT \(input.height)
    #define \(macro)_WIDTH \(input.width)
    #define \(macro)_CHANNELS \(input.channels)
    #define \(macro)_CLASSES \(classCount)

    /* The class of an image [height][width][channels], \
    \(isBytes ? "grey values or colours of 0 to 255" : "values") as they come; its
     * logits unless that is null. Not for two threads at a time: the values lie in one static arena. */
    int \(name)_predict(const \(pixel) *image, float *logits);

    #ifdef \(macro)_SELF_TEST
    /* 0 if the logits of a built-in pattern are what they should be, to 1e-4 of the largest. */
    int \(name)_self_test(void);
    #endif

    #endif

    """
  }

  var source: String {
    let functions = writer.functions.sorted()
    let needsMath = functions.contains(where: \.needsMath)
    return """
      /* See \(headerFile). C99, no allocation, no library but \(needsMath ? "<math.h>" : "none"). */
      #include "\(headerFile)"

      #include <stddef.h>
      \(needsMath ? "#include <math.h>\n" : "")
      \(functions.map(\.text).joined(separator: "\n"))
      \(writer.constants)\(normalization)static float arena[\(arenaCount)];

      int \(name)_predict(const \(pixel) *image, float *logits)
      {
          float *pixels = \(writer.imagePlace);
          for (int i = 0; i < \(input.count); i++)
              pixels[i] = (float)image[i] * input_gain[i % \(input.channels)] + \
      input_offset[i % \(input.channels)];
      \(writer.calls)    const float *result = \(writer.logitsPlace);
          int best = 0;
          for (int k = 0; k < \(classCount); k++) {
              if (result[k] > result[best]) best = k;
              if (logits) logits[k] = result[k];
          }
          return best;
      }
      \(selfTest)
      """
  }

  private var normalization: String {
    let channels = 0..<input.channels
    let normalization = writer.model.normalization
    let (values, shifts) = (normalization.gains, normalization.offsets)
    let gains = channels.map { CWriter.literal(values[$0 % values.count]) }
    let offsets = channels.map { CWriter.literal(shifts[$0 % shifts.count]) }
    return """
      static const float input_gain[\(input.channels)] = {\(gains.joined(separator: ", "))};
      static const float input_offset[\(input.channels)] = {\(offsets.joined(separator: ", "))};


      """
  }

  /// The reference's logits in Double of a pattern that the C code makes, too.
  private var selfTest: String {
    let normalization = writer.model.normalization
    let pixels = input.height * input.width
    var image = [Double](repeating: 0, count: input.count)
    for index in 0..<input.count {
      let byte = UInt8(truncatingIfNeeded: index &* 37 &+ index / 7)
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: input.channels)
      let value = isBytes ? Float(byte) : Float(byte) / 64
      image[channel * pixels + pixel] = Double(normalization.input(value, channel: channel))
    }
    let reference = ReferenceNetwork<Double>(
      network: writer.model.network, state: writer.model.state)
    let logits = reference.forward(image, mode: .evaluation).output.map { Float($0) }
    return """

      #ifdef \(macro)_SELF_TEST
      int \(name)_self_test(void)
      {
          static const float expected[\(classCount)] = {
              \(logits.map(CWriter.literal).joined(separator: ", "))};
          static \(pixel) image[\(input.count)];
          float logits[\(classCount)], largest = 0;
          for (int i = 0; i < \(input.count); i++) image[i] = \(isBytes ? "" : "1.0f / 64 * ")(uint8_t)(i * 37 + i / 7);
          \(name)_predict(image, logits);
          for (int k = 0; k < \(classCount); k++) {
              const float size = expected[k] < 0 ? -expected[k] : expected[k];
              if (size > largest) largest = size;
          }
          for (int k = 0; k < \(classCount); k++) {
              const float error = logits[k] - expected[k];
              if (!(error <= 1e-4f * largest && -error <= 1e-4f * largest)) return 1;
          }
          return 0;
      }
      #endif

      """
  }
}

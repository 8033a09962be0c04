// The parts of a C program around its steps: header, the function that answers, the self-test.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks

/// The texts that a program is made of.
struct CFrame {
  /// Begins all that the files define.
  var name: String
  /// The description's name.
  var title: String
  var headerFile: String
  var input: Shape
  var classCount: Int
  /// Types of the image's numbers and of the logits.
  var pixel: String
  var logit: String
  /// How much of everything, for the header.
  var sizes: String
  /// What the caller passes and gets, for the header.
  var usage: String
  /// Headers besides `<stdint.h>`, and which of them are of a library.
  var includes: [String]
  var library = "none"
  /// The functions that are called.
  var functions: [String]
  /// Constants and the arena.
  var declarations: String
  /// Brings the image into the arena.
  var load: String
  var calls: String
  /// Where the logits lie.
  var result: String
  var selfTest: CSelfTest

  private var macro: String { name.uppercased() }

  var header: String {
    """
    /* \(title): written by ptrain.
     * \(sizes) */
    #ifndef \(macro)_H
    #define \(macro)_H

    #include <stdint.h>

    #define \(macro)_HEIGHT \(input.height)
    #define \(macro)_WIDTH \(input.width)
    #define \(macro)_CHANNELS \(input.channels)
    #define \(macro)_CLASSES \(classCount)

    /* \(usage)
     * Not for two threads at a time: the values lie in one static arena. */
    int \(name)_predict(const \(pixel) *image, \(logit) *logits);

    #ifdef \(macro)_SELF_TEST
    /* 0 if the logits of a built-in pattern are what they should be\(selfTest.tolerance). */
    int \(name)_self_test(void);
    #endif

    #endif

    """
  }

  var source: String {
    """
    /* See \(headerFile). C99, no allocation, no library but \(library). */
    #include "\(headerFile)"

    \(includes.map { "#include \($0)\n" }.joined())
    \(functions.joined(separator: "\n"))
    \(declarations)
    int \(name)_predict(const \(pixel) *image, \(logit) *logits)
    {
    \(load)\(calls)    const \(logit) *result = \(result);
        int best = 0;
        for (int k = 0; k < \(classCount); k++) {
            if (result[k] > result[best]) best = k;
            if (logits) logits[k] = result[k];
        }
        return best;
    }

    #ifdef \(macro)_SELF_TEST
    int \(name)_self_test(void)
    {
        static const \(logit) expected[\(classCount)] = {
            \(selfTest.expected.joined(separator: ", "))};
        static \(pixel) image[\(input.count)];
        \(logit) logits[\(classCount)];
        for (int i = 0; i < \(input.count); i++) image[i] = \(selfTest.pattern);
        \(name)_predict(image, logits);
    \(selfTest.comparison(classCount))    return 0;
    }
    #endif

    """
  }
}

/// The logits of a pattern that the C code makes, too.
struct CSelfTest {
  /// What the header says about how near they must be.
  var tolerance: String
  /// Pixel `i` of the pattern, in C.
  var pattern: String
  var expected: [String]
  /// Statements that return 1 where logits differ.
  var comparison: (_ classCount: Int) -> String

  /// Byte `index` of the pattern.
  static func byte(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 37 &+ index / 7) }
  static let patternByte = "(uint8_t)(i * 37 + i / 7)"
}

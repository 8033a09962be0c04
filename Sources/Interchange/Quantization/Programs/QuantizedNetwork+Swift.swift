// A quantised network as one file of Embedded Swift: the interpreter's own kernels, constants in flash, one
// static arena.

import PTrainNetworks

/// The file of a network in Swift, and what it costs a device.
package struct SwiftProgram: Sendable {
  package let source: String
  package let size: ProgramSize
}

extension QuantizedNetwork {
  /// The network in Embedded Swift; `name` begins all that the file defines.
  package func swiftProgram(name: String) -> SwiftProgram {
    let program = IntegerProgram(self)
    return SwiftProgram(
      source: SwiftFrame(program: program, name: name).source, size: program.sizeInSwift)
  }
}

extension IntegerProgram {
  /// Code for a Cortex-M4: the functions, three bytes for each argument of a call, and what the compiler puts
  /// around them, its tables for unwinding among it.
  fileprivate var sizeInSwift: ProgramSize {
    var size = size
    size.code = functions.reduce(3200 + 3 * argumentCount) { $0 + $1.codeByteCount.swift }
    return size
  }
}

private struct SwiftFrame {
  let program: IntegerProgram
  let name: String

  private var network: QuantizedNetwork { program.network }
  private var input: QuantizedValue { network.values[0] }
  private var logits: QuantizedValue { network.values.last! }
  private var kernels: String { "\(name)_kernels" }

  var source: String {
    """
    // \(network.name), int8: written by ptrain.
    // \(program.sizeInSwift.text)

    private let \(name)_integers: InlineArray<\(integers.count), Int32> = [
    \(IntegerProgram.Constant.rows(integers, length: 8))]

    // Int8 numbers, 8 a word, the first in the lowest byte.
    private let \(name)_words: InlineArray<\(words.count), UInt64> = [
    \(IntegerProgram.Constant.rows(words, length: 5))]

    nonisolated(unsafe) private var \(name)_arena = InlineArray<\(program.places.count), Int8>(repeating: 0)

    /// The class of an image [height][width][channels], grey values or colours of 0 to 255 as they come;
    /// its logits unless that is nil: \(logits.scale) * (logit - \(logits.zeroPoint)) in numbers.
    /// Not for two threads at a time: the values lie in one static arena.
    public func \(name)_predict(
      _ image: UnsafePointer<UInt8>, _ logits: UnsafeMutablePointer<Int8>?
    ) -> Int {
      withUnsafeMutablePointer(to: &\(name)_arena) {
        $0.withMemoryRebound(to: Int8.self, capacity: \(program.places.count)) { arena in
          let pixels = \(program.place(0))
          for i in 0..<\(input.shape.count) { pixels[i] = Int8(bitPattern: image[i] ^ 0x80) }
          \(name)_integers.span.withUnsafeBufferPointer { integers in
            \(name)_words.span.withUnsafeBufferPointer {
              $0.withMemoryRebound(to: Int8.self) { bytes in
                \(name)_run(arena, integers.baseAddress!, bytes.baseAddress!)
              }
            }
          }
          let result = \(program.place(network.steps.count))
          var best = 0
          for k in 0..<\(logits.shape.count) {
            if result[k] > result[best] { best = k }
            if let logits { logits[k] = result[k] }
          }
          return best
        }
      }
    }

    private func \(name)_run(
      _ arena: UnsafeMutablePointer<Int8>, _ integers: UnsafePointer<Int32>,
      _ bytes: UnsafePointer<Int8>
    ) {
    \(constantPlaces)\(calls)}

    #if \(name.uppercased())_SELF_TEST
      nonisolated(unsafe) private var \(name)_pattern = InlineArray<\(input.shape.count), UInt8>(repeating: 0)

      /// Whether the logits of a built-in pattern are what they should be.
      public func \(name)_self_test() -> Bool {
        let expected: InlineArray<\(logits.shape.count), Int8> = [
          \(program.patternLogits.map { String($0) }.joined(separator: ", "))
        ]
        var logits = InlineArray<\(logits.shape.count), Int8>(repeating: 0)
        for i in 0..<\(input.shape.count) {
          \(name)_pattern[i] = UInt8(truncatingIfNeeded: i * 37 + i / 7)
        }
        \(name)_pattern.span.withUnsafeBufferPointer { image in
          var span = logits.mutableSpan
          span.withUnsafeMutableBufferPointer {
            _ = \(name)_predict(image.baseAddress!, $0.baseAddress!)
          }
        }
        for k in 0..<\(logits.shape.count) where logits[k] != expected[k] { return false }
        return true
      }
    #endif

    \(kernelText)
    """
  }

  // MARK: Constants

  private func constants(_ element: IntegerProgram.Constant.Element) -> [IntegerProgram.Constant] {
    program.constants.filter { $0.element == element }
  }

  private var integers: [Int] { constants(.int32).flatMap(\.values) }

  private var words: [UInt64] {
    let bytes = constants(.int8).flatMap(\.values).map { UInt8(bitPattern: Int8($0)) }
    return stride(from: 0, to: bytes.count, by: 8).map { first in
      bytes[first..<min(first + 8, bytes.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// Where each layer's arrays begin.
  private var constantPlaces: String {
    var text = ""
    for (element, block) in [(IntegerProgram.Constant.Element.int32, "integers"), (.int8, "bytes")]
    {
      var place = 0
      for constant in constants(element) {
        text += "  let \(constant.name) = \(block) + \(place)\n"
        place += constant.values.count
      }
    }
    return text
  }

  private var calls: String {
    program.calls.map {
      "  \(kernels).\($0.function.swiftName)(\($0.arguments.map(\.cText).joined(separator: ", ")))\n"
    }.joined()
  }

  /// The interpreter's sources without their heads, under this program's name.
  private var kernelText: String {
    let files = [
      PackageResources.integer_kernels_txt, PackageResources.integer_kernels_pools_txt,
      PackageResources.integer_kernels_elements_txt,
    ]
    return files.map { file in
      let lines = String(decoding: file, as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
      return lines.drop { $0.hasPrefix("// ") || $0.isEmpty }.joined(separator: "\n")
        .replacing("enum IntegerKernels", with: "private enum \(kernels)")
        .replacing("extension IntegerKernels", with: "extension \(kernels)")
    }.joined(separator: "\n")
  }
}

extension IntegerFunction {
  /// Its name among `IntegerKernels`.
  fileprivate var swiftName: String {
    let words = rawValue.split(separator: "_")
    return words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

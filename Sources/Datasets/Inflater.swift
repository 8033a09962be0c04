// zlib's inflate over bytes in memory: what gzip streams and the entries of zip archives share.

import CPTrainZlib

/// A compressed stream in a range of bytes.
final class Inflater {
  /// Deflate cannot expand more than this (zlib's technical notes).
  static let largestRatio = 1032

  /// What wraps the deflated data.
  enum Wrapper: Int32 {
    /// Nothing, the largest window.
    case none = -15
    /// A gzip header and trailer, 16 more than the largest window.
    case gzip = 31
  }

  let bytes: [UInt8]
  private let end: Int
  private(set) var position: Int
  private var stream = z_stream()

  /// Nil where zlib cannot start.
  init?(_ bytes: [UInt8], _ range: Range<Int>, wrapper: Wrapper) {
    self.bytes = bytes
    (position, end) = (range.lowerBound, range.upperBound)
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, wrapper.rawValue, ZLIB_VERSION, size) == Z_OK else { return nil }
  }

  deinit { inflateEnd(&stream) }

  /// Bytes that zlib has not taken.
  var rest: ArraySlice<UInt8> { bytes[position..<end] }

  /// The most bytes that can still come out.
  var mostRemaining: Int {
    let (product, overflow) = (end - position).multipliedReportingOverflow(by: Self.largestRatio)
    // What zlib has taken in but not yet given out: at most its window and one match.
    return overflow ? .max : product.addingReportingOverflow(1 << 16).partialValue
  }

  /// zlib's word for what is wrong with the data.
  func reason(_ status: Int32) -> String {
    stream.msg.map { String(cString: $0) } ?? "zlib status \(status)"
  }

  /// One call of zlib's inflate: how much came out, and its status.
  func inflate(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, status: Int32) {
    let outputSize = min(buffer.count, 1 << 30)
    let inputSize = min(end - position, 1 << 30)
    let status = bytes.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + position)
      stream.avail_in = UInt32(inputSize)
      stream.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(outputSize)
      return CPTrainZlib.inflate(&stream, Z_NO_FLUSH)
    }
    position += inputSize - Int(stream.avail_in)
    return (outputSize - Int(stream.avail_out), status)
  }

  /// Begins another stream where this one ended; false where zlib cannot.
  func reset() -> Bool { inflateReset(&stream) == Z_OK }
}

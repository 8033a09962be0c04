// Decompresses gzip (RFC 1952) through zlib, a piece at a time.
// Memory stays bounded by what the caller asks for, whatever the stream claims.

import CZlib
import Diagnostics

/// The content of a gzip stream of one or more members.
final class GzipReader: ByteReader {
  /// Deflate cannot expand more than this (zlib's technical notes).
  private static let largestRatio = 1032
  /// The largest window, and 16 for a gzip header instead of a zlib one.
  private static let windowBits: Int32 = 15 + 16

  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var isAtEnd = false
  private var stream = z_stream()

  static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// Reads `bytes`; `file` names them in errors.
  init(_ bytes: [UInt8], file: String) throws(Failure) {
    self.bytes = bytes
    self.file = file
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, Self.windowBits, ZLIB_VERSION, size) == Z_OK else {
      throw Failure(.fault, "\(file): zlib cannot start")
    }
  }

  deinit { inflateEnd(&stream) }

  var mostRemaining: Int {
    let (product, overflow) = (bytes.count - position).multipliedReportingOverflow(
      by: Self.largestRatio)
    // What zlib has taken in but not yet given out: at most its window and one match.
    return overflow ? .max : product.addingReportingOverflow(1 << 16).partialValue
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var filled = 0
    while filled < buffer.count, !isAtEnd {
      filled += try inflate(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
    }
    return filled
  }

  /// One call of zlib's inflate; returns how much came out.
  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    let outputSize = min(buffer.count, 1 << 30)
    let inputSize = min(bytes.count - position, 1 << 30)
    let status = bytes.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + position)
      stream.avail_in = UInt32(inputSize)
      stream.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
      stream.avail_out = UInt32(outputSize)
      return CZlib.inflate(&stream, Z_NO_FLUSH)
    }
    position += inputSize - Int(stream.avail_in)
    try check(status)
    return outputSize - Int(stream.avail_out)
  }

  private func check(_ status: Int32) throws(Failure) {
    switch status {
    case Z_OK: break
    case Z_STREAM_END: try endMember()
    case Z_BUF_ERROR:
      throw Failure(.badData, "\(file): the gzip data ends too early; copy or fetch it again")
    default:
      let reason = stream.msg.map { String(cString: $0) } ?? "zlib status \(status)"
      throw Failure(.badData, "\(file): the gzip data is damaged (\(reason)); fetch it again")
    }
  }

  /// Goes on with another member or ends, zeros behind it or not, as gzip takes them; anything else
  /// behind a member is an error.
  private func endMember() throws(Failure) {
    guard !bytes[position...].allSatisfy({ $0 == 0 }) else {
      isAtEnd = true
      return
    }
    guard Self.recognizes(Array(bytes[position...].prefix(2))) else {
      throw Failure(
        .badData, "\(file): \(bytes.count - position) stray bytes follow the gzip data")
    }
    guard inflateReset(&stream) == Z_OK else { throw Failure(.fault, "\(file): zlib cannot reset") }
  }
}

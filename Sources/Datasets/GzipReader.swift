// Decompresses gzip (RFC 1952) through zlib, a piece at a time.
// Memory stays bounded by what the caller asks for, whatever the stream claims.

import CPTrainZlib
import PTrainDiagnostics

/// The content of a gzip stream of one or more members.
final class GzipReader: ByteReader {
  private let inflater: Inflater
  private let file: String
  private var isAtEnd = false

  static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1f, 0x8b]) }

  /// Reads `bytes`; `file` names them in errors.
  init(_ bytes: [UInt8], file: String) throws(Failure) {
    guard let inflater = Inflater(bytes, 0..<bytes.count, wrapper: .gzip) else {
      throw Failure(.fault, "\(file): zlib cannot start")
    }
    self.inflater = inflater
    self.file = file
  }

  var mostRemaining: Int { inflater.mostRemaining }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    var filled = 0
    while filled < buffer.count, !isAtEnd {
      let (count, status) = inflater.inflate(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      try check(status)
      filled += count
    }
    return filled
  }

  private func check(_ status: Int32) throws(Failure) {
    switch status {
    case Z_OK: break
    case Z_STREAM_END: try endMember()
    case Z_BUF_ERROR:
      throw Failure(.badData, "\(file): the gzip data ends too early; copy or fetch it again")
    default:
      throw Failure(
        .badData,
        "\(file): the gzip data is damaged (\(inflater.reason(status))); fetch it again")
    }
  }

  /// Goes on with another member or ends, zeros behind it or not, as gzip takes them; anything else
  /// behind a member is an error.
  private func endMember() throws(Failure) {
    guard !inflater.rest.allSatisfy({ $0 == 0 }) else {
      isAtEnd = true
      return
    }
    guard Self.recognizes(Array(inflater.rest.prefix(2))) else {
      throw Failure(
        .badData, "\(file): \(inflater.rest.count) stray bytes follow the gzip data")
    }
    guard inflater.reset() else { throw Failure(.fault, "\(file): zlib cannot reset") }
  }
}

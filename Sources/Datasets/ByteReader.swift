// Sequential bytes, plain or compressed, behind one interface.
// A parser that asks for what it needs next never holds a whole decompressed file twice.

import PTrainDiagnostics

/// Gives out bytes in order.
protocol ByteReader {
  /// The most bytes that can still come; checks announced sizes before memory is taken.
  var mostRemaining: Int { get }

  /// Fills `buffer`; returns fewer bytes than it holds only at the end of the data.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int
}

extension ByteReader {
  /// The next `count` bytes, or what is left of them.
  mutating func read(_ count: Int) throws(Failure) -> [UInt8] {
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(Failure) {
        filled = try read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Bytes that are already in memory.
struct PlainReader: ByteReader {
  private let bytes: [UInt8]
  private let end: Int
  private var position: Int

  init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

  /// A part of the bytes.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    (position, end) = (range.lowerBound, range.upperBound)
  }

  var mostRemaining: Int { end - position }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let end = position + min(buffer.count, mostRemaining)
    buffer.copyBytes(from: bytes[position..<end])
    defer { position = end }
    return end - position
  }
}

// .npy arrays and .npz archives as numpy writes them, in every variant that readers must take, and in
// some that they must refuse.

import CPTrainZlib

/// An array for a test.
struct NumPyArray {
  var name: String
  var type = "|u1"
  var shape: [Int]
  var isFortran = false
  /// In C order.
  var values: [Double]
  var version: UInt8 = 1

  /// The file's content.
  var bytes: [UInt8] {
    var text =
      "{'descr': '\(type)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': \(shapeText), }"
    let prefix = version == 1 ? 10 : 12
    text += String(repeating: " ", count: (64 - (prefix + text.utf8.count + 1) % 64) % 64) + "\n"
    let count = text.utf8.count
    let length = version == 1 ? [count & 255, count >> 8] : [count & 255, count >> 8, 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length.map { UInt8($0) }
      + Array(text.utf8) + ordered.flatMap(encoded)
  }

  private var shapeText: String {
    shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
  }

  /// The values as they lie in memory.
  private var ordered: [Double] {
    guard isFortran else { return values }
    return values.indices.map { place in
      var (rest, source, step) = (place, 0, values.count)
      for extent in shape {
        step /= extent
        source += rest % extent * step
        rest /= extent
      }
      return values[source]
    }
  }

  private func encoded(_ value: Double) -> [UInt8] {
    let size = Int(type.dropFirst(2))!
    let bits: UInt64
    switch (type.dropFirst().first!, size) {
    case ("f", 2): bits = UInt64(Self.halfBits(Float(value)))
    case ("f", 4): bits = UInt64(Float(value).bitPattern)
    case ("f", _): bits = value.bitPattern
    default: bits = UInt64(bitPattern: Int64(value))
    }
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    return type.first == ">" ? bytes.reversed() : bytes
  }

  /// Exact for the small whole numbers and halves of the tests.
  private static func halfBits(_ value: Float) -> UInt16 {
    guard value != 0 else { return 0 }
    guard value.isFinite else { return value.isNaN ? 0x7e00 : value > 0 ? 0x7c00 : 0xfc00 }
    let fraction = UInt16((value.significand - 1) * 1024)
    return (value < 0 ? 0x8000 : 0) | UInt16(Int(value.exponent) + 15) << 10 | fraction
  }
}

/// A zip archive of files.
struct ZipFixture {
  enum Form: CaseIterable {
    case stored, deflated
    /// Sizes in the extra field, as for files beyond 4 GiB.
    case large
  }

  var files: [(name: String, bytes: [UInt8])]
  var form = Form.stored

  init(_ arrays: [NumPyArray], _ form: Form = .stored) {
    files = arrays.map { ("\($0.name).npy", $0.bytes) }
    self.form = form
  }

  init(files: [(name: String, bytes: [UInt8])], _ form: Form = .stored) {
    (self.files, self.form) = (files, form)
  }

  var bytes: [UInt8] {
    var (archive, directory) = ([UInt8](), [UInt8]())
    for (name, bytes) in files {
      let packed = form == .deflated ? Self.deflated(bytes) : bytes
      let method = form == .deflated ? 8 : 0
      let checksum = bytes.withUnsafeBufferPointer {
        Int(crc32(0, $0.baseAddress, UInt32($0.count)))
      }
      let offset = archive.count
      let isLarge = form == .large
      let extra =
        isLarge ? half(1) + half(24) + long(bytes.count) + long(packed.count) + long(offset) : []
      let sizes =
        isLarge ? word(0xffff_ffff) + word(0xffff_ffff) : word(packed.count) + word(bytes.count)
      let middle = half(0) + half(method) + word(0) + word(checksum) + sizes
      archive +=
        word(0x0403_4b50) + half(20) + middle + half(name.utf8.count) + half(0) + Array(name.utf8)
        + packed
      directory +=
        word(0x0201_4b50) + half(20) + half(20) + middle + half(name.utf8.count)
        + half(extra.count) + half(0) + half(0) + half(0) + word(0)
        + word(isLarge ? 0xffff_ffff : offset) + Array(name.utf8) + extra
    }
    let (start, count) = (archive.count, files.count)
    archive += directory
    if form == .large {
      let record = archive.count
      archive +=
        word(0x0606_4b50) + long(44) + half(45) + half(45) + word(0) + word(0) + long(count)
        + long(count) + long(directory.count) + long(start)
      archive += word(0x0706_4b50) + word(0) + long(record) + word(1)
    }
    let end = form == .large ? half(0xffff) : half(count)
    let place = form == .large ? word(0xffff_ffff) : word(start)
    return archive + word(0x0605_4b50) + half(0) + half(0) + end + end + word(directory.count)
      + place + half(0)
  }

  private func half(_ value: Int) -> [UInt8] { Self.littleEndian(value, 2) }
  private func word(_ value: Int) -> [UInt8] { Self.littleEndian(value, 4) }
  private func long(_ value: Int) -> [UInt8] { Self.littleEndian(value, 8) }

  private static func littleEndian(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A gzip member without its header and trailer.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    Array(gzipMember(bytes).dropFirst(10).dropLast(8))
  }
}

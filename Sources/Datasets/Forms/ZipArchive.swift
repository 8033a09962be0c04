// The entries of a zip archive in memory (PKWARE's APPNOTE): what numpy's .npz files are.
// Read from the central directory at the end, as numpy and unzip do; nothing in it is trusted.

import CPTrainZlib
import PTrainDiagnostics

/// An archive's entries, stored or deflated, none of them encrypted.
struct ZipArchive {
  struct Entry: Equatable {
    var name: String
    var method: Int
    var flags: Int
    var checksum: UInt32
    var compressedSize: Int
    var size: Int
    /// Of the entry's own header.
    var offset: Int
  }

  let bytes: [UInt8]
  let file: String
  let entries: [Entry]

  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x50, 0x4b, 3, 4]) || bytes.starts(with: [0x50, 0x4b, 5, 6])
  }

  /// Reads the directory of an archive; `file` names it in errors.
  ///
  /// Throws `.badData` for anything but a complete archive.
  init(_ bytes: [UInt8], file: String) throws(Failure) {
    self.bytes = bytes
    self.file = file
    let fields = LittleEndian(bytes)
    let directory = try Self.directory(fields, file)
    var entries: [Entry] = []
    var place = directory.start
    for _ in 0..<directory.count {
      guard let (entry, end) = Self.entry(fields, at: place) else {
        throw Failure(
          .badData, "\(file): its directory of \(directory.count) files is damaged; fetch it again")
      }
      entries.append(entry)
      place = end
    }
    self.entries = entries
  }

  /// Where the central directory begins, and how many entries it announces.
  private static func directory(
    _ fields: LittleEndian, _ file: String
  ) throws(Failure) -> (start: Int, count: Int) {
    let failure = Failure(
      .badData, "\(file): the zip archive has no end; it is cut off, copy or fetch it again")
    let last = fields.count - 22
    guard last >= 0,
      // A comment of up to 64 KiB may follow.
      let end = stride(from: last, through: max(0, last - 65_535), by: -1).first(where: {
        fields.word($0) == 0x0605_4b50
      })
    else { throw failure }
    guard let count = fields.half(end + 10), let start = fields.word(end + 16) else {
      throw failure
    }
    guard count == 0xffff || start == 0xffff_ffff else { return (start, count) }
    guard fields.word(end - 20) == 0x0706_4b50, let large = fields.long(end - 12),
      fields.word(large) == 0x0606_4b50, let count = fields.long(large + 32),
      let start = fields.long(large + 48), count <= fields.count
    else { throw failure }
    return (start, count)
  }

  /// The entry of the directory at a place, and where the next one begins.
  private static func entry(_ fields: LittleEndian, at place: Int) -> (Entry, end: Int)? {
    guard fields.word(place) == 0x0201_4b50, let flags = fields.half(place + 8),
      let method = fields.half(place + 10), let checksum = fields.word(place + 16),
      let compressedSize = fields.word(place + 20), let size = fields.word(place + 24),
      let nameCount = fields.half(place + 28), let extraCount = fields.half(place + 30),
      let commentCount = fields.half(place + 32), let offset = fields.word(place + 42),
      let name = fields.bytes(place + 46, nameCount),
      let extra = fields.bytes(place + 46 + nameCount, extraCount)
    else { return nil }
    var entry = Entry(
      name: String(decoding: name, as: UTF8.self), method: method, flags: flags,
      checksum: UInt32(checksum), compressedSize: compressedSize, size: size, offset: offset)
    guard entry.takeLargeSizes(from: LittleEndian(Array(extra))) else { return nil }
    return (entry, place + 46 + nameCount + extraCount + commentCount)
  }

  /// The content of an entry; throws `.badData` where it cannot be read.
  func reader(of entry: Entry) throws(Failure) -> ZipEntryReader {
    let name = "\(file): \(quoted(entry.name))"
    guard entry.flags & 1 == 0 else {
      throw Failure(.badData, "\(name) is encrypted; expected a file that numpy has saved")
    }
    guard entry.method == 0 || entry.method == 8 else {
      throw Failure(
        .badData,
        "\(name) is compressed by method \(entry.method); save it with numpy.savez or "
          + "numpy.savez_compressed")
    }
    let fields = LittleEndian(bytes)
    guard fields.word(entry.offset) == 0x0403_4b50, let nameCount = fields.half(entry.offset + 26),
      let extraCount = fields.half(entry.offset + 28)
    else { throw Failure(.badData, "\(name): its header is damaged; fetch the file again") }
    let start = entry.offset + 30 + nameCount + extraCount
    guard start <= bytes.count, entry.compressedSize <= bytes.count - start,
      entry.method == 8 || entry.size == entry.compressedSize
    else { throw Failure(.badData, "\(name) is cut off; copy or fetch the file again") }
    return try ZipEntryReader(entry, bytes, start..<start + entry.compressedSize, name: name)
  }
}

extension ZipArchive.Entry {
  /// Sizes that 32 bits do not hold stand in the extra field of number 1, in a fixed order; false where
  /// they are missing there.
  fileprivate mutating func takeLargeSizes(from extra: LittleEndian) -> Bool {
    var place = 0
    while let number = extra.half(place), let count = extra.half(place + 2) {
      defer { place += 4 + count }
      guard number == 1 else { continue }
      var field = place + 4
      for path in [\Self.size, \.compressedSize, \.offset] where self[keyPath: path] == 0xffff_ffff
      {
        guard field + 8 <= place + 4 + count, let value = extra.long(field) else { return false }
        self[keyPath: path] = value
        field += 8
      }
    }
    return size != 0xffff_ffff && compressedSize != 0xffff_ffff && offset != 0xffff_ffff
  }
}

/// An entry's bytes in order, their checksum compared at the end.
final class ZipEntryReader: ByteReader {
  private let entry: ZipArchive.Entry
  private let name: String
  private let inflater: Inflater?
  private var stored: PlainReader
  private var givenCount = 0
  private var checksum: UInt = 0

  fileprivate init(
    _ entry: ZipArchive.Entry, _ bytes: [UInt8], _ range: Range<Int>, name: String
  ) throws(Failure) {
    self.entry = entry
    self.name = name
    stored = PlainReader(bytes, range)
    inflater = entry.method == 8 ? Inflater(bytes, range, wrapper: .none) : nil
    guard entry.method == 0 || inflater != nil else {
      throw Failure(.fault, "\(name): zlib cannot start")
    }
  }

  var mostRemaining: Int {
    min(entry.size - givenCount, inflater?.mostRemaining ?? stored.mostRemaining)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
    let wanted = UnsafeMutableRawBufferPointer(
      rebasing: buffer.prefix(entry.size - givenCount))
    let filled =
      try inflater.map { (inflater) throws(Failure) in try inflate(inflater, wanted) }
      ?? stored.read(into: wanted)
    givenCount += filled
    var place = 0
    while place < filled {
      let count = min(filled - place, 1 << 30)
      checksum = crc32(
        checksum, wanted.baseAddress!.advanced(by: place).assumingMemoryBound(to: UInt8.self),
        UInt32(count))
      place += count
    }
    if givenCount == entry.size, UInt32(checksum) != entry.checksum {
      throw Failure(.badData, "\(name) is damaged, its checksum does not fit; fetch the file again")
    }
    return filled
  }

  private func inflate(
    _ inflater: Inflater, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(Failure) -> Int {
    var filled = 0
    while filled < buffer.count {
      let (count, status) = inflater.inflate(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      filled += count
      guard status == Z_OK || (status == Z_STREAM_END && filled == buffer.count) else {
        throw Failure(
          .badData,
          "\(name) is damaged (\(inflater.reason(status))); copy or fetch the file again")
      }
    }
    return filled
  }
}

/// Numbers in bytes that may be too few: nil beyond the end.
private struct LittleEndian {
  private let fields: [UInt8]

  init(_ bytes: [UInt8]) { fields = bytes }

  var count: Int { fields.count }

  func half(_ place: Int) -> Int? { number(place, 2) }
  func word(_ place: Int) -> Int? { number(place, 4) }
  /// Nil too for one beyond what an `Int` holds comfortably.
  func long(_ place: Int) -> Int? { number(place, 8) }

  private func number(_ place: Int, _ size: Int) -> Int? {
    guard let bytes = bytes(place, size) else { return nil }
    let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return value < 1 << 48 ? Int(value) : nil
  }

  func bytes(_ place: Int, _ size: Int) -> ArraySlice<UInt8>? {
    guard place >= 0, place <= fields.count, size <= fields.count - place else { return nil }
    return fields[place..<place + size]
  }
}

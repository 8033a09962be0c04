// The decoded bytes of class folders, kept in a file so that the next start reads instead of decodes.
//
// The file holds, integers little-endian: `ptrain images 1\n`; the key (64 hexadecimal digits); height,
// width, channels and the number of files (4 bytes each); an outcome for each file (a byte each); the
// length of the reasons (8 bytes) and the reasons, one a line; the values of the images; and a digest of
// all of that (64 digits). A file that is damaged or was made of something else is as good as none.

import Glibc
import PTrainDiagnostics
import PTrainMemory

/// One file of decoded bytes.
package struct DecodedCache: Sendable {
  private static let magic = Array("ptrain images 1\n".utf8)
  private static let digestByteCount = 64
  /// Height, width, channels, files, behind magic and key.
  private static let headByteCount = magic.count + digestByteCount + 16

  let path: String
  /// Digest of all that decides about the content.
  let key: String
  let threadCount: Int

  /// The file in `directory` for these files: the same for the same folder and choices, so that a folder
  /// whose files change keeps one cache.
  init(directory: String, layout: FolderLayout, preparation: ImagePreparation, threadCount: Int) {
    let place = Self.place(layout, preparation)
    self.init(
      path: "\(directory)/\(sha256(place).prefix(32)).images",
      key: sha256(place + Self.state(layout)), threadCount: threadCount)
  }

  /// Throws `.badData` unless `bytes` are a whole file whose key is all zeros.
  package static func check(_ bytes: [UInt8]) throws(Failure) {
    let key = String(repeating: "0", count: digestByteCount)
    let cache = DecodedCache(path: "", key: key, threadCount: 1)
    guard cache.content(try ByteStore(bytes)) != nil else {
      throw Failure(.badData, "no cache of decoded images")
    }
  }

  private init(path: String, key: String, threadCount: Int) {
    self.path = path
    self.key = key
    self.threadCount = threadCount
  }

  /// Where the folder is, which parts of it are read, and how.
  private static func place(_ layout: FolderLayout, _ preparation: ImagePreparation) -> [UInt8] {
    var place = layout.root.bytes
    if let resolved = layout.root.withCString({ realpath($0, nil) }) {
      place = Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
      free(resolved)
    }
    let roles = layout.parts.map(\.role.rawValue).joined(separator: " ")
    return place + Array("\0\(roles)\0\(preparation.text)\0".utf8)
  }

  /// Names, sizes and times of all files.
  private static func state(_ layout: FolderLayout) -> [UInt8] {
    var state: [UInt8] = []
    for part in layout.parts {
      for file in part.files {
        state += file.path.bytes
        for number in [0, file.byteCount, file.modified, file.changed] {
          withUnsafeBytes(of: number.littleEndian) { state += $0 }
        }
      }
    }
    return state
  }

  /// What the file holds; nil unless all of it is whole and belongs to the key.
  func read() -> DecodedFiles? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let whole = try? ByteStore(
        capacity: Int(status.st_size),
        fill: { buffer in
          readAll(descriptor, into: buffer) ? buffer.count : 0
        })
    else { return nil }
    return content(whole)
  }

  /// Checks and takes apart what a file holds.
  func content(_ whole: ByteStore) -> DecodedFiles? {
    let end = whole.count - Self.digestByteCount
    guard end >= Self.headByteCount + 8, whole.starts(with: Self.magic + Array(key.utf8)) else {
      return nil
    }
    func number(_ offset: Int, _ byteCount: Int) -> UInt64 {
      whole[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let sizes = (0..<4).map { Int(number(Self.headByteCount - 16 + 4 * $0, 4)) }
    let reasonStart = Self.headByteCount + sizes[3] + 8
    guard reasonStart <= end else { return nil }
    let outcomes = whole[Self.headByteCount..<reasonStart - 8].compactMap(
      DecodedFiles.Outcome.init(rawValue:))
    let reasonCount = number(reasonStart - 8, 8)
    let imageCount = outcomes.count { $0 == .image }
    // The sizes fit 32 bits each, but not their product.
    var pixelCount = imageCount
    for size in sizes[..<3] {
      let (product, overflow) = pixelCount.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      pixelCount = product
    }
    guard outcomes.count == sizes[3], reasonCount <= UInt64(end - reasonStart),
      end - reasonStart - Int(reasonCount) == pixelCount
    else { return nil }
    let pixelStart = reasonStart + Int(reasonCount)
    let parts = [
      UnsafeRawBufferPointer(start: whole.base, count: pixelStart),
      UnsafeRawBufferPointer(start: whole.base + pixelStart, count: pixelCount),
    ]
    guard
      whole.part(end..<whole.count).elementsEqual(
        contentDigest(parts, threadCount: threadCount).utf8)
    else { return nil }
    let reasons = String(decoding: whole[reasonStart..<pixelStart], as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
    guard reasons.count == outcomes.count(where: { $0 == .bad }) else { return nil }
    return DecodedFiles(
      height: sizes[0], width: sizes[1], channels: sizes[2], outcomes: outcomes,
      reasons: Array(reasons), pixels: whole.part(pixelStart..<end))
  }

  /// Keeps what was decoded; returns a line for the terminal, which tells the size or why nothing is
  /// kept. Nothing is lost without it.
  func write(_ decoded: DecodedFiles) -> String {
    let head = head(decoded)
    let byteCount = head.count + decoded.pixels.count + Self.digestByteCount
    let size = megabytes(byteCount)
    do {
      let directory = parentDirectory(path)
      try makeDirectory(directory)
      let lock = try DirectoryLock(directory, .waits)
      defer { withExtendedLifetime(lock) {} }
      StagedFile.removeLeftOvers(in: directory)
      if let free = freeByteCount(directory), byteCount > free / 2 {
        return "Decoded images (\(size)) are not kept: \(directory) has \(megabytes(free)) left"
      }
      try head.withUnsafeBufferPointer { head throws(Failure) in
        try write(UnsafeRawBufferPointer(head), decoded.pixels)
      }
      return "Decoded images (\(size)) are kept in \(path)"
    } catch {
      return "Decoded images (\(size)) are not kept: \(error.message)"
    }
  }

  /// Another file at the path stays unless all of this one can be written.
  private func write(_ head: UnsafeRawBufferPointer, _ pixels: ByteStore) throws(Failure) {
    let pixels = UnsafeRawBufferPointer(start: pixels.base, count: pixels.count)
    let digest = Array(contentDigest([head, pixels], threadCount: threadCount).utf8)
    let file = try StagedFile(path, isSynced: false) { descriptor throws(Failure) in
      try writeAll(descriptor, head, path: path)
      try writeAll(descriptor, pixels, path: path)
      try writeAll(descriptor, digest, path: path)
    }
    try file.commit()
  }

  private func head(_ decoded: DecodedFiles) -> [UInt8] {
    var head = Self.magic + Array(key.utf8)
    for size in [decoded.height, decoded.width, decoded.channels, decoded.outcomes.count] {
      withUnsafeBytes(of: UInt32(size).littleEndian) { head += $0 }
    }
    head += decoded.outcomes.map(\.rawValue)
    let reasons = decoded.reasons.map { $0 + "\n" }.joined().utf8
    withUnsafeBytes(of: UInt64(reasons.count).littleEndian) { head += $0 }
    return head + reasons
  }

  private func readAll(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress! + done, buffer.count - done)
      if count > 0 { done += count } else if count == 0 || errno != EINTR { return false }
    }
    return true
  }

  private func freeByteCount(_ directory: String) -> Int? {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    let (free, overflow) = Int(status.f_bavail).multipliedReportingOverflow(
      by: Int(status.f_frsize))
    return overflow ? .max : free
  }

  private func megabytes(_ byteCount: Int) -> String {
    byteCount < 10_000_000
      ? "\((byteCount + 999) / 1000) kB" : "\((byteCount + 999_999) / 1_000_000) MB"
  }
}

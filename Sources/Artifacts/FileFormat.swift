// Which form of files this ptrain writes and reads, and how long they may be. A file of another version
// is no damaged one: it waits for the ptrain that reads it.

import PTrainDiagnostics
import PTrainNetworks

/// The form of model files and checkpoints; metadata carries it.
enum FileFormat {
  /// Raised by whatever an older ptrain would read wrongly or not at all; the very first
  /// files have no number.
  static let version = 1

  private static let versionKey = "format_version"
  private static let programKey = "ptrain_version"
  private static let commitKey = "ptrain_commit"

  static var metadata: [Safetensors.Entry] {
    [.init(versionKey, String(version)), .init(programKey, Version.program)]
      + (Version.commit.map { [.init(commitKey, $0)] } ?? [])
  }

  /// Throws `badData` for a file of a later version; one without a number may come from anywhere.
  static func check(_ file: Safetensors, source: String) throws {
    guard let text = file.value(of: versionKey), Int(text).map({ $0 > version }) ?? true else {
      return
    }
    let program = file.value(of: programKey).map(printable) ?? "another version"
    throw Failure(
      .badData,
      "\(source): of format \(printable(text)), written by ptrain \(program); this is ptrain "
        + "\(Version.full), which reads formats up to \(version): use a later one")
  }
}

extension Safetensors {
  /// Longest header that is read or written, in bytes.
  package static let headerByteLimit = 8 << 20
  /// Longest file that is read or written, in bytes: a checkpoint of the largest network, which is five
  /// floats a value.
  package static let fileByteLimit = 5 * 4 * Network.valueLimit + headerByteLimit + 8

  /// Writes a file that can be read again, whole or not at all.
  ///
  /// Throws `badData` for one that would be beyond the limits.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    let header = bytes[0..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard bytes.count <= fileByteLimit, header <= headerByteLimit else {
      throw Failure(
        .badData,
        "\(path): \(bytes.count) bytes with a header of \(header); at most \(fileByteLimit) and "
          + "\(headerByteLimit) can be read again: a smaller network is needed")
    }
    try writeFile(path, bytes)
  }
}

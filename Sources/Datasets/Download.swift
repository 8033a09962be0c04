// Fetches a dataset's files through the system's curl into a directory.
// curl brings proxies, certificates and resuming; here content is verified and moved into place.

import Glibc
import PTrainDiagnostics

/// A file on a mirror, known by its decompressed content.
package struct RemoteFile: Sendable {
  /// Name on every mirror and in the directory.
  package let name: String
  /// Digest of the decompressed content.
  package let sha256: String
  /// Size of the decompressed content.
  package let byteCount: Int

  package init(name: String, sha256: String, byteCount: Int) {
    self.name = name
    self.sha256 = sha256
    self.byteCount = byteCount
  }

  /// Most bytes on the wire: compression may add a little to content that does not shrink.
  var transferLimit: Int { byteCount + 4096 }
}

/// What to fetch, from where and how patiently.
package struct Download: Sendable {
  /// Base addresses; each is tried until one fails to answer.
  package var mirrors: [String]
  package var files: [RemoteFile]
  /// Program name or path.
  package var curl = "curl"
  /// Longest wait for a connection.
  package var connectSeconds = 4
  /// A transfer slower than 1 kB/s for this long is given up.
  package var stallSeconds = 10
  /// Longest transfer of one file.
  package var fileSeconds = 600

  package init(mirrors: [String], files: [RemoteFile]) {
    self.mirrors = mirrors
    self.files = files
  }

  /// Makes sure that `directory` holds every file, verified.
  ///
  /// A file that is there stays. What was received of another is kept as `NAME.part` and
  /// resumed next time. Throws the last mirror's failure when no mirror is left.
  func fetch(
    into directory: String, report: (DataSourceEvent) -> Void
  ) throws(Failure) {
    try makeDirectory(directory)
    let lock = try DirectoryLock(directory, .waits)
    defer { withExtendedLifetime(lock) {} }
    var mirrors = mirrors[...]
    for file in files where access("\(directory)/\(file.name)", F_OK) != 0 {
      let transfer = Transfer(download: self, file: file, directory: directory)
      while true {
        guard let mirror = mirrors.first else {
          throw Failure(.missingInput, "no mirror is left for \(file.name)")
        }
        do {
          try transfer.run(from: mirror, report: report)
          break
        } catch {
          report(.mirrorFailed(error.message))
          mirrors = mirrors.dropFirst()
        }
      }
    }
  }
}

/// One file on its way from one mirror.
struct Transfer {
  let download: Download
  let file: RemoteFile
  let directory: String

  private var target: String { "\(directory)/\(file.name)" }
  private var part: String { target + ".part" }

  /// Downloads, verifies and moves the file into place.
  func run(from mirror: String, report: (DataSourceEvent) -> Void) throws(Failure) {
    let address = "\(mirror)/\(file.name)"
    let resumes = receivedByteCount > 0
    report(.downloading(address: address))
    do {
      // A part that is already complete needs no server.
      if !(resumes && isVerified) { try receive(address, report: report) }
      try verify(address)
    } catch {
      // The part may come from another mirror or run: once more without it.
      guard resumes, error.kind == .badData else { throw error }
      try receive(address, report: report)
      try verify(address)
    }
    try moveIntoPlace(part, target)
  }

  private var receivedByteCount: Int {
    var status = stat()
    return stat(part, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Runs curl; throws `.badData` if the server refuses the rest of a part.
  private func receive(
    _ address: String, report: (DataSourceEvent) -> Void
  ) throws(Failure) {
    let messages = try TemporaryFile()
    let status = try startCurl(address, messages).wait {
      report(.progress(file: file.name, receivedByteCount: receivedByteCount))
    }
    guard status != 0 else { return }
    // 22: an HTTP error, 33 and 36: no resuming; with a part these ask for a fresh start.
    let isRefused = receivedByteCount > 0 && [22, 33, 36].contains(status)
    if isRefused { unlink(part) }
    let reason =
      String(decoding: try messages.contents(), as: UTF8.self)
      .split(separator: "\n").first.map(String.init) ?? "curl status \(status)"
    throw Failure(isRefused ? .badData : .missingInput, "\(address): \(reason)")
  }

  private func startCurl(
    _ address: String, _ messages: TemporaryFile
  ) throws(Failure) -> ChildProcess {
    do {
      return try ChildProcess(
        download.curl, arguments: curlArguments(address), errors: messages)
    } catch {
      throw Failure(.missingInput, "\(download.curl): \(systemReason(error.code))")
    }
  }

  private func curlArguments(_ address: String) -> [String] {
    [
      "--fail", "--location", "--silent", "--show-error",
      "--connect-timeout", "\(download.connectSeconds)",
      "--speed-limit", "1000", "--speed-time", "\(download.stallSeconds)",
      "--max-time", "\(download.fileSeconds)", "--max-filesize", "\(file.transferLimit)",
      "--continue-at", "-", "--output", part, address,
    ]
  }

  private var isVerified: Bool {
    guard let bytes = try? readFile(part, limit: file.transferLimit),
      let content = try? Self.content(of: bytes, file)
    else { return false }
    return sha256(content) == file.sha256
  }

  /// Throws `.badData` and removes the part unless it holds the expected content.
  private func verify(_ address: String) throws(Failure) {
    guard !isVerified else { return }
    unlink(part)
    throw Failure(.badData, "\(address): received content does not match its SHA-256")
  }

  private static func content(of bytes: [UInt8], _ file: RemoteFile) throws(Failure) -> [UInt8] {
    guard GzipReader.recognizes(bytes) else { return bytes }
    var reader = try GzipReader(bytes, file: file.name)
    let content = try reader.read(file.byteCount)
    // The checksum at the end is read with the byte that must not come.
    guard try reader.read(1).isEmpty else {
      throw Failure(.badData, "\(file.name): longer than \(file.byteCount) bytes")
    }
    return content
  }
}

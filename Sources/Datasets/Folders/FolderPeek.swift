// Whether there are images below the folders of a folder, at first sight: `--data /` must not read a disk.

import Glibc
import PTrainDiagnostics
import PTrainImageFiles

/// A look into folders that ends soon.
struct FolderPeek {
  private static let entryLimit = 10_000
  /// Files whose first bytes are looked at, because their names say nothing.
  private static let fileLimit = 100
  private static let depthLimit = 8

  private var entryCount = 0
  private var fileCount = 0

  /// Whether a folder of `root` holds an image among the first files, at any of a few depths.
  static func findsImages(below root: BytePath) -> Bool {
    var peek = FolderPeek()
    guard let listing = try? FolderListing(root) else { return false }
    return listing.entries.contains { $0.isFolder && peek.look(root.appending($0.name), depth: 1) }
  }

  private mutating func look(_ folder: BytePath, depth: Int) -> Bool {
    guard depth <= Self.depthLimit, let listing = try? FolderListing(folder) else { return false }
    for entry in listing.entries where entryCount < Self.entryLimit {
      entryCount += 1
      let path = folder.appending(entry.name)
      if entry.isFolder ? look(path, depth: depth + 1) : entry.isFile && isImage(path) {
        return true
      }
    }
    return false
  }

  private mutating func isImage(_ path: BytePath) -> Bool {
    if ImageFormat.isNameOfImage(path.bytes) { return true }
    guard fileCount < Self.fileLimit else { return false }
    fileCount += 1
    let start = try? readStart(path, count: ImageFormat.signatureByteCount)
    return start.map { ImageFormat.recognize($0) != nil } ?? false
  }
}

// Finds the files below a class folder, to any depth, in an order that no file system decides.

import Glibc
import PTrainDiagnostics
import PTrainImageFiles

/// A file below a folder, by what tells whether it is still the same.
struct FolderFile: Equatable, Sendable {
  /// Below the data's folder.
  let path: BytePath
  let byteCount: Int
  /// Nanoseconds of the last change of the content, and of anything about the file.
  let modified: Int
  let changed: Int

  init(path: BytePath, _ status: stat) {
    self.path = path
    byteCount = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int {
    Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
  }
}

/// What real folders hold beside images, counted for one line.
package struct PassedOver: Equatable, Sendable {
  /// Names that systems leave in every second picture collection.
  package static let systemNames = ["Thumbs.db", "desktop.ini", "__MACOSX"]

  /// Names that begin with a dot.
  var hidden = 0
  /// `systemNames`.
  var ofSystems = 0
  /// Files beside the class folders.
  var besideClasses = 0
  /// Files that neither are images nor are called so, pipes, sockets.
  var other = 0
  /// Folders to which another path, a link say, has led already.
  var folderAgain = 0

  static func + (a: PassedOver, b: PassedOver) -> PassedOver {
    var sum = a
    sum.hidden += b.hidden
    sum.ofSystems += b.ofSystems
    sum.besideClasses += b.besideClasses
    sum.other += b.other
    sum.folderAgain += b.folderAgain
    return sum
  }

  /// Nil where there was nothing.
  var line: String? {
    let parts = [
      (hidden, "hidden"), (ofSystems, "Thumbs.db and the like"),
      (besideClasses, "beside the class folders"), (other, "no images"),
      (folderAgain, "folders that a link leads to again"),
    ].filter { $0.0 > 0 }
    guard !parts.isEmpty else { return nil }
    return "Passed over: " + parts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}

/// Names and kinds in one folder.
struct FolderListing {
  struct Entry {
    let name: [UInt8]
    let status: stat
    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
    var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }
  }

  /// In the order of the bytes of their names; links are what they lead to.
  private(set) var entries: [Entry] = []
  private(set) var passedOver = PassedOver()

  private static let systemNames = PassedOver.systemNames.map { Array($0.utf8) }

  /// Throws `.missingInput` where the folder cannot be read.
  init(_ path: BytePath) throws(Failure) {
    guard let stream = path.withCString({ opendir($0) }) else {
      throw Failure(.missingInput, "\(path.text): \(systemReason())")
    }
    defer { closedir(stream) }
    var found: [Entry] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name == Self.itself || name == Self.parent { continue }
      if name[0] == UInt8(ascii: ".") {
        passedOver.hidden += 1
      } else if Self.systemNames.contains(name) {
        passedOver.ofSystems += 1
      } else if let status = Self.status(stream, entry, name) {
        found.append(Entry(name: name, status: status))
      } else {
        passedOver.other += 1
      }
    }
    // An entry is large to move.
    let order = found.indices.sorted { BytePath.isOrdered(found[$0].name, found[$1].name) }
    entries = order.map { found[$0] }
  }

  private static let itself = [UInt8(ascii: ".")]
  private static let parent = itself + itself

  /// A link that leads nowhere or to itself is nothing, unless it is called an image, which misses then.
  private static func status(
    _ stream: OpaquePointer, _ entry: UnsafeMutablePointer<dirent>, _ name: [UInt8]
  ) -> stat? {
    var status = stat()
    let isThere = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      fstatat(dirfd(stream), bytes.assumingMemoryBound(to: CChar.self).baseAddress!, &status, 0)
        == 0
    }
    guard !isThere else { return status }
    guard ImageFormat.isNameOfImage(name) else { return nil }
    status.st_mode = S_IFREG
    return status
  }
}

/// One walk below one class folder.
struct FolderWalk {
  private struct Identity: Hashable {
    let device: UInt
    let number: UInt
  }

  private let root: BytePath
  private var met: Set<Identity> = []
  /// In the order of the bytes of their paths.
  private(set) var files: [FolderFile] = []
  private(set) var passedOver = PassedOver()

  /// Walks through `folder`, a path below `root`; throws `.missingInput` where one cannot be read.
  init(root: BytePath, folder: BytePath) throws(Failure) {
    self.root = root
    try walk(folder)
    // Without folders in folders they are in order already.
    let isSorted = zip(files, files.dropFirst()).allSatisfy { $0.path < $1.path }
    if !isSorted { files.sort { $0.path < $1.path } }
  }

  private mutating func walk(_ folder: BytePath) throws(Failure) {
    let path = root.appending(folder.bytes)
    let listing = try FolderListing(path)
    passedOver = passedOver + listing.passedOver
    note(path)
    for entry in listing.entries {
      let path = folder.appending(entry.name)
      if entry.isFile {
        files.append(FolderFile(path: path, entry.status))
      } else if !entry.isFolder {
        passedOver.other += 1
      } else if met.insert(Self.identity(entry.status)).inserted {
        try walk(path)
      } else {
        passedOver.folderAgain += 1
      }
    }
  }

  /// The class folder itself is met, too.
  private mutating func note(_ path: BytePath) {
    guard met.isEmpty else { return }
    var status = stat()
    if path.withCString({ stat($0, &status) }) == 0 { met.insert(Self.identity(status)) }
  }

  private static func identity(_ status: stat) -> Identity {
    Identity(device: UInt(status.st_dev), number: UInt(status.st_ino))
  }
}

// Which pictures a command's arguments name: files, folders to any depth, IDX files with many each.
// In the order of the arguments; what lies in a folder is sorted by the bytes of its name.

import Glibc
import PTrainDatasets
import PTrainDiagnostics
import PTrainImageFiles

/// One picture that a model is to be asked about.
package struct Picture: Sendable {
  enum Content: Sendable {
    /// A file; `isNamed`: by an argument itself, not found in a folder.
    case file(isNamed: Bool)
    case indexed(IDX, Int)
  }

  /// As it was named, or below the folder that was.
  package let path: String
  /// 0-based place in an IDX file; nil for a file of its own.
  package var index: Int? { if case .indexed(_, let index) = content { index } else { nil } }
  let content: Content

  /// For people: `digits.idx:12` is the 13th image of a file.
  package var name: String { path + (index.map { ":\($0)" } ?? "") }
}

extension Picture {
  /// The pictures that `paths` name.
  ///
  /// `report` gets a failure for each argument or folder that cannot be read; the others are listed.
  package static func list(_ paths: [String], report: (Failure) -> Void) -> [Picture] {
    paths.flatMap { path -> [Picture] in
      var status = stat()
      guard stat(path, &status) == 0 else {
        report(Failure(.missingInput, "\(path): \(systemReason())"))
        return []
      }
      if status.st_mode & S_IFMT == S_IFDIR {
        var trail: [(dev_t, ino_t)] = []
        return folder(path, &trail, report)
      }
      do throws(Failure) {
        return try indexed(path) ?? [Picture(path: path, content: .file(isNamed: true))]
      } catch {
        report(error)
        return []
      }
    }
  }

  /// `trail` are the folders that lead there: a link to one of them would be entered for ever.
  private static func folder(
    _ path: String, _ trail: inout [(dev_t, ino_t)], _ report: (Failure) -> Void
  ) -> [Picture] {
    var status = stat()
    guard stat(path, &status) == 0, access(path, R_OK | X_OK) == 0 else {
      report(Failure(.missingInput, "\(path): \(systemReason())"))
      return []
    }
    let place = (status.st_dev, status.st_ino)
    guard !trail.contains(where: { $0 == place }) else { return [] }
    trail.append(place)
    defer { trail.removeLast() }
    var pictures: [Picture] = []
    for name in fileNames(path).sorted(by: { Array($0.utf8).lexicographicallyPrecedes($1.utf8) })
    where !name.hasPrefix(".") && !PassedOver.systemNames.contains(name) {
      let child = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
      guard stat(child, &status) == 0 else {
        report(Failure(.missingInput, "\(child): \(systemReason())"))
        continue
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: pictures += folder(child, &trail, report)
      case S_IFREG: pictures.append(Picture(path: child, content: .file(isNamed: false)))
      default: break
      }
    }
    return pictures
  }

  /// The images of an IDX file, plain or gzip; nil for a file that begins as neither.
  private static func indexed(_ path: String) throws(Failure) -> [Picture]? {
    let start = try readStart(BytePath(path), count: 4)
    let isPlain = start.starts(with: [0, 0, 8]) && start.last.map { (3...4).contains($0) } == true
    guard isPlain || start.starts(with: [0x1f, 0x8b]) else { return nil }
    let file = try IDX(readFile(path, limit: IDX.byteLimit), as: .images, file: path)
    return (0..<file.dimensions[0]).map { Picture(path: path, content: .indexed(file, $0)) }
  }
}

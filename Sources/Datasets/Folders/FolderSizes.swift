// Which sizes the images of a folder have: told where they are several and no size was asked for.

import PTrainCLibrary
import PTrainDiagnostics
import PTrainImageFiles

/// The sizes of the first images of a decoder's files, by their headers.
struct FolderSizes {
  private let decoder: FolderDecoder
  private static let fileLimit = 10_000
  /// Enough for what cameras put before the size.
  private static let headByteCount = 1 << 18
  private static let shownCount = 5

  init(_ decoder: FolderDecoder) { self.decoder = decoder }

  /// What a user is told who has to choose a size.
  var failure: Failure {
    let counts = counts()
    let common = counts.sorted {
      ($1.value, $0.key.width, $0.key.height) < ($0.value, $1.key.width, $1.key.height)
    }
    let shown = common.prefix(Self.shownCount).map { size, count in
      "\(size.width) x \(size.height) (\(count) image\(count == 1 ? "" : "s"))"
    }
    let rest = common.count - shown.count
    return Failure(
      .badData,
      "\(decoder.root.text): images of \(common.count) sizes: \(shown.joined(separator: ", "))"
        + (rest > 0 ? " and \(rest) more" : "")
        + (decoder.files.count > Self.fileLimit ? " among the first \(Self.fileLimit) files" : "")
        + "; pass ", naming: .size, " WxH, to which all are resized")
  }

  private func counts() -> [HeaderSize: Int] {
    var counts: [HeaderSize: Int] = [:]
    for file in decoder.files.prefix(Self.fileLimit) {
      let path = decoder.root.appending(file.path.bytes)
      guard let head = try? readStart(path, count: Self.headByteCount),
        let size = try? HeaderSize(head, source: path.text)
      else { continue }
      counts[size, default: 0] += 1
    }
    return counts
  }
}

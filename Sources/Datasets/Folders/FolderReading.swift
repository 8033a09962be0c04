// Class folders from beginning to end: files, cache or decoding, labels, and what there is to tell.

import PTrainDiagnostics
import PTrainImageFiles
import PTrainMemory

/// The images of class folders with their labels.
struct FolderReading {
  struct Part {
    let role: FolderPart.Role
    let classNames: [String]
    /// Classes, places in `classNames`.
    let labels: [UInt16]
    /// Values `[labels.count, height, width, channels]`.
    let pixels: ByteStore
  }

  let height: Int
  let width: Int
  let channels: Int
  let parts: [Part]
  /// Lines for the terminal.
  let remarks: [String]
  /// A line for each file that was left out: its name and why.
  let leftOut: [String]

  /// Reads the parts in `roles` of the folder at `root`, or all images where it has no parts.
  ///
  /// Throws `.badData`, naming the folder or file, for what is no sound set of classes.
  init(
    _ root: BytePath, roles: [FolderPart.Role], _ options: ReadingOptions
  ) throws(Failure) {
    let layout = try FolderLayout(root: root, roles: roles, threadCount: options.threadCount)
    let (decoded, cacheLine) = try Self.decoded(layout, options)
    guard options.skipsBad || decoded.reasons.isEmpty else {
      throw Failure(.badData, decoded.reasons[0])
    }
    (height, width, channels) = (decoded.height, decoded.width, decoded.channels)
    parts = try Self.parts(layout, decoded)
    leftOut = decoded.reasons
    var passedOver = layout.passedOver
    passedOver.other += decoded.outcomes.count { $0 == .passedOver }
    let leftOutLine =
      leftOut.isEmpty ? nil : "Left out: \(leftOut.count) of the files, which cannot be decoded"
    remarks = [passedOver.line, leftOutLine, cacheLine].compactMap { $0 }
  }

  private static func decoded(
    _ layout: FolderLayout, _ options: ReadingOptions
  ) throws(Failure) -> (DecodedFiles, cacheLine: String?) {
    let preparation = options.preparation.completed(for: options.modelInput)
    let cache = options.cacheDirectory.map {
      DecodedCache(
        directory: $0, layout: layout, preparation: preparation,
        threadCount: options.threadCount)
    }
    if let kept = cache?.read() { return (kept, nil) }
    let decoder = FolderDecoder(
      root: layout.root, files: layout.parts.flatMap(\.files), preparation: preparation,
      skipsBad: options.skipsBad, threadCount: options.threadCount)
    let decoded = try decoder.decode(progress: options.progress)
    return (decoded, cache?.write(decoded))
  }

  /// Cuts the images into parts, and labels them.
  private static func parts(
    _ layout: FolderLayout, _ decoded: DecodedFiles
  ) throws(Failure) -> [Part] {
    let imageByteCount = decoded.height * decoded.width * decoded.channels
    var parts: [Part] = []
    var (file, start) = (0, 0)
    for part in layout.parts {
      var labels: [UInt16] = []
      for (place, fileCount) in part.fileCounts.enumerated() {
        let outcomes = decoded.outcomes[file..<file + fileCount]
        let imageCount = outcomes.count { $0 == .image }
        guard imageCount > 0 else {
          throw Failure(
            .badData,
            "\(layout.root.text): the \(part.role.rawValue) set has no image of class "
              + "\(BytePath(part.classNames[place]).text); add some or remove its folder")
        }
        labels += repeatElement(UInt16(place), count: imageCount)
        file += fileCount
      }
      let end = start + labels.count * imageByteCount
      parts.append(
        Part(
          role: part.role, classNames: part.classNames, labels: labels,
          pixels: decoded.pixels.part(start..<end)))
      start = end
    }
    return parts
  }
}

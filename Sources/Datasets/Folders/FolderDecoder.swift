// Decodes the files of class folders on several threads into one block of bytes.
// What comes out depends on the files alone: threads take the next files in order, and where something
// stops them, all files before it have been looked at.

import PTrainCLibrary
import PTrainDiagnostics
import PTrainImageFiles
import PTrainMemory

/// How far decoding has come.
public struct DecodingProgress: Equatable, Sendable {
  public let doneCount: Int
  public let totalCount: Int

  package init(doneCount: Int, totalCount: Int) {
    self.doneCount = doneCount
    self.totalCount = totalCount
  }
}

/// What became of the files of a layout.
struct DecodedFiles: Equatable, Sendable {
  enum Outcome: UInt8, Sendable {
    case image, passedOver, bad
  }

  let height: Int
  let width: Int
  let channels: Int
  /// Of each file.
  let outcomes: [Outcome]
  /// Why a bad file is bad, in their order.
  let reasons: [String]
  /// Values `[images, height, width, channels]`.
  let pixels: ByteStore
}

/// Decodes files in parallel.
struct FolderDecoder: Sendable {
  let root: BytePath
  let files: [FolderFile]
  let preparation: ImagePreparation
  let skipsBad: Bool
  let threadCount: Int

  /// Largest file that is read.
  private static let byteLimit = 1 << 30
  /// Files that a thread takes at a time.
  private static let stride = 16

  /// Calls `progress` from this thread, several times a second and at the end.
  ///
  /// Throws `.badData` for the first file that cannot be decoded, unless bad ones are left out, and for
  /// the first image of another size than the first one's.
  func decode(progress: (DecodingProgress) -> Void) throws(Failure) -> DecodedFiles {
    let first = try firstImage()
    var shape = ImageSlots.Shape(
      height: first.height, width: first.width, channels: first.channels)
    if let decoded = try decode(shape, progress: progress) { return decoded }
    // Grey values came first, colours after them: a mixed folder is one of colours.
    shape.channels = 3
    return try decode(shape, progress: progress)!
  }

  /// The first image in order, which says what the others must be.
  private func firstImage() throws(Failure) -> DecodedImage {
    for file in files {
      switch attempt(file, preparation) {
      case .success(let image?):
        guard max(image.height, image.width) <= ImageSize.sideLimit else {
          throw Failure(
            .badData,
            "\(source(file)): \(image.width) x \(image.height) pixels, at most "
              + "\(ImageSize.sideLimit) a side; pass ", naming: .size, " WxH")
        }
        return image
      case .success(nil): continue
      case .failure(let failure): guard skipsBad else { throw failure }
      }
    }
    throw Failure(.badData, "\(root.text): no image in the class folders")
  }

  /// Nil where the images are to have one channel and a colour image is met.
  private func decode(
    _ shape: ImageSlots.Shape, progress: (DecodingProgress) -> Void
  ) throws(Failure) -> DecodedFiles? {
    let (capacity, isTooMuch) = shape.byteCount.multipliedReportingOverflow(by: files.count)
    guard !isTooMuch else { throw Failure(.badData, "\(root.text): too many images for memory") }
    let work = DecodingWork(fileCount: files.count)
    let pixels = try ByteStore(capacity: capacity) { (buffer) throws(Failure) in
      let slots = ImageSlots(buffer.baseAddress!, shape)
      run(work, progress) { index in decode(index, into: slots, work) }
      guard let stop = work.stop else { return slots.closeGaps(work.outcomes) }
      switch stop.reason {
      case .colors: return 0
      case .failure(let failure): throw failure
      case .size: throw FolderSizes(self).failure
      }
    }
    guard work.stop == nil else { return nil }
    return DecodedFiles(
      height: shape.height, width: shape.width, channels: shape.channels, outcomes: work.outcomes,
      reasons: work.reasons, pixels: pixels)
  }

  private func decode(_ index: Int, into slots: ImageSlots, _ work: DecodingWork) {
    var preparation = preparation
    if slots.shape.channels == 3 { preparation.channels = .rgb }
    switch attempt(files[index], preparation) {
    case .success(nil): work.note(index, .passedOver)
    case .failure(let failure) where skipsBad: work.note(index, .bad, failure.message)
    case .failure(let failure): work.stop(index, .failure(failure))
    case .success(let image?):
      if (image.height, image.width) != (slots.shape.height, slots.shape.width) {
        work.stop(index, .size)
      } else if image.channels != slots.shape.channels {
        work.stop(index, .colors)
      } else {
        slots.store(image, at: index)
      }
    }
  }

  /// Nil for a file that is no image and is not called one.
  private func attempt(
    _ file: FolderFile, _ preparation: ImagePreparation
  ) -> Result<DecodedImage?, Failure> {
    Result { () throws(Failure) in
      let bytes = try readFile(root.appending(file.path.bytes), limit: Self.byteLimit)
      if !isImage(file, bytes) { return nil }
      return try preparation.image(bytes, source: source(file))
    }
  }

  /// Whether a file is one by its first bytes or ought to be one by its name.
  private func isImage(_ file: FolderFile, _ bytes: [UInt8]) -> Bool {
    ImageFormat.recognize(bytes) != nil || ImageFormat.unsupportedName(bytes) != nil
      || ImageFormat.isNameOfImage(file.path.bytes)
  }

  func source(_ file: FolderFile) -> String { root.appending(file.path.bytes).text }

  /// Runs `body` for each file up to the stop, on `threadCount` threads of which this is one.
  private func run(
    _ work: DecodingWork, _ progress: (DecodingProgress) -> Void, _ body: @Sendable (Int) -> Void
  ) {
    let threadCount = min(threadCount, (files.count + Self.stride - 1) / Self.stride)
    var last = now()
    withThreads(threadCount) {
      while work.takeNext(Self.stride, body) {}
    } here: {
      while work.takeNext(Self.stride, body) {
        guard now() - last > 0.1 else { continue }
        last = now()
        progress(DecodingProgress(doneCount: work.doneCount, totalCount: files.count))
      }
    }
    if work.stop == nil {
      progress(DecodingProgress(doneCount: files.count, totalCount: files.count))
    }
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

// The forms in which datasets are held, and the one place that tells which of them a path holds.
// A form is known by what lies there, never by an option; a further one is a type in `all`.

import PTrainCLibrary
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

/// One form of data: it knows itself and reads itself.
package protocol DataForm: Sendable {
  /// What it looks for, for messages and help: `the four IDX files of MNIST's names`.
  static var expectation: String { get }

  /// Nil where `path` holds something else. Looks at names and first bytes alone; what follows may still
  /// be damaged.
  init?(at path: DataPath)

  /// Reads what is wanted, and may read more.
  ///
  /// Throws `.missingInput` for a missing file, `.badData` for damaged or contradicting ones, always
  /// naming the file.
  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts
}

/// What a command needs of a dataset.
package enum WantedParts: Sendable {
  case everything
  /// The test set alone: the other files may be missing.
  case test
}

/// How data is read, whatever its form.
public struct ReadingOptions: Sendable {
  /// Whether rows and columns of images change places, as EMNIST's files want.
  public var transposes = false
  /// Share of each class that becomes the test set where the data has none; nil: 0.2.
  public var testShare: Double?
  /// Draws what is held out.
  public var seed: UInt64 = 1
  /// What each image becomes; rows of a table that do not tell their size have this one's.
  public var preparation = ImagePreparation()
  /// What class folders become where the preparation leaves it open: the input of a model.
  public var modelInput: Shape?
  /// Whether files that cannot be decoded are left out; otherwise the first one is an error.
  public var skipsBad = false
  /// Threads that decode files.
  public var threadCount = ThreadAffinity.processCPUCount
  /// Where decoded files are kept for the next time; nil: nowhere.
  public var cacheDirectory: String?
  /// Called on the thread that reads, several times a second while files are decoded.
  public var progress: @Sendable (DecodingProgress) -> Void = { _ in }

  public init() {}
}

/// What a form has read.
package struct DataParts: Sendable {
  /// Nil where the data has none or it was not wanted.
  package var training: ImageSet?
  package var validation: ImageSet?
  /// Nil where the data has none.
  package var test: ImageSet?
  /// Lines for the terminal: what was passed over, say.
  package var remarks: [String] = []
  /// A line for each file that was left out: its name and why.
  package var leftOut: [String] = []

  package init() {}

  /// Replaces each set by what `change` makes of it.
  mutating func mapSets(_ change: (ImageSet) throws(Failure) -> ImageSet) throws(Failure) {
    if let set = training { training = try change(set) }
    if let set = validation { validation = try change(set) }
    if let set = test { test = try change(set) }
  }
}

/// A file or a directory, and what it holds at first sight.
package struct DataPath: Sendable {
  package let path: String
  package let isDirectory: Bool
  /// Names in a directory, in the order of their bytes; empty for a file.
  package let names: [String]

  /// Throws `.missingInput` where there is nothing.
  package init(_ path: String) throws(Failure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw Failure(
        .missingInput, "\(path): \(systemReason()); expected a directory or a file with a dataset")
    }
    self.path = path
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    names = isDirectory ? fileNames(path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : []
  }

  /// The last name of the path.
  package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The first bytes of a file, at most `count`; none where it cannot be read.
  package func firstBytes(_ count: Int, of name: String? = nil) -> [UInt8] {
    let file = name.map { "\(path)/\($0)" } ?? path
    return (try? readStart(BytePath(file), count: count)) ?? []
  }
}

package enum DataForms {
  /// Every form, in the order in which they are asked.
  package static let all: [any DataForm.Type] = [
    IDXFiles.self, CIFARFiles.self, NPZFiles.self, CSVFiles.self, ClassFolders.self,
  ]

  /// Throws `.missingInput` where there is nothing, or nothing that is known.
  static func form(at path: String) throws(Failure) -> any DataForm {
    let found = try DataPath(path)
    for form in all {
      if let form = form.init(at: found) { return form }
    }
    throw Failure(
      .missingInput,
      "\(path): holds no dataset; expected "
        + all.map { $0.expectation }.joined(separator: ", or "))
  }
}

extension Dataset {
  /// Share of each class that is the test set of data that has none, unless the options say another.
  static let usualTestShare = 0.2

  /// Reads the dataset at a path, whatever its form; `remarks` are lines for the terminal.
  ///
  /// Throws `.missingInput` for a missing path or file, `.badData` for damaged or contradicting files,
  /// always naming the file, and `.usage` for options that do not fit the data.
  public static func read(
    _ path: String, _ options: ReadingOptions = ReadingOptions()
  ) throws(Failure) -> (dataset: Dataset, remarks: [String]) {
    var parts = try DataForms.form(at: path).read(.everything, options)
    guard var training = parts.training else {
      throw Failure(.missingInput, "\(path): holds a test set alone; training needs a training set")
    }
    if let test = parts.test {
      guard options.testShare == nil else {
        throw Failure(
          .usage, naming: .testShare, ": \(path) has a test set of its own (\(test.count) images)")
      }
    } else {
      let (share, all) = (options.testShare ?? usualTestShare, training.count)
      let (kept, test) = try training.split(
        .share(share), seed: options.seed, purpose: .testSplit)
      (training, parts.training, parts.test) = (kept, kept, test)
      parts.remarks.append(
        "No test set in \(path): it is \(test.count) of the \(all) images, \(share) of each class, "
          + "drawn by seed \(options.seed)")
    }
    if options.transposes { try parts.mapSets { (set) throws(Failure) in try set.transposed() } }
    try parts.mapSets { (set) throws(Failure) in try set.prepared(options, source: path) }
    var dataset = try Dataset(
      name: try DataPath(path).name, training: parts.training!, validation: parts.validation,
      test: parts.test!, source: path)
    dataset.leftOut = parts.leftOut
    return (dataset, parts.remarks)
  }

  /// Reads the dataset at a path, whatever its form; throws as `read` does.
  public init(
    at path: String, _ options: ReadingOptions = ReadingOptions()
  ) throws(Failure) {
    self = try Self.read(path, options).dataset
  }
}

extension ImageSet {
  /// Reads the test set at a path alone, or all images where none of them are called a test set;
  /// `remarks` tell that.
  ///
  /// Throws as `Dataset.read` does.
  package static func readTestSet(
    _ path: String, _ options: ReadingOptions = ReadingOptions()
  ) throws(Failure) -> (set: ImageSet, remarks: [String]) {
    var parts = try DataForms.form(at: path).read(.test, options)
    if parts.test == nil, let training = parts.training {
      parts.test = training
      parts.remarks.append(
        "No test set in \(path): these are all of its images, whatever a model was trained on")
    }
    guard var set = parts.test, set.count > 0 else {
      throw Failure(.badData, "\(path): test set without samples")
    }
    if let sample = set.firstSampleWithoutNumbers {
      throw Failure(
        .badData, "\(path): test sample \(sample) holds a NaN or an infinity; expected numbers")
    }
    if options.transposes { set = try set.transposed() }
    return (try set.prepared(options, source: path), parts.remarks)
  }

  /// Rows and columns of each image in each other's place.
  func transposed() throws(Failure) -> ImageSet {
    let (height, width, size) = (height, width, channels * pixelType.size)
    let turned = try ByteStore(capacity: images.count) { buffer in
      for image in 0..<count {
        let first = image * byteCount
        for y in 0..<height {
          for x in 0..<width {
            buffer.baseAddress!.advanced(by: first + (x * height + y) * size).copyMemory(
              from: images.base + first + (y * width + x) * size, byteCount: size)
          }
        }
      }
      return buffer.count
    }
    return ImageSet(
      height: width, width: height, channels: channels, pixelType: pixelType, images: turned,
      labels: labels, classNames: classNames)
  }
}

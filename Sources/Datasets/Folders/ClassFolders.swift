// Class folders as a form of data.

import PTrainDiagnostics
import PTrainMemory

/// A folder with a folder for each class, or with such folders for training, validation and test.
struct ClassFolders: DataForm {
  static let expectation = "a folder of PNG, JPEG, BMP or PNM files for each class"

  private let path: String

  init?(at path: DataPath) {
    guard path.isDirectory, FolderPeek.findsImages(below: BytePath(path.path)) else { return nil }
    self.path = path.path
  }

  func read(_ wanted: WantedParts, _ options: ReadingOptions) throws(Failure) -> DataParts {
    let roles = wanted == .test ? [FolderPart.Role.test] : FolderPart.Role.allCases
    let reading = try FolderReading(BytePath(path), roles: roles, options)
    var parts = DataParts()
    for part in reading.parts {
      let set = ImageSet(
        height: reading.height, width: reading.width, channels: reading.channels,
        images: part.pixels, labels: part.labels, classNames: part.classNames)
      switch part.role {
      case .training: parts.training = set
      case .validation: parts.validation = set
      case .test: parts.test = set
      }
    }
    (parts.remarks, parts.leftOut) = (reading.remarks, reading.leftOut)
    return parts
  }
}

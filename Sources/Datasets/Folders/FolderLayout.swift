// Which folders are classes and which are parts of the data: PATH/CLASS, or PATH/train/CLASS with
// PATH/test/CLASS and PATH/val/CLASS.

import PTrainDiagnostics

/// A part of the data, its classes and their files.
struct FolderPart: Sendable {
  enum Role: String, CaseIterable, Sendable {
    case training, validation, test

    /// Names of folders, in lower case.
    fileprivate var folderNames: [String] {
      switch self {
      case .training: ["train", "training"]
      case .validation: ["val", "valid", "validation"]
      case .test: ["test", "testing"]
      }
    }

    fileprivate static func named(_ name: [UInt8]) -> Role? {
      let lower = String(decoding: name, as: UTF8.self).lowercased()
      return allCases.first { $0.folderNames.contains(lower) }
    }
  }

  let role: Role
  /// In the order of their bytes.
  let classNames: [String]
  /// Of each class.
  let fileCounts: [Int]
  /// Of one class after another.
  let files: [FolderFile]
}

/// Everything that is in a folder of class folders, before any file is opened.
struct FolderLayout: Sendable {
  let root: BytePath
  /// Training, validation, test: those that are there and wanted.
  let parts: [FolderPart]
  let passedOver: PassedOver

  private static let classLimit = 65_535

  /// Whether a folder may hold class folders: it has a folder.
  static func recognizes(_ root: BytePath) -> Bool {
    (try? FolderListing(root))?.entries.contains(where: \.isFolder) ?? false
  }

  /// Looks through the folders of the parts in `roles`, or through all where there are no parts; where
  /// none of these is there, what is counts as the training set.
  ///
  /// Throws `.missingInput` for folders that cannot be read, `.badData` for a class without files, fewer
  /// than two classes, and class names that are no text.
  init(root: BytePath, roles: [FolderPart.Role], threadCount: Int = 1) throws(Failure) {
    let listing = try FolderListing(root)
    let folders = listing.entries.filter(\.isFolder).map(\.name)
    var passedOver = listing.passedOver
    passedOver.besideClasses += listing.entries.count - folders.count
    var parts: [FolderPart] = []
    let found = try Self.roles(of: folders, root)
    if found.isEmpty {
      parts = [
        try Self.part(.training, root, BytePath(bytes: []), threadCount: threadCount, &passedOver)
      ]
    }
    for role in FolderPart.Role.allCases where roles.contains(role) {
      guard let folder = found[role] else { continue }
      parts.append(
        try Self.part(role, root, BytePath(bytes: folder), threadCount: threadCount, &passedOver))
    }
    // Who wants a test set alone and finds none gets what there is.
    if parts.isEmpty, let folder = found[.training] ?? found[.validation] {
      parts = [
        try Self.part(
          .training, root, BytePath(bytes: folder), threadCount: threadCount, &passedOver)
      ]
    }
    (self.root, self.parts, self.passedOver) = (root, parts, passedOver)
  }

  /// The folders of parts; none unless all folders are such and hold folders themselves.
  private static func roles(
    of folders: [[UInt8]], _ root: BytePath
  ) throws(Failure) -> [FolderPart.Role: [UInt8]] {
    var found: [FolderPart.Role: [UInt8]] = [:]
    for folder in folders {
      guard let role = FolderPart.Role.named(folder), recognizes(root.appending(folder)) else {
        return [:]
      }
      if let other = found.updateValue(folder, forKey: role) {
        throw Failure(
          .badData,
          "\(root.text): both \(BytePath(bytes: other).text) and \(BytePath(bytes: folder).text) are "
            + "a \(role.rawValue) set; expected one")
      }
    }
    return found
  }

  private static func part(
    _ role: FolderPart.Role, _ root: BytePath, _ folder: BytePath, threadCount: Int,
    _ passedOver: inout PassedOver
  ) throws(Failure) -> FolderPart {
    let place = folder.bytes.isEmpty ? root : root.appending(folder.bytes)
    let listing = try FolderListing(place)
    let folders = listing.entries.filter(\.isFolder).map(\.name)
    if !folder.bytes.isEmpty {
      passedOver = passedOver + listing.passedOver
      passedOver.besideClasses += listing.entries.count - folders.count
    }
    let walks = concurrentMap(folders.count, threadCount: threadCount) { index in
      Result { () throws(Failure) in
        try FolderWalk(root: root, folder: folder.appending(folders[index]))
      }
    }
    var (names, counts, files): ([String], [Int], [FolderFile]) = ([], [], [])
    for (folder, walk) in zip(folders, walks) {
      let walk = try walk.get()
      let text = place.appending(folder).text
      guard let name = String(validating: folder, as: UTF8.self) else {
        throw Failure(.badData, "\(text): a class's name must be UTF-8; rename the folder")
      }
      guard !walk.files.isEmpty else {
        throw Failure(
          .badData, "\(text): a class without images; add some or remove the folder")
      }
      names.append(name)
      counts.append(walk.files.count)
      files += walk.files
      passedOver = passedOver + walk.passedOver
    }
    try check(names, place, role)
    return FolderPart(role: role, classNames: names, fileCounts: counts, files: files)
  }

  private static func check(
    _ names: [String], _ place: BytePath, _ role: FolderPart.Role
  ) throws(Failure) {
    guard names.count <= classLimit else {
      throw Failure(
        .badData, "\(place.text): \(names.count) class folders, expected at most \(classLimit)")
    }
    guard role == .training, names.count < 2 else { return }
    var advice = "put the images of each class into a folder of its own"
    if let name = names.first, recognizes(place.appending(Array(name.utf8))) {
      advice = "or is \(place.appending(Array(name.utf8)).text) the data?"
    }
    throw Failure(
      .badData,
      "\(place.text): \(names.count) class folder\(names.count == 1 ? "" : "s"), expected 2 or more; "
        + advice)
  }
}

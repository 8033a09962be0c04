// Where descriptions come from: the presets inside the binary, or a file.
// Presets are YAML files of the same form as a user's own.

import Diagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ModelDescription {
  /// Names that `preset(named:)` knows.
  public static let presetNames = ["compact", "eva8", "tiny"]

  /// A preset by name.
  public static func preset(named name: String) throws(Failure) -> ModelDescription {
    let bytes: [UInt8]
    switch name {
    case "compact": bytes = PackageResources.compact_yaml
    case "eva8": bytes = PackageResources.eva8_yaml
    case "tiny": bytes = PackageResources.tiny_yaml
    default:
      throw Failure(
        .usage,
        "no model named `\(name)`; there are \(presetNames.joined(separator: ", ")), "
          + "or give a description file")
    }
    return try DescriptionReader.read(String(decoding: bytes, as: UTF8.self), source: name)
  }

  /// A preset, or the description in a file.
  public static func load(nameOrFile: String) throws(Failure) -> ModelDescription {
    let isPath =
      nameOrFile.contains("/") || nameOrFile.hasSuffix(".yaml") || nameOrFile.hasSuffix(".yml")
    if presetNames.contains(nameOrFile) || !isPath { return try preset(named: nameOrFile) }
    return try parse(yaml: try readFile(nameOrFile), source: nameOrFile)
  }

  /// A description from YAML text, for example one that `yamlText` wrote into a model file.
  ///
  /// `source` names the text in errors.
  public static func parse(yaml text: String, source: String) throws(Failure) -> ModelDescription {
    try DescriptionReader.read(text, source: source)
  }

  /// At most one byte beyond the limit, so that a device or a huge file ends here too.
  private static func readFile(_ path: String) throws(Failure) -> String {
    guard let file = fopen(path, "r") else {
      let reason = String(cString: strerror(errno))
      throw Failure(.missingInput, "cannot open the description \(path): \(reason)")
    }
    defer { fclose(file) }
    let limit = DescriptionReader.byteLimit + 1
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = fread(buffer.baseAddress, 1, limit, file)
      failed = ferror(file) != 0
    }
    guard !failed else {
      throw Failure(.missingInput, "cannot read the description \(path): is it a file?")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(.badData, "\(path): a description must be UTF-8 text")
    }
    return text
  }
}

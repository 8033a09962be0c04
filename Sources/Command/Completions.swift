// What shells complete that only the program knows.

import ArgumentParser
import PTrain
import PTrainDiagnostics

extension CompletionKind {
  /// A preset's name, or a description file.
  static let model = CompletionKind.custom { _, _, prefix in
    let presets = ModelDescription.presetNames.filter { $0.hasPrefix(prefix) }
    let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let files = fileNames(folder.isEmpty ? "." : folder).sorted().map { folder + $0 }.filter {
      $0.hasPrefix(prefix) && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml"))
    }
    return presets + files
  }
}

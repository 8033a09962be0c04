// A run as one HTML file that asks for nothing outside itself: skeleton, style and scripts from the Page
// folder, and all that is told of the run as JSON between them, which the scripts turn into text and
// drawings. No value from a run ever becomes markup here.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

/// What a page tells.
package struct RunPage {
  package enum State: String, Sendable {
    case running, finished, stopped
  }

  /// As it was called.
  package var program: String
  package var directory: RunDirectory
  package var state: State
  package var history: RunHistory
  package var model: TrainedModel
  /// Of this model; nil where none was kept.
  package var evaluation: EvaluationReport?
  /// Nil where nothing is known of the run but its files.
  package var settings: RunSettings?
  /// In the evaluation's order; nil where they are not at hand.
  package var testImages: ImageSet?
  /// Seconds since 1970.
  package var writtenAt: Int

  /// Reads a run directory: metrics, model and evaluation.
  ///
  /// Throws `missingInput` or `badData` where metrics or model are not there or damaged. An evaluation
  /// that is damaged or of another model is none.
  package init(
    _ directory: RunDirectory, state: State, settings: RunSettings?, testImages: ImageSet?,
    program: String, writtenAt: Int
  ) throws {
    self.directory = directory
    self.state = state
    self.settings = settings
    self.testImages = testImages
    self.program = program
    self.writtenAt = writtenAt
    history = try RunHistory(contentsOf: directory.metricsPath)
    model = try TrainedModel(contentsOf: directory.modelPath)
    let kept = try? EvaluationFile(contentsOf: directory.evaluationPath)
    evaluation = kept?.digest == model.state.digest ? kept?.report : nil
  }

  /// The file's content.
  package var html: [UInt8] {
    let shell = Self.shell
    var page = shell.before
    for byte in content.text.utf8 {
      // A `<` inside a script element could end it.
      if byte == UInt8(ascii: "<") { page += "\\u003c".utf8 } else { page.append(byte) }
    }
    return page + shell.after
  }

  private static let scripts = [
    PackageResources.dom_js, PackageResources.network_js, PackageResources.prepare_js,
    PackageResources.scales_js, PackageResources.plot_js, PackageResources.tables_js,
    PackageResources.board_js, PackageResources.field_js, PackageResources.page_js,
  ]

  /// What stands before and after the run's data.
  private static let shell: (before: [UInt8], after: [UInt8]) = {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let whole = text(PackageResources.page_html)
      .replacing("<!--{style}-->", with: text(PackageResources.style_css))
      .replacing("<!--{script}-->", with: scripts.map(text).joined(separator: "\n"))
    let parts = whole.split(separator: "<!--{data}-->", maxSplits: 1)
    precondition(parts.count == 2)
    return (Array(parts[0].utf8), Array(parts[1].utf8))
  }()
}

extension RunPage {
  private var content: JSONText {
    .object([
      "name": .string(model.network.description.name), "lead": .string(lead),
      "state": .string(state.rawValue), "status": .string(status),
      "writtenAt": .integer(writtenAt), "secondsPerEpoch": .number(secondsPerEpoch),
      "foot": .string("Written by ptrain \(Version.full); \(modelDigestLine)"),
      "figures": .array(figures), "facts": .array(facts), "classes": .strings(classNames),
      "epochs": epochs, "resumes": .array(history.resumedEpochs.map { .integer($0) }),
      "confusion": confusion, "mistakes": mistakes, "filters": filters, "layers": layers,
      "network": networkContent, "preparesDigits": .flag(preparesDigits),
      "commands": .array(commands),
    ])
  }

  private var modelDigestLine: String { "the model’s digest is \(model.state.digest)" }

  var classNames: [String] {
    model.classNames
  }

  /// Whether drawings are to be prepared as MNIST's digits were unless somebody says otherwise.
  private var preparesDigits: Bool {
    let input = model.network.input
    return input == Shape(channels: 1, height: 28, width: 28) && settings?.data.name == "MNIST"
  }
}

extension JSONText {
  static func strings(_ values: [String]) -> JSONText { .array(values.map { .string($0) }) }
  static func integers(_ values: [Int]) -> JSONText { .array(values.map { .integer($0) }) }
  static func optional(_ value: Double?) -> JSONText { value.map { .number($0) } ?? .null }
}

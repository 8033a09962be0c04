// Models for other programs, by what `import PTrain` alone gives.

import Foundation
import PTrain
import Testing

@Suite struct ExportTests {
  private let model: TrainedModel
  private let dataset: Dataset
  private let folder: String

  init() throws {
    dataset = try Samples.dataset()
    model = try Trainer(Samples.network(), on: dataset).run()
    folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func bytes(_ path: String) throws -> Int {
    try Data(contentsOf: URL(filePath: path)).count
  }

  @Test(arguments: [
    ModelFormat.onnx(), .onnx(foldsBatchNorm: true, normalizes: true), .safetensors,
    .tensorFlowLite(), .tensorFlowLite(endsInLogits: true), .c,
  ])
  func writesFloatingPoint(_ format: ModelFormat) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a" + format.ending
    let export = try model.export(as: format, to: path)
    #expect(export.paths == (format == .c ? [path, folder + "/a.h"] : [path]))
    #expect(try export.paths.map(bytes).reduce(0, +) == export.byteCount)
    if format == .safetensors { #expect(try TrainedModel(contentsOf: path) == model) }
  }

  @Test(arguments: [
    ModelFormat.onnx(normalizes: true), .tensorFlowLite(), .c, .embeddedSwift,
  ])
  func writesIntegers(_ format: ModelFormat) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let integers = try QuantizedModel(
      model, calibratedOn: dataset.training, imageCount: 20, machine: Machine(threadCount: 2))
    #expect(try integers.accuracy(on: dataset.test) == 100)
    let export = try integers.export(as: format, to: folder + "/a" + format.ending)
    #expect(try export.paths.map(bytes).reduce(0, +) == export.byteCount)
  }

  @Test func refusesWhatCannotBe() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let integers = try QuantizedModel(model, calibratedOn: dataset.training)
    let refusals: [() throws -> Void] = [
      { try model.export(as: .embeddedSwift, to: folder + "/a.swift") },
      { try integers.export(as: .safetensors, to: folder + "/a.safetensors") },
      { try model.export(as: .c, to: folder + "/a.onnx") },
      { _ = try QuantizedModel(model, calibratedOn: dataset.training, imageCount: 0) },
    ]
    for refusal in refusals {
      let error = #expect(throws: PTrainError.self) { try refusal() }
      #expect(error?.kind == .usage)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    #expect(throws: PTrainError.self) { try model.export(as: .c, to: folder + "/none/a.c") }
  }
}

import Foundation
// The files: complete, repeatable, and none at all when one of them cannot be written.
// Each test works in a directory of its own that it removes.
import PTrainDiagnostics
import Testing

@testable import PTrainSpreadsheet

@Suite final class OutputTests {
  private let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("spreadsheet-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  private func contents(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }

  private func small() throws -> Experiment {
    try Experiment(learningRates: [0.5, 2.0], iterations: 12)
  }

  @Test func twoRunsGiveTheSameBytes() throws {
    for run in ["a", "b"] {
      let outputs = try SpreadsheetOutputs(
        workbook: path("\(run).xlsx"), csvDirectory: path("deep/\(run)"))
      let written = try outputs.write(try Experiment())
      #expect(written.count == 7)
    }
    #expect(try contents("a.xlsx") == contents("b.xlsx"))
    for rate in ["0.1", "0.2", "0.5", "0.8", "1.0", "2.0"] {
      let table = try contents("deep/a/lr_\(rate).csv")
      #expect(table.count > 100_000)
      #expect(table == (try contents("deep/b/lr_\(rate).csv")))
    }
    #expect(try names() == ["a.xlsx", "b.xlsx", "deep"])
  }

  @Test func theArticlesCodeWrites() throws {
    let (workbook, tables) = (path("backpropagation.xlsx"), path("tables"))
    // article: write
    let experiment = try Experiment(learningRates: [0.1, 0.5, 2.0])
    try SpreadsheetOutputs(workbook: workbook, csvDirectory: tables).write(experiment)
    // end of article
    #expect(try names() == ["backpropagation.xlsx", "tables"])
  }

  @Test func csvHoldsEveryDigit() throws {
    let trajectory = try small().trajectories[1]
    let lines = trajectory.csv.split(separator: "\n")
    #expect(lines.count == 13)
    #expect(lines[0] == Column.allCases.map(\.title).joined(separator: ","))
    for (line, row) in zip(lines.dropFirst(), trajectory.rows) {
      #expect(line.split(separator: ",").map { Double($0) } == row.values.map { $0 })
    }
  }

  @Test func anUnwritablePathLeavesNothing() throws {
    try Data("kept".utf8).write(to: directory.appendingPathComponent("book.xlsx"))
    try Data().write(to: directory.appendingPathComponent("file"))
    let outputs = try SpreadsheetOutputs(workbook: path("book.xlsx"), csvDirectory: path("file"))
    let failure = #expect(throws: Failure.self) { try outputs.write(try self.small()) }
    #expect(failure?.kind == .cannotCreate)
    #expect(try names() == ["book.xlsx", "file"])
    #expect(try contents("book.xlsx") == Data("kept".utf8))
  }

  @Test func missingFoldersAndDirectoriesAreRefused() throws {
    for name in ["none/book.xlsx", "folder.xlsx"] {
      try FileManager.default.createDirectory(
        atPath: path("folder.xlsx"), withIntermediateDirectories: true)
      let outputs = try SpreadsheetOutputs(workbook: path(name))
      let failure = #expect(throws: Failure.self) { try outputs.write(try self.small()) }
      #expect(failure?.kind == .cannotCreate)
      #expect(failure?.message.contains(path(name)) == true)
    }
    #expect(try names() == ["folder.xlsx"])
  }

  @Test func namesSayTheFormat() {
    let book = #expect(throws: Failure.self) { try SpreadsheetOutputs(workbook: "book.ods") }
    #expect(book?.kind == .usage)
    let plot = #expect(throws: Failure.self) { try ErrorPlot(path: "error.jpg") }
    #expect(plot?.kind == .usage)
  }
}

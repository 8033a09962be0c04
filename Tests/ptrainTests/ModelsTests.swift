// `ptrain models` and `ptrain summary`: what they print.

import PTrainNetworks
import Testing

@Suite struct ModelsTests {
  @Test func listsEveryPresetWithItsFigures() throws {
    let run = try CommandLineRun(["models"], in: Scratch())
    #expect(run.exitCode == 0 && run.errors == "")
    let rows = run.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows[0] == ["model", "input", "classes", "parameters", "multiply-adds"])
    #expect(rows.dropFirst().map { $0[0] } == ModelDescription.presetNames)
    #expect(rows.contains(["lenet5", "1x28x28", "10", "61,706", "416,520"]))
  }

  @Test(arguments: ModelDescription.presetNames)
  func aPrintedPresetReadsBack(name: String) throws {
    let run = try CommandLineRun(["models", name], in: Scratch())
    #expect(run.exitCode == 0 && run.errors == "")
    #expect(
      try ModelDescription.parse(yaml: run.output, source: name) == .preset(named: name))
  }

  @Test func sizesAreTheUsersOwn() throws {
    let run = try CommandLineRun(
      ["summary", "--model", "lenet5", "--input", "3x20x24", "--classes", "4"], in: Scratch())
    #expect(run.exitCode == 0 && run.output.contains("[-1, 6, 20, 24]"))
    for wrong in ["2x8x8", "3x8", "3x0x8", "3x8x2000"] {
      let run = try CommandLineRun(["summary", "--input", wrong], in: Scratch())
      #expect(run.exitCode == 64 && run.errors.contains("--input"))
    }
  }
}

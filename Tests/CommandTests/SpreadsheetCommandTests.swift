// `ptrain spreadsheet` as a user runs it: its files, and what it refuses.
// What is in the files is tested in SpreadsheetTests.

import Foundation
import Testing

@Suite struct SpreadsheetCommandTests {
  @Test func writesTheWorkbookAndTheTables() throws {
    let scratch = try Scratch()
    let run = try CommandLineRun(
      [
        "spreadsheet", "--output", "book.xlsx", "--csv", "tables", "--learning-rates", "0.1,2",
        "--iterations", "60",
      ], in: scratch)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output == "Wrote book.xlsx\nWrote tables/lr_0.1.csv\nWrote tables/lr_2.0.csv\n")
    #expect(try scratch.names() == ["book.xlsx", "tables"])
    #expect(try scratch.names("tables") == ["lr_0.1.csv", "lr_2.0.csv"])
    let table = try scratch.text(of: "tables/lr_2.0.csv").split(separator: "\n")
    #expect(table.count == 61)
    #expect(table[51].split(separator: ",")[22].hasPrefix("0.0122261077663"))
  }

  @Test func twoRunsAndEveryInstructionSetGiveTheSameTable() throws {
    let tables = try ["baseline", nil].map { instructionSet in
      let scratch = try Scratch()
      let run = try CommandLineRun(
        ["spreadsheet", "--output", "book.xlsx", "--csv", ".", "--learning-rates", "0.5"],
        in: scratch, environment: instructionSet.map { ["PTRAIN_ISA": $0] } ?? [:])
      #expect(run.exitCode == 0, "\(run.errors)")
      return try scratch.text(of: "lr_0.5.csv")
    }
    #expect(tables[0] == tables[1])
  }

  static let refused: [(arguments: [String], exitCode: Int32, part: String)] = [
    (["--learning-rates", "0"], 64, "greater than 0, found 0.0"),
    (["--learning-rates", "0.1,-0.1"], 64, "greater than 0, found -0.1"),
    (["--learning-rates", "-1"], 64, "greater than 0, found -1.0"),
    (["--learning-rates", "nan"], 64, "greater than 0, found nan"),
    (["--learning-rates", "inf"], 64, "greater than 0, found inf"),
    (["--learning-rates", "0.1,"], 64, "'0.1,' is invalid"),
    (["--learning-rates", "0.1,0.10"], 64, "0.1 is given twice"),
    (["--iterations", "0"], 64, "--iterations: expected 1 to 65000 rows a sheet, found 0"),
    (["--iterations", "-5"], 64, "found -5"),
    (["--weights", "1,2,3"], 64, "--weights: expected 8 numbers, found 3"),
    (["--inputs", "1,nan"], 64, "--inputs: expected finite numbers"),
    (["--log-scale"], 64, "--plot"),
    (["--plot", "error.gif"], 64, "error.gif"),
    (["--plot", "none/error.svg"], 73, "none/error.svg"),
    (["--csv", "/dev/null/tables"], 73, "/dev/null"),
    (["--output", "none/book.xlsx"], 73, "none/book.xlsx"),
    (["--output", "book.ods"], 64, "book.ods"),
  ]

  @Test(arguments: refused)
  func refuses(arguments: [String], exitCode: Int32, part: String) throws {
    let output = arguments.contains("--output") ? [] : ["--output", "book.xlsx"]
    try expectRefusal(
      ["spreadsheet"] + output + arguments, in: Scratch(), exitCode: exitCode, naming: part)
  }

  @Test func namesThePackageOfAMissingPlotter() throws {
    try expectRefusal(
      ["spreadsheet", "--output", "book.xlsx", "--plot", "error.png"], in: Scratch(), exitCode: 73,
      naming: "apt-get install gnuplot-nox", environment: ["PATH": "/nowhere"])
  }

  private static let hasGnuplot = ["/usr/bin/gnuplot", "/usr/local/bin/gnuplot"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// None but the variables; then what draws on another terminal, draws nothing, or ends gnuplot.
  static let setUps = [
    "", "set terminal dumb", "set terminal svg size 100,100\nset lmargin 40\nset grid x2 y2 polar",
    "set border 0; unset tics; set key off; set linetype 1 dashtype 3; set samples 2",
    "exit", "set decimalsign ','; set output '/dev/null'", "this is no command",
  ]

  /// Whatever the user has set up for gnuplot, a plot has the same bytes.
  @Test(.enabled(if: hasGnuplot, "gnuplot is not installed"), arguments: setUps)
  func plotsAreWithoutTheUsersSetUp(setUp: String) throws {
    let arguments = ["spreadsheet", "--output", "book.xlsx", "--iterations", "20", "--plot"]
    let plain = try Scratch()
    let first = try CommandLineRun(arguments + ["plot.svg"], in: plain, environment: ["HOME": "/"])
    try #require(first.exitCode == 0, "\(first.errors)")
    let scratch = try Scratch()
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("gnuplot"), withIntermediateDirectories: true)
    for name in [".gnuplot", "gnuplot/gnuplotrc"] {
      try scratch.write(Array((setUp + "\n").utf8), to: name)
    }
    let run = try CommandLineRun(
      arguments + ["plot.svg"], in: scratch,
      environment: [
        "HOME": scratch.url.path, "XDG_CONFIG_HOME": scratch.url.path, "GNUTERM": "qt",
        "GNUPLOT_LIB": scratch.url.path, "GNUPLOT_DEFAULT_GDFONT": "Courier",
        "LC_NUMERIC": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "FIT_LOG": "fit.log",
      ])
    #expect(run.exitCode == 0, "\(run.errors)")
    let text = try scratch.text(of: "plot.svg")
    #expect(text.contains("<path"))
    #expect(try text == plain.text(of: "plot.svg"))
  }
}

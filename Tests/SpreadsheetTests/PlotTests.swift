import Foundation
// The error graph: the script handed to gnuplot, and how an external program is run.
// The picture itself is drawn only where gnuplot is installed.
import PTrainDiagnostics
import Testing

@testable import PTrainSpreadsheet

@Suite struct PlotTests {
  private static let hasGnuplot = ["/usr/bin/gnuplot", "/usr/local/bin/gnuplot"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test func scriptNamesAxesAndEveryCurve() throws {
    let script = try ErrorPlot(path: "error.svg").script(for: try Experiment())
    for rate in ["0.1", "0.2", "0.5", "0.8", "1.0", "2.0"] {
      #expect(script.contains("title \"η = \(rate)\""))
    }
    #expect(script.contains("set terminal svg"))
    #expect(script.contains("set xlabel \"step"))
    #expect(script.contains("set ylabel \"E_{total}"))
    #expect(!script.contains("logscale"))
    #expect(script.split(separator: "\n").filter { $0.hasPrefix("299 ") }.count == 6)
  }

  @Test func logarithmicScaleIsAnOption() throws {
    let plot = try ErrorPlot(path: "error.PNG", isLogarithmic: true)
    let script = plot.script(for: try Experiment(iterations: 2))
    #expect(script.contains("set logscale y 10"))
    #expect(script.contains("set terminal pngcairo"))
  }

  @Test func coloursRepeatWithAnotherDash() throws {
    let rates = (1...7).map { Double($0) / 10 }
    let script = try ErrorPlot(path: "error.svg").script(
      for: try Experiment(learningRates: rates, iterations: 2))
    #expect(
      script.contains(
        "$curve0 using 1:2 with lines linecolor rgb \"#0072b2\" linewidth 2 dashtype 1"))
    #expect(
      script.contains(
        "$curve6 using 1:2 with lines linecolor rgb \"#0072b2\" linewidth 2 dashtype 2"))
  }

  @Test(
    .enabled(if: hasGnuplot, "gnuplot is not installed"),
    arguments: [("error.png", [0x89, 0x50, 0x4E, 0x47]), ("error.svg", [0x3C, 0x3F, 0x78, 0x6D])])
  func gnuplotDrawsThePicture(name: String, signature: [UInt8]) throws {
    let picture = try ErrorPlot(path: name).render(try Experiment(iterations: 5))
    #expect(Array(picture.prefix(4)) == signature)
    #expect(picture.count > 4000)
  }

  @Test func programsReadTextAndReturnBytes() throws {
    let text = String(repeating: "a line\n", count: 50_000)
    let cat = ExternalProgram(name: "cat", debianPackage: "coreutils")
    #expect(try cat.run(input: text, purpose: "copy") == Array(text.utf8))
  }

  /// Neither the user's variables nor a home with files of set-up.
  @Test func programsGetNoEnvironmentOfTheUsers() throws {
    let env = ExternalProgram(name: "env", debianPackage: "coreutils")
    let variables = String(decoding: try env.run(input: "", purpose: "list"), as: UTF8.self)
    let names = variables.split(separator: "\n").map { $0.prefix { $0 != "=" } }
    #expect(names.sorted() == ["LC_ALL", "PATH"])
    #expect(variables.contains("LC_ALL=C.UTF-8\n"))
  }

  @Test func programsThatFailOrAreMissingSaySo() {
    let shell = ExternalProgram(name: "sh", debianPackage: "dash")
    let failed = #expect(throws: Failure.self) {
      try shell.run(input: "echo broken >&2\nexit 3\n", purpose: "draw x.png")
    }
    #expect(failed == Failure(.cannotCreate, "cannot draw x.png: sh: broken"))
    let missing = ExternalProgram(name: "no-such-plotter", debianPackage: "plotter")
    let absent = #expect(throws: Failure.self) {
      try missing.run(input: "", purpose: "draw x.png")
    }
    #expect(
      absent?.message
        == "cannot draw x.png: no-such-plotter is not installed; on Debian and Ubuntu: "
        + "apt-get install plotter")
  }

  @Test(arguments: [
    (0, 1, 1), (1, 1, 1), (10, 1, 10), (11, 2, 12), (49, 5, 50), (50, 5, 50), (51, 10, 60),
    (299, 50, 300), (300, 50, 300), (99_999, 10_000, 100_000),
  ])
  func stepScaleCoversEveryStep(lastStep: Int, tick: Int, end: Int) {
    let scale = StepScale(lastStep: lastStep)
    #expect(scale.tick == tick)
    #expect(scale.end == end)
  }
}

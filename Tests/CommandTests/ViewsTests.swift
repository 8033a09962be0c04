// `eval --flip-average` and `--shift-average`: every form of the result says what was averaged.

import Foundation
import Testing

@Suite struct ViewsTests {
  /// The sample's classes are quarters of the image: mirrored ones are other classes.
  @Test func averagedViewsAreToldApart() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let trained = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--epochs", "3", "--output", "run"], in: scratch)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let eval = ["eval", "--checkpoint", "run/model.safetensors", "--data", "data"]
    func output(_ arguments: [String]) throws -> String {
      let run = try CommandLineRun(eval + arguments, in: scratch)
      #expect(run.exitCode == 0, "\(run.errors)")
      return run.output
    }
    let plain = try output(["--per-class", "--logits", "single.safetensors"])
    #expect(plain.hasPrefix("Test set: Average loss"))
    for (name, line) in [
      ("flip", "Test set, averaged over mirror images: Average loss"),
      ("shift", "Test set, averaged over mirror images and shifts: Average loss"),
    ] {
      let option = "--\(name)-average"
      let text = try output([option, "--per-class", "--logits", "\(name).safetensors"])
      #expect(text.hasPrefix(line))
      #expect(text.split(separator: "\n").dropFirst() != plain.split(separator: "\n").dropFirst())
      let json = try output([option, "--json"])
      #expect(json.hasSuffix(",\"averaged_views\":\"\(name)\"}\n"))
      let file = try Data(contentsOf: scratch.url.appendingPathComponent("\(name).safetensors"))
      #expect(file.firstRange(of: Data("\"logits.\(name)_average\"".utf8)) != nil)
      #expect(file.firstRange(of: Data("\"logits\"".utf8)) == nil)
      let refused = try CommandLineRun(eval + [option, "--int8"], in: scratch)
      #expect(refused.exitCode == 64 && refused.errors.contains("\(option): averages in floating"))
    }
    #expect(try !output(["--json"]).contains("averaged_views"))
    let both = try CommandLineRun(eval + ["--flip-average", "--shift-average"], in: scratch)
    #expect(both.exitCode == 64)
  }
}

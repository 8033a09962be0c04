// Whole runs of the binary on class folders: what trains, what is kept, what is refused.

import Foundation
import Testing

@Suite struct FolderTests {
  let scratch: Scratch

  /// 3 classes with 24 training and 8 test images of each in colour, told apart by hue and place.
  init() throws {
    scratch = try Scratch()
    for (name, count) in [("train", 24), ("test", 8)] {
      for (place, label) in ["ant", "bee", "cow"].enumerated() {
        for index in 0..<count {
          try write(Self.image(place, index), to: "photos/\(name)/\(label)/\(100 + index).ppm")
        }
      }
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let folder = scratch.url.appendingPathComponent(path).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try scratch.write(bytes, to: path)
  }

  private static func image(_ place: Int, _ index: Int, side: Int = 16) -> [UInt8] {
    let pixels = (0..<side * side).flatMap { pixel in
      (0..<3).map { channel in
        UInt8((channel == place ? 150 : 20) + (pixel * 31 + index * 17 + channel * 7) % 80)
      }
    }
    return Array("P6 \(side) \(side) 255 ".utf8) + pixels
  }

  private func run(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(
      arguments, in: scratch,
      environment: ["XDG_CACHE_HOME": scratch.url.appendingPathComponent("cache").path])
  }

  private func train(_ arguments: [String], output: String) throws -> CommandLineRun {
    let run = try run(
      ["--model", "tiny", "--data", "photos", "--epochs", "1", "--output", output] + arguments)
    try #require(run.exitCode == 0, "\(run.errors)")
    return run
  }

  private func model(_ output: String) throws -> Data {
    try Data(contentsOf: scratch.url.appendingPathComponent("\(output)/model.safetensors"))
  }

  @Test func trainsOnAFolderOnceDecodedAndOnceKept() throws {
    let first = try train(["--threads", "1"], output: "a")
    #expect(first.errors.contains("Decoded images (74 kB) are kept in "))
    #expect(first.errors.contains("on 72 images"))
    let second = try train(["--threads", "3"], output: "b")
    #expect(!second.errors.contains("Decoded images"))
    #expect(try model("a") == model("b"))
    let classes = try scratch.text(of: "a/metrics.jsonl").prefix { $0 != "\n" }
    #expect(classes.contains(#""classes":["ant","bee","cow"]"#))
  }

  @Test func evaluationMakesImagesWhatTheModelTakes() throws {
    _ = try train(["--size", "12", "--channels", "gray"], output: "a")
    let eval = try run(["eval", "--checkpoint", "a/model.safetensors", "--data", "photos"])
    #expect(eval.exitCode == 0, "\(eval.errors)")
    #expect(eval.output.contains("/24 ("))
    let other = try run([
      "eval", "--checkpoint", "a/model.safetensors", "--data", "photos", "--size", "13",
    ])
    #expect(other.exitCode == 65)
    #expect(other.errors.contains("takes images of 1x12x12, the data has 1x13x13"))
  }

  @Test func severalSizesAreRefusedWithoutASize() throws {
    try write(Self.image(0, 1, side: 20), to: "photos/train/ant/large.ppm")
    let refused = try run(["--model", "tiny", "--data", "photos", "--output", "a"])
    #expect(refused.exitCode == 65)
    #expect(
      refused.errors.contains(
        "photos: images of 2 sizes: 16 x 16 (96 images), 20 x 20 (1 image); pass --size WxH"))
    _ = try train(["--size", "16x12"], output: "a")
  }

  #if Images
    /// What lies behind transparent pixels is the model's: nobody need say it again.
    @Test func evaluationPutsPicturesOnTheModelsBackground() throws {
      let image = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ImageFilesTests/Images/alpha.png")
      try write([UInt8](Data(contentsOf: image)), to: "photos/test/ant/alpha.png")
      _ = try train(["--size", "12"], output: "white")
      _ = try train(["--size", "12", "--background", "#102030"], output: "dark")
      func loss(_ model: String, _ options: [String] = []) throws -> String {
        let path = "\(model)/model.safetensors"
        let run = try run(["eval", "--checkpoint", path, "--data", "photos", "--json"] + options)
        try #require(run.exitCode == 0, "\(run.errors)")
        return run.output
      }
      #expect(try loss("dark") == loss("white", ["--background", "#102030"]))
      #expect(try loss("white") == loss("dark", ["--background", "white"]))
      #expect(try loss("dark") != loss("white"))
      func logits(_ model: String) throws -> String {
        let path = "\(model)/model.safetensors"
        let run = try run(["predict", "--model", path, "--json", "photos/test/ant/alpha.png"])
        try #require(run.exitCode == 0, "\(run.errors)")
        return run.output
      }
      #expect(try logits("dark") != logits("white"))
    }
  #endif

  /// A limit on the length of files stands for the end of a disk; a full one sends no signal.
  @Test func aDiskThatGetsFullIsToldAndNoError() throws {
    let limited = try CommandLineRun(
      script: "trap '' XFSZ; ulimit -f 1200; XDG_CACHE_HOME=\"$PWD/cache\" exec \"$PTRAIN\" "
        + "--model tiny --data photos --size 64 --epochs 1 --output a", in: scratch)
    try #require(limited.exitCode == 0, "\(limited.errors)")
    let lines = limited.errors.split(separator: "\n").filter { $0.contains("Decoded images") }
    #expect(lines.count == 1)
    #expect(lines[0].hasPrefix("Decoded images (1180 kB) are not kept: "))
    #expect(lines[0].hasSuffix("File too large"))
    let left = try scratch.names("cache/ptrain/decoded")
    #expect(!left.contains { $0.hasSuffix(".images") || $0.hasSuffix(".partial") }, "\(left)")
    let whole = try train(["--size", "64"], output: "b")
    #expect(whole.errors.contains("Decoded images (1180 kB) are kept in "))
    #expect(try model("a") == model("b"))
  }

  /// The page's pictures are those that the run was tested on, whatever they were made into.
  @Test func aReportReadsTheDataAsTheRunDid() throws {
    _ = try train(["--size", "12", "--channels", "gray"], output: "run")
    let report = try run(["report", "run"])
    #expect(report.exitCode == 0 && !report.errors.contains("Warning"), "\(report.errors)")
  }

  @Test func whatIsLeftOutIsListedInTheRun() throws {
    try write([], to: "photos/train/bee/empty.png")
    let refused = try run(["--model", "tiny", "--data", "photos", "--output", "a"])
    #expect(refused.exitCode == 65)
    #expect(refused.errors.contains("photos/train/bee/empty.png: the file is empty"))
    #expect(!FileManager.default.fileExists(atPath: scratch.url.path + "/a"))
    let left = try train(["--skip-bad"], output: "a")
    #expect(left.errors.contains("Left out: 1 of the files, which cannot be decoded"))
    #expect(
      try scratch.text(of: "a/left-out.txt") == "photos/train/bee/empty.png: the file is empty\n")
  }

  @Test func aRunGoesOnWithTheImagesThatItBeganWith() throws {
    _ = try train(["--size", "12", "--background", "#102030"], output: "part")
    let other = try run(["--resume", "part", "--size", "13"])
    #expect(other.exitCode == 64)
    #expect(other.errors.contains("--size 13x13: contradicts the run"))
    try write(Self.image(2, 99), to: "photos/test/cow/100.ppm")
    let changed = try run(["--resume", "part"])
    #expect(changed.exitCode == 65)
    #expect(changed.errors.contains("other test images"))
  }

  @Test func optionsAreReadAndRefused() throws {
    for (option, value) in [("--size", "0x3"), ("--channels", "cmyk"), ("--background", "#12")] {
      let refused = try run(["--data", "photos", option, value])
      #expect(refused.exitCode == 64)
      #expect(refused.errors.contains(option), "\(refused.errors)")
    }
  }

  @Test func timesTheReading() throws {
    let timed = try run(["bench", "data", "--data", "photos", "--threads", "2", "--json"])
    #expect(timed.exitCode == 0, "\(timed.errors)")
    #expect(timed.output.contains(#""images":96,"shape":"3x16x16""#))
    let again = try run(["bench", "data", "--data", "photos", "--size", "8", "--threads", "2"])
    #expect(again.output.hasPrefix("96 images of 3x8x8: "))
  }
}

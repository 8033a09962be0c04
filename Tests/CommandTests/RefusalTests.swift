// Wrong usage and bad data: one clear line, the right exit code, and nothing left behind.

import Foundation
import Testing

/// Runs ptrain, which must refuse with one line that names `part`.
func expectRefusal(
  _ arguments: [String], in scratch: Scratch, exitCode: Int32, naming part: String,
  environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let before = try scratch.names()
  let run = try CommandLineRun(arguments, in: scratch, environment: environment)
  #expect(run.exitCode == exitCode, "\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.output == "", sourceLocation: sourceLocation)
  let lines = run.errors.split(separator: "\n", omittingEmptySubsequences: false)
  #expect(lines.count == 2 && lines.last == "", "\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errors.hasPrefix("ptrain: "), "\(run.errors)", sourceLocation: sourceLocation)
  #expect(run.errors.contains(part), "\(run.errors)", sourceLocation: sourceLocation)
  #expect(try scratch.names() == before, sourceLocation: sourceLocation)
}

@Suite struct UsageRefusalTests {
  static let wrong: [([String], String)] = [
    (["--threads", "0"], "--threads 0"),
    (["--threads", "-1"], "--threads"),
    (["--threads", "1025"], "--threads 1025"),
    (["--threads", "two"], "--threads"),
    (["--threads"], "--threads"),
    (["--batch-size", "0"], "--batch-size 0"),
    (["--epochs", "0"], "--epochs 0"),
    (["--learning-rate", "0"], "learning rate"),
    (["--learning-rate", "nan"], "learning rate"),
    (["--seed", "18446744073709551616"], "--seed"),
    (["--limit-train", "0"], "--limit-train 0"),
    (["--limit-test", "0"], "--limit-test 0"),
    (["--target-accuracy", "101"], "--target-accuracy 101"),
    (["--optimizer", "magic"], "'lion' or 'muon'"),
    (["--schedule", "magic"], "'one-cycle'"),
    (
      ["--augment", "magic"],
      "\"magic\" is none of none, affine, flip, flip=alternating, crop=PIXELS"
    ),
    (["--augment", "flip,crop"], "\"crop\" is none of"),
    (["--augment", "flip,crop=4,flip"], "flip is there twice"),
    (["--augment", "crop=0"], "--augment: crop is 0, expected 1 to 64"),
    (["--augment", "mixup"], "\"mixup\" is none of"),
    (["--augment", "mixup=nan"], "mixup is nan, expected 0.05 to 1.0"),
    (["--optimizer", "adam", "--momentum", "0.5"], "--momentum 0.5"),
    (["--set", "epochs=0"], "--set epochs=0: `epochs` is 0, expected a number from 1 to"),
    (["--set", "speed=3"], "--set speed=3: unknown key `speed` in a recipe, known: epochs,"),
    (["--set", "stepFactor=0.5"], "--set stepFactor=0.5: `stepFactor` needs `schedule: step`"),
    (["--set", "augment={rotation: 999}"], "--set augment={rotation: 999}: `rotation` is 999"),
    (["--set", "epochs"], "'epochs'"),
    (["--set", "epochs=[3"], "--set epochs=[3: "),
    (["--set", "epochs=3", "--set", "epochs=4"], "`epochs` is set twice"),
    (["--epochs", "3", "--set", "epochs=3"], "an option for `epochs` is there too"),
    (["--patience", "0", "--validation", "9"], "--patience 0"),
    (["--patience", "2"], "a patience of 2 epochs needs a validation set"),
    (["--model", "nothing"], "`nothing`"),
    (["--output", ""], "--output"),
    (["--no-such-option"], "--no-such-option"),
    (["frobnicate"], "frobnicate"),
    (["train", "--no-such-option"], "ptrain train --help"),
    (["eval"], "--checkpoint"),
    (["eval", "--no-such-option"], "ptrain eval --help"),
    (["summary", "--model", "nothing"], "`nothing`"),
  ]

  @Test(arguments: wrong) func refuses(arguments: [String], part: String) throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let takesData = arguments.first != "summary" && arguments.first != "frobnicate"
    try expectRefusal(
      takesData ? arguments + ["--data", "data"] : arguments, in: scratch, exitCode: 64,
      naming: part)
  }

  /// Another file's name must not take the place of one that no string can hold.
  @Test(arguments: [
    (#""$PTRAIN" --epochs 1 --data data --output "$name""#, #"argument 6, $'r\\un\'\377', is not"#),
    (#""$PTRAIN" eval --checkpoint "$name" --data data"#, "argument 3, "),
    (#"PTRAIN_DATA="$name" "$PTRAIN" --epochs 1 --output run"#, "PTRAIN_DATA, "),
  ])
  func refusesNamesThatAreNotUTF8(command: String, part: String) throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let run = try CommandLineRun(
      script: #"name="$(printf 'r\\un'"'"'\377')"; "# + command, in: scratch)
    #expect(run.exitCode == 64, "\(run.errors)")
    #expect(run.errors.hasPrefix("ptrain: \(part)"), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    #expect(try scratch.names() == ["data"])
  }

  /// A place that no string can name is no hindrance: the checkpoint keeps the path as it was given.
  @Test func goesOnBelowADirectoryThatIsNotUTF8() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let run = try CommandLineRun(
      script: #"""
        d="$(printf 'd\377')"; mkdir "$d"; mv data "$d"; cd "$d"
        "$PTRAIN" --model tiny --data data --epochs 1 --output run &&
          "$PTRAIN" --resume run; code=$?; cd ..; rm -r "$d"; exit $code
        """#, in: scratch)
    #expect(run.exitCode == 0, "\(run.errors)")
  }

  /// Every rank would train the whole model.
  @Test func refusesToBeOneOfSeveralRanksAlone() throws {
    let version = try CommandLineRun(["--version"], in: Scratch()).output
    try expectRefusal(
      ["--epochs", "1"], in: Scratch(), exitCode: 64,
      naming: version.contains("MPI")
        ? "the launcher announced 2 ranks, MPI found 1" : "--traits default,MPI",
      environment: ["OMPI_COMM_WORLD_SIZE": "2"])
  }

  @Test func refusesAnUnknownInstructionSet() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    try expectRefusal(
      ["--data", "data"], in: scratch, exitCode: 64, naming: "PTRAIN_ISA=mmx",
      environment: ["PTRAIN_ISA": "mmx"])
  }
}

@Suite struct DataRefusalTests {
  let scratch: Scratch
  var data = SampleData()

  init() throws { scratch = try Scratch() }

  /// Training on `data` must be refused with a line that names the file or `part`.
  func expectRefusal(
    naming part: String, suffix: String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try data.write(to: scratch, suffix: suffix)
    try CommandTests.expectRefusal(
      ["--model", "tiny", "--data", "data"], in: scratch, exitCode: 65, naming: part,
      sourceLocation: sourceLocation)
  }

  @Test(arguments: 0..<4, [1, 4, 7, 11, 100]) mutating func truncated(file: Int, count: Int) throws
  {
    data.files[file].removeLast(min(count, data.files[file].count - 1))
    try expectRefusal(naming: SampleData.names[file])
  }

  @Test(arguments: 0..<4) mutating func empty(file: Int) throws {
    data.files[file] = []
    try expectRefusal(naming: SampleData.names[file])
  }

  @Test(arguments: 0..<4) mutating func longerThanItSays(file: Int) throws {
    data.files[file].append(0)
    try expectRefusal(naming: SampleData.names[file])
  }

  @Test mutating func swapped() throws {
    data.files.swapAt(0, 1)
    try expectRefusal(naming: SampleData.names[0])
  }

  @Test func namedAsGzipButNot() throws {
    var data = data
    data.files[0].removeLast(data.files[0].count - 10)
    try data.write(to: scratch, suffix: ".gz")
    try CommandTests.expectRefusal(
      ["--data", "data"], in: scratch, exitCode: 65, naming: SampleData.names[0])
  }

  @Test mutating func damagedGzip() throws {
    data.files[0].replaceSubrange(0..<4, with: [0x1f, 0x8b, 8, 0])
    try expectRefusal(naming: SampleData.names[0], suffix: ".gz")
  }

  @Test(
    arguments: [
      [0x803, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0x803, 0x8000_0000, 12, 12],
      [0x803, 96, 0x1_0000, 0x1_0000], [0x803, 0, 12, 12], [0x803, 96, 0, 0], [0x0d03, 96, 12, 12],
      [0x0801, 96, 12, 12],
    ] as [[UInt32]])
  mutating func hugeOrWrongHeader(words: [UInt32]) throws {
    data.files[0].replaceSubrange(0..<16, with: words.flatMap(SampleData.bigEndian))
    try expectRefusal(naming: SampleData.names[0])
  }

  @Test mutating func countsThatDiffer() throws {
    data.files[1] = SampleData.labels(count: 95)
    try expectRefusal(naming: "95 labels")
  }

  @Test mutating func testLabelsBeyondTheClassCount() throws {
    data.files[3][8] = 4
    try expectRefusal(naming: "label 4")
  }

  @Test func missingDirectory() throws {
    try CommandTests.expectRefusal(
      ["--data", "nowhere"], in: scratch, exitCode: 66, naming: "nowhere")
    try CommandTests.expectRefusal(
      [], in: scratch, exitCode: 66, naming: "nowhere", environment: ["PTRAIN_DATA": "nowhere"])
  }

  @Test(arguments: SampleData.names) func missingFile(name: String) throws {
    try data.write(to: scratch)
    try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("data/\(name)"))
    try CommandTests.expectRefusal(["--data", "data"], in: scratch, exitCode: 66, naming: name)
  }
}

@Suite struct OutputRefusalTests {
  @Test func aFileInThePlaceOfTheRunDirectory() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    try scratch.write([1], to: "taken")
    for output in ["taken", "taken/below"] {
      try expectRefusal(
        ["--model", "tiny", "--data", "data", "--output", output], in: scratch, exitCode: 73,
        naming: "taken")
    }
  }

  @Test func aDirectoryInThePlaceOfAFile() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    let trained = try CommandLineRun(
      ["--model", "tiny", "--data", "data", "--epochs", "1", "--output", "run"], in: scratch)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    for name in ["x.onnx", "x.safetensors"] {
      try FileManager.default.createDirectory(
        at: scratch.url.appendingPathComponent(name), withIntermediateDirectories: true)
      try expectRefusal(
        ["export", "--checkpoint", "run/model.safetensors", "--output", name], in: scratch,
        exitCode: 73, naming: "\(name): cannot create it: it is a directory")
    }
  }

  @Test func noModelFile() throws {
    let scratch = try Scratch()
    try SampleData().write(to: scratch)
    try scratch.write(Array("no model".utf8), to: "model.safetensors")
    for (file, code) in [("model.safetensors", 65), ("missing", 66), (".", 66)] as [(_, Int32)] {
      try expectRefusal(
        ["eval", "--checkpoint", file, "--data", "data"], in: scratch, exitCode: code,
        naming: file)
    }
  }
}

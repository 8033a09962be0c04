// Where the data is and how it is read: the same options for every command that reads data.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainCLibrary
import PTrainFoundation
import PTrainImageFiles

extension ImageSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension ImageChannels: ExpressibleByArgument {}

extension RGBColor: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

/// `--data` and how it is read.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A directory or a file with the data, known by what it holds: MNIST's four IDX files, CIFAR's \
      binary files, a .npz of numpy's, .csv tables, a folder of image files for each class \
      (default: $PTRAIN_DATA, else MNIST from the cache or a download, else Fashion-MNIST).
      """, valueName: "path"))
  var data: String?

  @Flag(help: "Exchange rows and columns of the data's images, which EMNIST's files need.")
  var transpose = false

  @Option(
    help: ArgumentHelp(
      """
      Resize every image to this width and height, by averages over areas down and bilinear up; class \
      folders with several sizes need it.
      """, valueName: "WxH|N"))
  var size: ImageSize?

  @Option(
    help: ArgumentHelp(
      "Make every image grey or coloured (default: as the data is; rgb where it is both).",
      valueName: "gray|rgb"))
  var channels: ImageChannels?

  @Option(
    help: ArgumentHelp(
      "What lies behind transparent pixels of image files (default: white).",
      valueName: "white|black|#rrggbb"))
  var background: RGBColor?

  @Flag(help: "Leave out image files that cannot be decoded; left-out.txt in the run lists them.")
  var skipBad = false

  @Option(help: ArgumentHelp("Use the first N test samples only.", valueName: "n"))
  var limitTest: Int?

  func validate() throws { try checkLimit("--limit-test", limitTest) }

  /// Finds and reads the data; `lines` tell which was found, and what is remarkable about it.
  ///
  /// `keeps`: whether decoded files are kept for the next time, and found from the last. Files become
  /// what they were for the training of `model`, if there is one, unless the options say otherwise.
  func dataset(
    for model: PTrain.TrainedModel? = nil, limitTrain: Int? = nil, testShare: Double? = nil,
    seed: UInt64 = 1, threads: Int? = nil, keeps: Bool = true, drawsBar: Bool = true
  ) throws -> (dataset: Dataset, lines: [String]) {
    let source = try locate()
    var options = readingOptions(threads, for: model, drawsBar: drawsBar)
    (options.testShare, options.seed) = (testShare, seed)
    if !keeps { options.cacheDirectory = nil }
    // What the leader decodes is there for all.
    var (dataset, remarks) = try Job.leaderFirst { try source.load(options) }
    try dataset.limit(training: limitTrain, test: limitTest)
    return (dataset, ["Data: \(dataset.name) from \(source.path)"] + remarks)
  }

  /// The same for the test set alone, which needs no other file.
  ///
  /// Files become what they were for the training of `model`, unless the options say otherwise.
  func testSet(
    for model: PTrain.TrainedModel, threads: Int? = nil
  ) throws -> (set: ImageSet, lines: [String]) {
    let source = try locate()
    let options = readingOptions(threads, for: model)
    let (set, remarks) = try Job.leaderFirst { try source.loadTestSet(options) }
    return (
      set[0..<min(limitTest ?? set.count, set.count)],
      ["Data: test set from \(source.path)"] + remarks
    )
  }

  /// What each image becomes.
  var preparation: ImagePreparation {
    get {
      var preparation = ImagePreparation()
      (preparation.size, preparation.channels) = (size, channels)
      preparation.background = background ?? .white
      return preparation
    }
    set {
      (size, channels, background) = (newValue.size, newValue.channels, newValue.background)
    }
  }

  private func readingOptions(
    _ threads: Int?, for model: PTrain.TrainedModel? = nil, drawsBar: Bool = true
  ) -> ReadingOptions {
    var options = ReadingOptions()
    options.transposes = transpose
    options.preparation = preparation
    if let model {
      options.modelInput = model.input
      options.preparation.background = background ?? model.value.background
    }
    options.skipsBad = skipBad
    if let threads { options.threadCount = threads }
    options.cacheDirectory = DataSource.decodedCacheDirectory(Job.environment)
    if drawsBar && Job.isLeader && Terminal.drawsBars {
      let start = Terminal.now()
      options.progress = { progress in
        let bar = DecodingBar(progress, elapsedSeconds: Terminal.now() - start)
        Terminal.redraw(bar.text)
      }
    }
    return options
  }

  private func locate() throws -> DataSource {
    if data == nil, let bytes = getenv("PTRAIN_DATA") {
      try ArgumentBytes.check(bytes, "PTRAIN_DATA")
    }
    return try Job.leaderFirst {
      try DataSource.locate(
        option: data, environment: ProcessInfo.processInfo.environment, report: remark)
    }
  }

  private func remark(_ event: DataSourceEvent) {
    guard Job.isLeader else { return }
    switch event {
    case .progress: if Terminal.drawsBars { Terminal.redraw(event.description) }
    case .fallback: Terminal.remark("\(event.description) Pass --data DIR for your own.")
    default: Terminal.remark(event.description)
    }
  }
}

extension DataOptions {
  /// As a run reads its data, at `path` where that was moved.
  init(of settings: RunSettings, at path: String?) throws {
    self = try Self.parse([])
    data = path ?? settings.dataPath
    transpose = settings.transposes
    preparation = settings.preparation
    skipBad = settings.skipsBad
    limitTest = settings.limitTest
  }
}

extension DataOptions {
  /// One of these options that was given, if there is one.
  var givenOption: String? {
    let options = [
      ("--data", data != nil), ("--transpose", transpose), ("--size", size != nil),
      ("--channels", channels != nil), ("--background", background != nil),
      ("--skip-bad", skipBad), ("--limit-test", limitTest != nil),
    ]
    return options.first { $0.1 }?.0
  }
}

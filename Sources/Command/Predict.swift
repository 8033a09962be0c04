// `ptrain predict`: what a trained model says about pictures.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells the classes of images.",
    discussion: """
      Images are PNG, JPEG, BMP or PNM files, folders of them to any depth, or IDX files of many. Each is \
      prepared as in training: upright, grey or coloured as the model was trained, in its size. \
      Lines come in the order of the arguments, in a folder in the order of the names' bytes. A file that \
      cannot be read is told and passed over, and the exit code is 65 then.

      --json prints an object a line: file (and index, in an IDX file), label, probability, top, logits.

      Examples:
        ptrain predict --model runs/first/model.safetensors digit.png
        ptrain predict --model model.safetensors --top 1 --csv photos > answers.csv
        ptrain predict --model model.safetensors --json t10k-images-idx3-ubyte.gz
      """)

  @Option(
    name: [.long, .customLong("checkpoint")],
    help: ArgumentHelp(
      "A run's model.safetensors, or a checkpoint.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var model: String

  @Argument(
    help: ArgumentHelp("Images, folders of images, IDX files.", valueName: "image|dir"),
    completion: .file())
  var images: [String]

  @Option(help: ArgumentHelp("Likeliest classes that are told of each image.", valueName: "k"))
  var top = 3

  @Flag(help: "Print an object a line, with the logits.")
  var json = false

  @Flag(help: "Print a table.")
  var csv = false

  @OptionGroup(title: "Machine") var machine: MachineOptions

  func validate() throws {
    try checkLimit("--top", top)
    if json && csv { throw ValidationError("--csv: --json is there too; one form at a time") }
  }

  func run() throws {
    let trained = try PTrain.TrainedModel(contentsOf: model)
    let configuration = try machine.engineConfiguration()
    var failureCount = 0
    func tell(_ failure: Failure) {
      failureCount += 1
      Terminal.remark("ptrain: \(failure.line)")
    }
    let pictures = Picture.list(images, report: tell)
    var output = AnswerOutput(
      form: json ? .json : csv ? .csv : .text, top: min(top, trained.classNames.count),
      classNames: trained.classNames)
    let predictor = try naming(model) {
      try Predictor(trained, configuration, pictureCount: pictures.count)
    }
    try predictor.classify(pictures) { outcome in
      switch outcome {
      case .answer(let answer): try output.add(answer)
      case .failure(let failure):
        try output.flush()
        tell(failure)
      case .passedOver: output.passedOverCount += 1
      }
    }
    try output.finish()
    guard failureCount == 0 else {
      throw Failure(
        .badData, "\(counted(failureCount, "image")) could not be read; the others are answered")
    }
    guard output.answerCount > 0 else {
      throw Failure(.missingInput, "\(images.joined(separator: " ")): no images there")
    }
  }
}

/// Lines on their way to standard output, many at a time.
private struct AnswerOutput {
  let form: AnswerForm
  let top: Int
  let classNames: [String]
  var passedOverCount = 0
  private(set) var answerCount = 0
  private var waiting = ""

  init(form: AnswerForm, top: Int, classNames: [String]) {
    (self.form, self.top, self.classNames) = (form, top, classNames)
  }

  mutating func add(_ answer: PictureAnswer) throws {
    if answerCount == 0, form == .csv { waiting += PictureAnswer.csvHead(top: top) + "\n" }
    answerCount += 1
    waiting += answer.line(form, top: top, classNames: classNames) + "\n"
    if answerCount.isMultiple(of: 256) { try flush() }
  }

  mutating func flush() throws {
    if !waiting.isEmpty { try Terminal.writeResult(waiting) }
    waiting = ""
  }

  mutating func finish() throws {
    try flush()
    if passedOverCount > 0 {
      Terminal.remark("\(counted(passedOverCount, "file")) passed over: no images")
    }
  }
}

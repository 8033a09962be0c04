// Run directories as a training leaves them, made of values that are easy to recognise.

import FoundationEssentials
import Glibc
import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks
import PTrainReport

/// A model of `yaml`'s layers for images of `input`.
func model(
  _ layers: String, input: Shape = Shape(channels: 1, height: 4, width: 4),
  classNames: [String] = ["a", "b", "c"], recipe: String = "{}"
) throws -> TrainedModel {
  let description = try ModelDescription.parse(
    yaml: "name: sample\nlayers: \(layers)\nrecipe: \(recipe)\n", source: "test")
  let network = try Network(
    description: description, input: input, classCount: classNames.count)
  let values = (0..<network.layout.count).map { Float($0 % 13 + 1) / 7 }
  return TrainedModel(
    network: network, state: ModelState(layout: network.layout, values: values),
    normalization: Normalization(
      means: Array([0.25, 0.5, 0.75].prefix(input.channels)),
      standardDeviations: Array(repeating: 0.5, count: input.channels)),
    classNames: classNames)
}

let plainLayers =
  "[{conv: {filters: 2, padding: 1}}, relu, batchNorm, globalAveragePool, {dense: classes}]"

/// Two epochs of a run that has ended.
let twoEpochs = """
  {"event":"start","model":"sample","parameters":35,"threads":2,"seed":7,"train_samples":6,"test_samples":4,"epochs":2}
  {"event":"epoch","epoch":1,"learning_rate":0.1,"train_loss":1.5,"train_accuracy":50,"test_loss":1.25,"test_correct":3,"test_accuracy":75,"seconds":2}
  {"event":"epoch","epoch":2,"learning_rate":0.05,"train_loss":null,"train_accuracy":60,"test_loss":1,"test_correct":2,"test_accuracy":50,"seconds":4}
  {"event":"end","epochs":2}

  """

/// Four test images of which two were answered wrongly.
let sampleEvaluation = Evaluation(
  loss: 1, correctCount: 2, sampleCount: 4,
  confusion: ConfusionMatrix(rows: [[1, 1, 0], [0, 1, 0], [1, 0, 0]])!,
  mistakes: [
    Mistake(sample: 3, trueClass: 2, predictedClass: 0, probability: 0.75, trueProbability: 0.125),
    Mistake(sample: 1, trueClass: 0, predictedClass: 1, probability: 0.5, trueProbability: 0.25),
  ])

/// A run directory of its own for one test, removed afterwards.
final class SampleRun {
  let directory: RunDirectory
  let model: TrainedModel

  init(
    _ model: TrainedModel? = nil, metrics: String = twoEpochs,
    evaluation: Evaluation? = sampleEvaluation, inside name: String = "run"
  ) throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/ptrain-test-XXXXXX".utf8CString)
    directory = RunDirectory(path: String(cString: mkdtemp(&template)) + "/" + name)
    self.model = try model ?? ReportTests.model(plainLayers)
    try makeDirectory(directory.path)
    try writeFile(directory.metricsPath, Array(metrics.utf8))
    try self.model.write(to: directory.modelPath)
    guard let evaluation else { return }
    let report = EvaluationReport(evaluation, classNames: self.model.classNames)!
    try EvaluationFile(epoch: 2, digest: self.model.state.digest, report: report)
      .write(to: directory.evaluationPath)
  }

  deinit { try? FileManager.default.removeItem(atPath: parentDirectory(directory.path)) }

  var settings: RunSettings {
    RunSettings(
      seed: 7,
      data: DataFingerprint(
        name: "MNIST", trainSampleCount: 6, testSampleCount: 4,
        normalization: model.normalization, classNames: model.classNames,
        digests: DataDigests([:])))
  }

  func page(
    _ state: RunPage.State = .finished, testImages: ImageSet? = nil
  ) throws -> RunPage {
    try RunPage(
      directory, state: state, settings: settings, testImages: testImages, program: "ptrain",
      writtenAt: 1000)
  }

  /// The values in the page, as a browser's script finds them.
  func content(
    _ state: RunPage.State = .finished, testImages: ImageSet? = nil
  ) throws -> PageContent {
    try PageContent(html: page(state, testImages: testImages).html)
  }
}

/// What a page's scripts read.
struct PageContent: Decodable {
  struct Figure: Decodable {
    let name: String
    let value: String
    let note: String?
  }
  struct Facts: Decodable {
    let title: String
    let facts: [[String]]
  }
  struct Epochs: Decodable {
    let epoch: [Int]
    let trainLoss: [Double?]
    let testAccuracy: [Double?]
    let validationLoss: [Double?]
  }
  struct Mistakes: Decodable {
    struct Image: Decodable {
      let sample: Int
      let label: Int
      let answer: Int
      let probability: Double
      let pixels: String?
    }
    let wrongCount: Int
    let width: Int
    let height: Int
    let isExact: Bool
    let hasPictures: Bool
    let images: [Image]
  }
  struct Network: Decodable {
    struct Step: Decodable {
      let operation: String
      let inputs: [Int]
      let value: Int
      let weights: [Int]?
      let bias: [Int]?
    }
    let absence: String?
    let weights: String?
    let steps: [Step]?
  }
  struct Filters: Decodable {
    let name: String
    let count: Int
    let width: Int
    let height: Int
    let channels: Int
    let limit: Double
    let pixels: String
  }
  struct Command: Decodable {
    let title: String
    let code: String
  }

  let name: String
  let lead: String
  let state: String
  let status: String
  let secondsPerEpoch: Double
  let figures: [Figure]
  let facts: [Facts]
  let classes: [String]
  let epochs: Epochs
  let resumes: [Int]
  let confusion: [[Int]]?
  let mistakes: Mistakes?
  let filters: Filters?
  let network: Network
  let preparesDigits: Bool
  let commands: [Command]

  init(html: [UInt8]) throws {
    let text = String(decoding: html, as: UTF8.self)
    let opening = "<script type=\"application/json\" id=\"run-data\">"
    let start = text.ranges(of: opening).first!.upperBound
    let end = text[start...].ranges(of: "</script>").first!.lowerBound
    self = try JSONDecoder().decode(Self.self, from: Data(text[start..<end].utf8))
  }
}

// TensorFlow Lite files compute what the network computes, by operators and versions that runtimes know.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct TFLiteModelTests {
  /// Borders that are neither SAME nor VALID, a flattened image with several readers, pools of both kinds.
  private static let windows = """
    name: windows
    layers:
      - conv: {filters: 6, kernel: 3, stride: 2, padding: 1}
      - relu6
      - depthwise: {kernel: [5, 3], padding: [2, 1], stride: 1, bias: false}
      - averagePool: {size: 3, stride: 2, padding: 1}
      - maxPool: {size: 2, stride: 1, padding: 1}
      - relu
      - conv: {filters: 6, kernel: 3, dilation: 2, padding: 2, groups: 3}
      - concat: [[flatten, tanh], [flatten, {dense: 3}]]
      - dense: classes
    """

  private static let descriptions = ONNXModelTests.descriptions.merging(
    [
      "everything": try! .parse(yaml: CProgramTests.layers, source: "x"),
      "windows": try! .parse(yaml: windows, source: "x"), "tiny": try! .preset(named: "tiny"),
      "ds-cnn": try! .preset(named: "ds-cnn"),
      "mobilenet-025": try! .preset(named: "mobilenet-025"),
    ]) { $1 }

  private func model(_ name: String, channels: Int = 1, extent: Int = 12) throws -> TrainedModel {
    let means = (0..<channels).map { 0.1 + 0.2 * Float($0) }
    return try .sample(
      try #require(Self.descriptions[name]),
      Shape(channels: channels, height: extent, width: extent), classCount: 4,
      normalization: Normalization(means: means, standardDeviations: means.map { 0.4 - $0 / 2 }))
  }

  @Test(arguments: descriptions.keys.sorted())
  func computesWhatTheNetworkComputes(name: String) throws {
    for channels in [1, 3] {
      let model = try model(name, channels: channels)
      let logits = try TFLiteFile(model.tflite(.logits))
      let probabilities = try TFLiteFile(model.tflite())
      #expect(logits.tensors[logits.output].name == "logits")
      #expect(probabilities.tensors[probabilities.output].name == "probabilities")
      for seed in 0..<2 { try check(model, logits, probabilities, seed) }
    }
  }

  private func check(
    _ model: TrainedModel, _ logits: TFLiteFile, _ probabilities: TFLiteFile, _ seed: Int
  ) throws {
    let input = model.network.input
    let pixels = input.height * input.width
    let image = (0..<input.count).map { Double(($0 + seed) * 89 % 256) }
    let planes = (0..<input.count).map { index in
      let (channel, pixel) = index.quotientAndRemainder(dividingBy: pixels)
      let grey = Float(image[pixel * input.channels + channel])
      return Double(model.normalization.input(grey, channel: channel))
    }
    let expected = ReferenceNetwork<Double>(network: model.network, state: model.state)
      .forward(planes, mode: .evaluation).output
    let found = try TFLiteRun.output(logits, image: image)
    let limit = 3e-6 * expected.map(abs).max()!
    #expect(found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= limit }, "\(found) \(expected)")
    let shares = try TFLiteRun.output(probabilities, image: image)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
    #expect(shares.firstIndex(of: shares.max()!) == found.firstIndex(of: found.max()!))
  }

  @Test func operatorsAreThoseOfTheReferenceModels() throws {
    let file = try TFLiteFile(model("resnet8", channels: 3, extent: 32).tflite())
    let counts = Dictionary(grouping: file.operators, by: \.code).mapValues(\.count)
    // The normalisation is one product and one sum.
    #expect(
      counts == [
        .conv2D: 9, .add: 4, .mul: 1, .averagePool2D: 1, .fullyConnected: 1, .softmax: 1,
      ])
    #expect(file.operators.allSatisfy { $0.version == 1 })
    #expect(file.tensors[file.input].shape == [1, 32, 32, 3])
    #expect(file.tensors[file.output].shape == [1, 4])
  }

  @Test func versionsAreTheOldestThatWork() throws {
    let operators = try TFLiteFile(model("everything").tflite()).operators
    // Groups came late.
    let convolutions = operators.filter { $0.code == .conv2D }.map(\.version)
    #expect(convolutions.contains(1) && convolutions.contains(6))
    #expect(operators.filter { $0.code == .depthwiseConv2D }.allSatisfy { $0.version == 1 })
  }

  @Test func bordersArePutThereOnlyWhereNothingElseDoesIt() throws {
    let file = try TFLiteFile(model("windows").tflite())
    let codes = file.operators.map(\.code)
    #expect(codes.filter { $0 == .pad }.count == 2)
    #expect(codes.filter { $0 == .padV2 }.count == 1)
    for name in ["lenet5", "tiny", "ds-cnn"] {
      let codes = try TFLiteFile(model(name).tflite()).operators.map(\.code)
      #expect(!codes.contains(.pad) && !codes.contains(.padV2) && !codes.contains(.transpose))
    }
  }

  @Test func metadataNamesTheClasses() throws {
    let file = try TFLiteFile(model("tiny").tflite())
    #expect(file.metadata["class_names"] == #"["0","1","2","3"]"#)
    #expect(file.metadata["description"] == nil)
  }

  /// The release is that of the youngest operator.
  @Test func metadataNamesTheRelease() throws {
    func release(_ bytes: [UInt8]) throws -> String? {
      let text = try TFLiteFile(bytes).metadata["min_runtime_version"]
      #expect(text?.utf8.count == 16)
      return text.map { String($0.prefix { $0 != "\0" }) }
    }
    #expect(try release(model("lenet5").tflite()) == "1.5.0")
    // Groups.
    #expect(try release(model("windows").tflite()) == "2.9.0")
    #expect(TFLiteOperatorCode.relu.release(version: 2) == TFLiteRelease(2, 1))
    #expect(TFLiteOperatorCode.depthwiseConv2D.release(version: 2) == TFLiteRelease(1, 12))
    #expect(TFLiteOperatorCode.softmax.release(version: 2) == TFLiteRelease(1, 14))
  }

  /// What TensorFlow's own reader would find, by its schema's field numbers; `Bench/devices` asks Python's
  /// `zipfile` for the labels.
  @Test func labelsArePackedBehindTheModel() throws {
    let bytes = try model("tiny").tflite(.logits)
    let text = "0\n1\n2\n3\n"
    let end = Array(bytes.suffix(22))
    #expect(end.starts(with: [0x50, 0x4b, 5, 6]))
    func word(_ place: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }
    let central = word(bytes.count - 22 + 16)
    #expect(central + word(bytes.count - 22 + 12) == bytes.count - 22)
    let local = word(central + 42)
    #expect(word(local) == 0x0403_4b50 && word(local + 18) == 8 && word(local + 22) == 8)
    #expect(word(local + 14) == Int(CRC32.zip.checksum(text.utf8)))
    let content = bytes[local + 30..<central]
    #expect(String(decoding: content, as: UTF8.self) == "labels.txt" + text)
    let reader = FlatReader(
      bytes: try #require(TFLiteFile(bytes).metadataContents["TFLITE_METADATA"]))
    #expect(reader.identifier == "M001")
    let subgraph = try #require(try reader.root().tables(3).first)
    let (image, logits) = (try subgraph.tables(2)[0], try subgraph.tables(3)[0])
    #expect(try image.string(0) == "image" && logits.string(0) == "logits")
    #expect(try image.table(3)?.table(1)?.number(0, or: Int8(0)) == 2)
    let file = try #require(try logits.tables(6).first)
    #expect(try file.string(0) == "labels.txt" && file.number(2, or: Int8(0)) == 2)
  }
}

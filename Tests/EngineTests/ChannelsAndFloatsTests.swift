// What goes into a network: every channel by its own mean and deviation, floats as they are.

import PTrainDatasets
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct ChannelsAndFloatsTests {
  private func network(_ channels: Int, _ first: Layer, padding: Int = 1) throws -> Network {
    let description = ModelDescription(
      name: "small",
      layers: [first, .relu, .batchNorm, .globalAveragePool, .dense(features: nil, bias: true)])
    return try Network(
      description: description, input: Shape(channels: channels, height: 9, width: 7),
      classCount: 3)
  }

  private func bytes(_ channels: Int) throws -> ImageSet {
    let stream = RandomStream(seed: 5, purpose: .shuffle)
    let images = (0..<24 * 63 * channels).map { UInt8(stream.word(element: $0) >> 24) }
    return try ImageSet(
      height: 9, width: 7, channels: channels, images: images,
      labels: (0..<24).map { UInt16($0 % 3) })
  }

  /// The same values held as floats.
  private func floats(_ set: ImageSet) throws -> ImageSet {
    let values = try ByteStore(capacity: 4 * set.valueCount) { buffer in
      for place in 0..<set.valueCount {
        buffer.storeBytes(of: set.value(at: place), toByteOffset: 4 * place, as: Float.self)
      }
      return buffer.count
    }
    return ImageSet(
      height: set.height, width: set.width, channels: set.channels, pixelType: .float,
      images: values, labels: set.labels)
  }

  private func comparison(
    _ network: Network, _ set: ImageSet, _ normalization: Normalization
  ) throws -> ReferenceComparison {
    try ReferenceComparison(
      network, state: .initial(network: network, seed: 3), set: set, normalization: normalization,
      order: [UInt32](0..<24), configuration: TestData.configuration())
  }

  private let normalization = Normalization(
    means: [0.5, 0.25, 0.75], standardDeviations: [0.25, 0.5, 0.125])
  /// The same of values from 0 to 255 that are held as floats.
  private let ofFloats = Normalization(
    means: [127.5, 63.75, 191.25], standardDeviations: [63.75, 127.5, 31.875], pixelType: .float)

  static let layers: [Layer] = [
    .conv(filters: 5, kernel: 3, stride: 1, padding: 1, bias: true),
    .conv(filters: 5, kernel: 5, stride: 2, padding: 2, bias: true),
    .conv(filters: 20, kernel: 1, stride: 1, padding: 0, bias: false),
  ]

  @Test(arguments: layers) func everyChannelHasItsOwn(first: Layer) throws {
    let network = try network(3, first)
    let run = try comparison(network, bytes(3), normalization)
    #expect(abs(run.loss - run.referenceLoss) < 1e-5)
    for (name, error) in run.gradientErrors() { #expect(error < 1e-4, "\(name)") }
    // Other means make another loss: they act.
    let other = Normalization(
      means: [0.5, 0.3, 0.75], standardDeviations: normalization.standardDeviations)
    #expect(try comparison(network, bytes(3), other).loss != run.loss)
  }

  /// Powers of two as deviations: both ways of writing a normalisation have the same bits.
  @Test(arguments: layers) func floatsTrainAsTheSameBytesDo(first: Layer) throws {
    for channels in [1, 3] {
      let network = try network(channels, first)
      let (bytes, floats) = (try bytes(channels), try floats(bytes(channels)))
      let pick = { (all: Normalization) in
        Normalization(
          means: Array(all.means.prefix(channels)),
          standardDeviations: Array(all.standardDeviations.prefix(channels)),
          pixelType: all.pixelType)
      }
      let one = try comparison(network, bytes, pick(normalization))
      let other = try comparison(network, floats, pick(ofFloats))
      #expect(one.loss == other.loss)
      #expect(one.gradient == other.gradient)
      #expect(one.referenceLoss == other.referenceLoss)
    }
  }

  @Test func floatsCannotBeAugmented() throws {
    let network = try network(1, Self.layers[0])
    let set = try floats(bytes(1))
    var recipe = Recipe()
    recipe.augment = [.affine(AffineAugmentation())]
    let error = #expect(throws: Failure.self) {
      try Trainer(
        network: network, recipe: recipe, dataset: Dataset(name: "x", training: set, test: set),
        options: TrainingOptions(), configuration: TestData.configuration())
    }
    #expect(error?.kind == .usage)
  }
}

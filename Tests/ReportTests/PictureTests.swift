// Pictures in a page: mistakes and filters, byte for byte.

import FoundationEssentials
import PTrainDatasets
import PTrainEngine
import PTrainMemory
import PTrainNetworks
import Testing

@Suite struct PictureTests {
  private func images(_ shape: Shape, count: Int = 4) throws -> ImageSet {
    let values = (0..<count * shape.count).map { UInt8($0 % 251) }
    return try ImageSet(
      height: shape.height, width: shape.width, channels: shape.channels, images: values,
      labels: Array(repeating: 0, count: count))
  }

  private func bytes(_ base64: String?) throws -> [UInt8] {
    Array(try #require(base64.flatMap { Data(base64Encoded: $0) }))
  }

  @Test func mistakesAreTheTestImages() throws {
    let shape = Shape(channels: 1, height: 4, width: 4)
    let mistakes = try #require(
      try SampleRun().content(testImages: images(shape)).mistakes)
    #expect(mistakes.wrongCount == 2)
    #expect(mistakes.images.map(\.sample) == [3, 1])
    #expect(mistakes.images.map(\.label) == [2, 0])
    #expect(mistakes.images.map(\.answer) == [0, 1])
    #expect(mistakes.images[0].probability == 0.75)
    #expect(mistakes.isExact && mistakes.hasPictures)
    #expect(try bytes(mistakes.images[0].pixels) == (48..<64).map { UInt8($0) })
  }

  @Test func noMistakesAndNoImages() throws {
    let flawless = Evaluation(
      loss: 0, correctCount: 3, sampleCount: 3,
      confusion: ConfusionMatrix(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    let none = try #require(try SampleRun(evaluation: flawless).content().mistakes)
    #expect(none.wrongCount == 0 && none.images.isEmpty)
    let blind = try #require(try SampleRun().content().mistakes)
    #expect(!blind.hasPictures && blind.images.allSatisfy { $0.pixels == nil })
    // Images of another size, or fewer than the evaluation saw, are not the run's.
    let other = try images(Shape(channels: 1, height: 5, width: 4))
    #expect(try SampleRun().content(testImages: other).mistakes?.hasPictures == false)
    let few = try images(Shape(channels: 1, height: 4, width: 4), count: 2)
    #expect(try SampleRun().content(testImages: few).mistakes?.hasPictures == false)
  }

  @Test func largeImagesAreShrunkToTheMeanOfTheirPixels() throws {
    let shape = Shape(channels: 3, height: 65, width: 130)
    let run = try SampleRun(model(plainLayers, input: shape))
    let set = try images(shape)
    let mistakes = try #require(try run.content(testImages: set).mistakes)
    #expect((mistakes.width, mistakes.height) == (43, 21))
    #expect(!mistakes.isExact)
    let picture = try bytes(mistakes.images[1].pixels)
    #expect(picture.count == 43 * 21 * 3)
    let image = (0..<shape.count).map { Int(($0 + shape.count) % 251) }
    // The second pixel of the second row, its blue.
    let taps = (3..<6).flatMap { row in (3..<6).map { image[(row * 130 + $0) * 3 + 2] } }
    #expect(Int(picture[(43 + 1) * 3 + 2]) == taps.reduce(0, +) / 9)
  }

  @Test func measurementsAreGreysFromTheirLeastToTheirLargest() throws {
    let values = (0..<4 * 16).map { Float($0 % 16) / 5 - 1 }
    let set = try ImageSet(
      height: 4, width: 4, pixelType: .float,
      images: ByteStore(values.withUnsafeBytes(Array.init)), labels: [0, 0, 0, 0])
    let mistakes = try #require(try SampleRun().content(testImages: set).mistakes)
    let picture = try bytes(mistakes.images[0].pixels)
    #expect(picture.prefix(3) == [0, 17, 34] && picture.last == 255)
  }

  @Test func filtersAreGreyAroundZero() throws {
    let filters = try #require(try SampleRun().content().filters)
    #expect(filters.name == "conv1")
    #expect((filters.count, filters.width, filters.height, filters.channels) == (2, 3, 3, 1))
    #expect(filters.limit == Double(Float(13) / 7))
    let pixels = try bytes(filters.pixels)
    #expect(pixels[12] == 255)
    #expect(pixels[0] == UInt8((127.5 + 127.5 / 13).rounded()))
  }

  @Test func coloursComeTogetherInAFilter() throws {
    let run = try SampleRun(
      model(plainLayers, input: Shape(channels: 3, height: 4, width: 4)))
    let filters = try #require(try run.content().filters)
    let pixels = try bytes(filters.pixels)
    let values = run.model.state["conv1.weight"]!
    // Filter 1, place 4: its red, green and blue lie 9 apart in the tensor.
    for channel in 0..<3 {
      let value = values[27 + channel * 9 + 4]
      let expected = UInt8((127.5 + 127.5 * value / Float(filters.limit)).rounded())
      #expect(pixels[27 + 4 * 3 + channel] == expected)
    }
  }

  @Test(arguments: [
    "[flatten, {dense: 4}, {dense: classes}]",
    "[{conv: {filters: 3, kernel: 1}}, globalAveragePool, {dense: classes}]",
  ])
  func noFiltersWithoutAPlane(layers: String) throws {
    #expect(try SampleRun(model(layers)).content().filters == nil)
  }
}

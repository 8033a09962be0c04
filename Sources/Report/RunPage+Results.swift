// What the page draws: curves, confusion matrix, pictures of mistakes and filters, the table of layers.

import FoundationEssentials
import PTrainArtifacts
import PTrainDatasets
import PTrainEngine
import PTrainNetworks

extension RunPage {
  /// Mistakes that are shown.
  private static let mistakeCount = 24
  /// Filters that are shown.
  private static let filterCount = 64
  /// Longest side of a mistake's picture; larger images are shrunk by a whole factor.
  private static let pictureSide = 64

  /// A column a quantity; `null` where an epoch lacks it or where it is no finite number.
  var epochs: JSONText {
    func column(_ value: (RunHistory.Epoch) -> Double?) -> JSONText {
      .array(history.epochs.map { .optional(value($0)) })
    }
    return .object([
      "epoch": .integers(history.epochs.map(\.epoch)), "rate": column(\.learningRate),
      "trainLoss": column(\.trainLoss), "trainAccuracy": column(\.trainAccuracy),
      "testLoss": column(\.testLoss), "testAccuracy": column(\.testAccuracy),
      "validationLoss": column(\.validationLoss),
      "validationAccuracy": column(\.validationAccuracy), "seconds": column(\.seconds),
      "imagesPerSecond": column(\.imagesPerSecond),
    ])
  }

  var confusion: JSONText {
    evaluation.map { .array($0.confusion.rows.map(JSONText.integers)) } ?? .null
  }

  // MARK: Mistakes

  var mistakes: JSONText {
    guard let evaluation else { return .null }
    let input = model.network.input
    let factor = (max(input.height, input.width) + Self.pictureSide - 1) / Self.pictureSide
    let result = evaluation.evaluation
    let pictures = result.mistakes.prefix(Self.mistakeCount).map { picture(of: $0.sample, factor) }
    return .object([
      "wrongCount": .integer(result.sampleCount - result.correctCount),
      "width": .integer(input.width / factor), "height": .integer(input.height / factor),
      "channels": .integer(input.channels),
      "isExact": .flag(factor == 1 && model.normalization.pixelType == .byte),
      "hasPictures": .flag(!pictures.contains(nil)),
      "images": .array(
        zip(result.mistakes, pictures).map { mistake, pixels in
          .object([
            "sample": .integer(mistake.sample), "label": .integer(mistake.trueClass),
            "answer": .integer(mistake.predictedClass),
            "probability": .number(mistake.probability),
            "pixels": pixels.map { .string($0) } ?? .null,
          ])
        }),
    ])
  }

  /// Base64 of the bytes `[H, W, C]` of a test image; nil where it is not at hand.
  private func picture(of sample: Int, _ factor: Int) -> String? {
    guard let testImages, testImages.imageShape == model.network.input, sample < testImages.count,
      [1, 3].contains(testImages.channels)
    else { return nil }
    let image = testImages[sample..<sample + 1]
    let values = Array(image.images)
    let bytes = image.pixelType == .byte ? values : greys(values)
    return Data(shrunk(bytes, testImages.imageShape, by: factor)).base64EncodedString()
  }

  /// Measurements from black, the least of an image, to white, its largest.
  private func greys(_ values: [UInt8]) -> [UInt8] {
    let floats = values.withUnsafeBytes { raw in
      (0..<values.count / MemoryLayout<Float>.size).map {
        raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Float>.size, as: Float.self)
      }
    }
    let (low, high) = (Double(floats.min() ?? 0), Double(floats.max() ?? 0))
    guard high > low else { return Array(repeating: 0, count: floats.count) }
    return floats.map { UInt8((255 * ((Double($0) - low) / (high - low))).rounded()) }
  }

  /// The mean of each square of `factor` pixels; what is left at the right and below is cut off.
  private func shrunk(_ bytes: [UInt8], _ shape: Shape, by factor: Int) -> [UInt8] {
    guard factor > 1 else { return bytes }
    let (height, width) = (shape.height / factor, shape.width / factor)
    return (0..<height * width * shape.channels).map { place in
      let (channel, pixel) = (place % shape.channels, place / shape.channels)
      var sum = 0
      for tap in 0..<factor * factor {
        let row = pixel / width * factor + tap / factor
        let column = pixel % width * factor + tap % factor
        sum += Int(bytes[(row * shape.width + column) * shape.channels + channel])
      }
      return UInt8(sum / (factor * factor))
    }
  }

  // MARK: Filters

  /// The first convolution's weights as greys or colours around a middle grey of 0; nil where there is
  /// none, or where its filters have no place or more channels than a picture.
  var filters: JSONText {
    guard let node = model.network.graph.nodes.first(where: { $0.tensor(.weight) != nil }),
      case .convolution = node.operation, let tensor = node.tensor(.weight),
      tensor.shape[1] == 1 || tensor.shape[1] == 3, tensor.shape[2] * tensor.shape[3] > 1
    else { return .null }
    let (channels, area) = (tensor.shape[1], tensor.shape[2] * tensor.shape[3])
    let values = model.state.values[tensor.range]
    let limit = values.reduce(Float(0)) { max($0, abs($1)) }
    let count = min(tensor.shape[0], Self.filterCount)
    let bytes = (0..<count * area * channels).map { place -> UInt8 in
      // `[F, C, H, W]` to `[F, H, W, C]`.
      let (filter, rest) = (place / (area * channels), place % (area * channels))
      let source = (filter * channels + rest % channels) * area + rest / channels
      let share = limit > 0 ? values[values.startIndex + source] / limit : 0
      return share.isFinite ? UInt8(clamping: Int((127.5 + 127.5 * share).rounded())) : 0
    }
    return .object([
      "name": .string(node.name), "whole": .integer(tensor.shape[0]), "count": .integer(count),
      "height": .integer(tensor.shape[2]), "width": .integer(tensor.shape[3]),
      "channels": .integer(channels), "limit": .number(Double(limit)),
      "pixels": .string(Data(bytes).base64EncodedString()),
    ])
  }

  // MARK: Layers

  var layers: JSONText {
    let summary = ModelSummary(model.network)
    let rows = summary.rows.map { row in
      JSONText.object([
        "title": .string(row.title),
        "shape": .string(row.shape.map(String.init).joined(separator: " x ")),
        "parameters": .string(grouped(row.parameterCount)),
      ])
    }
    let statistics = model.network.layout.count - model.network.layout.parameterCount
    return .object([
      "rows": .array(rows),
      "totals": .array([
        .strings(["Parameters", grouped(model.network.layout.parameterCount)]),
        .strings(["Running statistics", grouped(statistics)]),
        .strings(["Multiply-adds for an image", grouped(model.network.multiplyAdds)]),
      ]),
    ])
  }
}

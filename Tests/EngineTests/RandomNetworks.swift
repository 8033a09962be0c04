// Networks drawn at random from the whole grammar, with images and parameters to run them on.

import PTrainDatasets
import PTrainDiagnostics
import PTrainMemory
import PTrainNetworks

/// Draws layers; the same for the same seed and index.
struct RandomNetworks {
  private var random: RandomSequence

  init(seed: UInt64, index: Int) {
    random = RandomSequence(RandomStream(seed: seed, purpose: .shuffle, sample: UInt32(index)))
  }

  /// The first network of the sequence whose sizes fit.
  mutating func next() -> Network {
    while true {
      let input = Shape(
        channels: one(of: [1, 1, 3]), height: number(3...11), width: number(3...11))
      let description = ModelDescription(name: "random", layers: body(number(1...5)) + head())
      if let network = try? Network(description: description, input: input, classCount: 4),
        network.layout.count < 60_000
      {
        return network
      }
    }
  }

  /// Samples of a minibatch, with a short last shard more often than not.
  mutating func sampleCount() -> Int { number(5...18) }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.next(below: UInt32(range.count)))
  }

  private mutating func one<Item>(of items: [Item]) -> Item { items[number(0...items.count - 1)] }
  private mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

  // MARK: Layers

  private mutating func body(_ count: Int, depth: Int = 0) -> [Layer] {
    (0..<count).flatMap { _ in block(depth) }
  }

  private mutating func block(_ depth: Int) -> [Layer] {
    switch number(0...(depth < 2 ? 13 : 8)) {
    case 0...4: return [linear()] + tail()
    case 5, 6: return [pool()]
    case 7: return [activation()]
    case 8: return [one(of: [.batchNorm, .dropout(rate: 0.2), .batchNorm, activation()])]
    case 9, 10: return [residual(depth)] + (chance(60) ? [.relu] : [])
    case 11: return [.concat((0..<number(2...3)).map { _ in sameSize(depth) })]
    case 12: return [scale()]
    default: return [.repeat(number(1...3), sameSize(depth) + [.batchNorm])]
    }
  }

  private mutating func linear() -> Layer {
    let kernel = Extents(number(1...4), number(1...4))
    let stride = Extents(one(of: [1, 1, 1, 2, 3]), one(of: [1, 1, 1, 2]))
    let padding: LayerPadding = one(of: [
      .same, .same, 0, .sides(Extents(number(0...kernel.height - 1), number(0...kernel.width - 1))),
    ])
    if chance(25) {
      return .depthwise(
        Depthwise(
          kernel, stride: stride, padding: padding, multiplier: one(of: [1, 1, 1, 2]),
          bias: chance(50)))
    }
    return .conv(
      Convolution(
        one(of: [3, 6, 8, 12, 16, 17, 24]), kernel: chance(40) ? 3 : kernel, stride: stride,
        padding: padding, groups: one(of: [1, 1, 1, 1, 2, 3]), dilation: one(of: [1, 1, 1, 2]),
        bias: chance(60)))
  }

  private mutating func tail() -> [Layer] {
    one(of: [
      [], [.relu], [.batchNorm, .relu], [.relu, .batchNorm], [.batchNorm, activation()],
      [.batchNorm, .relu, .maxPool(size: 2)], [.relu, .batchNorm, .maxPool(size: 2)],
      [activation(), .maxPool(size: 2)], [.maxPool(size: 2), .relu],
      [.batchNorm, .relu, .dropout(rate: 0.3)], [.batchNorm, activation(), .batchNorm],
    ])
  }

  private mutating func activation() -> Layer {
    one(of: [
      .relu, .relu6, .sigmoid, .tanh, .silu, .gelu, .hardSwish, .leakyRelu(0.1), .leakyRelu(-0.2),
    ])
  }

  private mutating func pool() -> Layer {
    let size = Extents(number(1...3), number(1...3))
    let padding: LayerPadding =
      chance(50)
      ? .same : .sides(Extents(number(0...size.height - 1), number(0...size.width - 1)))
    let stride = Extents(number(1...3), number(1...2))
    return chance(50)
      ? .maxPool(size, stride: stride, padding: padding)
      : .averagePool(size, stride: stride, padding: padding)
  }

  // MARK: Branches

  /// Layers that keep height and width.
  private mutating func sameSize(_ depth: Int) -> [Layer] {
    switch number(0...5) {
    case 0: return []
    case 1: return [.depthwise(Depthwise(3, padding: 1, bias: chance(50))), .batchNorm]
    case 2: return [activation()]
    case 3: return [.maxPool(3, stride: 1, padding: 1)]
    case 4 where depth < 2: return [residual(depth + 1)]
    default:
      return [.conv(Convolution(one(of: [4, 8, 16]), padding: 1, bias: chance(50)))] + [.relu]
    }
  }

  private mutating func residual(_ depth: Int) -> Layer {
    if chance(30) {
      let convolution = Convolution(9, stride: 2, padding: .same)
      return .residual(
        [.conv(convolution), .batchNorm],
        shortcut: [.conv(Convolution(9, kernel: 1, stride: 2, bias: chance(50)))])
    }
    let filters = one(of: [6, 8, 16])
    return .residual(
      sameSize(depth) + [.conv(Convolution(filters, padding: 1)), .batchNorm],
      shortcut: chance(70) ? [.conv(Convolution(filters, kernel: 1))] : [])
  }

  private mutating func scale() -> Layer {
    .scale(
      one(of: [
        [.sigmoid], [.globalAveragePool, .sigmoid], [.globalMaxPool, .batchNorm, .sigmoid],
        [.depthwise(Depthwise(3, padding: 1)), .hardSwish],
        [.averagePool(3, stride: 1, padding: 1)],
      ]))
  }

  // MARK: The end

  private mutating func head() -> [Layer] {
    one(of: [
      [.globalAveragePool, .dense(.classes)], [.flatten, .dense(.classes)],
      [.globalAveragePool, .dropout(rate: 0.3), .dense(.classes)],
      [.globalMaxPool, .dense(Dense(7)), .relu, .dense(.classes)],
      [
        .flatten, .dropout(rate: 0.2), .dense(Dense(9, bias: false)), .batchNorm, .relu,
        .dense(.classes),
      ],
      [.conv(Convolution(4, kernel: 1)), .globalAveragePool],
      [.globalAveragePool, .residual([.dense(Dense(4))], shortcut: [.dense(.classes)])],
      [.globalAveragePool, .flatten, .dense(Dense(5)), .tanh, .dense(Dense(nil, bias: false))],
      [.flatten, .dense(.classes), .leakyRelu(0.5)],
    ])
  }
}

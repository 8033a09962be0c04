// Gradients of whole graphs against central differences: values with several readers, every window, every
// function, and networks that are drawn.

import PTrainMemory
import Testing

@testable import PTrainNetworks

@Suite struct GraphGradientTests {
  private let differences = CentralDifferenceTests()
  private static let planes = Shape(channels: 4, height: 6, width: 5)
  private static let head: [Layer] = [.globalAveragePool, .dense(.classes)]

  static let windowLayers: [[Layer]] = [
    [
      .conv(
        Convolution(3, kernel: Extents(3, 2), stride: Extents(2, 1), padding: .sides(Extents(1, 0)))
      )
    ],
    [.conv(Convolution(6, padding: .same, groups: 2))],
    [.conv(Convolution(4, stride: 2, padding: .same, groups: 4, dilation: 2, bias: false))],
    [.conv(Convolution(2, kernel: Extents(1, 4), padding: .same))],
    [.depthwise(Depthwise(3, stride: 2, padding: .same, multiplier: 2))],
    [.depthwise(Depthwise(Extents(2, 3), padding: 1, bias: false))],
    [.maxPool(3, stride: 2, padding: 1)], [.maxPool(3, stride: 1, padding: .same)],
    [.maxPool(Extents(2, 3), stride: Extents(1, 2))],
    [.averagePool(3, stride: 2, padding: 1)], [.averagePool(2, stride: 1, padding: .same)],
    [.averagePool(Extents(4, 1))],
  ]

  @Test(arguments: windowLayers) func windows(layers: [Layer]) throws {
    try differences.check(layers + Self.head, Self.planes, classes: 3, isTraining: true)
  }

  @Test(arguments: Activation.plain + [.leakyRelu(slope: 0.2)])
  func functions(function: Activation) throws {
    // Values up to 8, so that all pieces are there.
    let wide = BatchNormalization(epsilon: 1e-5)
    try differences.check(
      [.batchNorm(wide), .conv(Convolution(5, kernel: 2)), .activation(function)] + Self.head,
      Self.planes, classes: 3, isTraining: true)
  }

  static let graphs: [[Layer]] = [
    [.residual([.conv(Convolution(4, padding: 1)), .tanh])],
    [
      .tanh,
      .residual([.conv(Convolution(2, kernel: 1))], shortcut: [.conv(Convolution(2, kernel: 1))]),
    ],
    [.concat([[.sigmoid], [], [.conv(Convolution(2, padding: 1))]])],
    [.concat([[], []]), .silu],
    [.scale([.globalAveragePool, .dense(Dense(4)), .sigmoid])], [.scale([.tanh])],
    [.scale([.globalMaxPool])],
    [.tanh, .repeat(3, [.residual([.depthwise(Depthwise(3, padding: 1)), .batchNorm])])],
    // The value before is read four times.
    [
      .gelu,
      .residual(
        [.residual([.silu]), .concat([[.maxPool(2)], [.averagePool(2)]])],
        shortcut: [.conv(Convolution(8, kernel: 2, stride: 2))]),
    ],
    [.flatten, .dense(Dense(5)), .residual([.dense(Dense(5)), .tanh]), .batchNorm],
  ]

  @Test(arguments: graphs) func joins(layers: [Layer]) throws {
    let isFlat = layers[0] == .flatten
    try differences.check(
      layers + (isFlat ? [.dense(.classes)] : Self.head), Self.planes, classes: 3, isTraining: true)
  }

  @Test func theImageItselfMayBeReadTwice() throws {
    try differences.check(
      [.residual([.conv(Convolution(4, kernel: 1))]), .globalMaxPool, .flatten, .dense(.classes)],
      Self.planes, classes: 3, isTraining: false)
  }

  /// Networks of random layers that keep their shape, with lists up to two deep.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func drawn(seed: UInt64) throws {
    var sequence = RandomSequence(RandomStream(seed: seed, purpose: .shuffle))
    func list(_ depth: Int) -> [Layer] {
      (0..<1 + sequence.next(below: 2)).map { _ in layer(depth) }
    }
    func layer(_ depth: Int) -> Layer {
      switch sequence.next(below: depth > 0 ? 12 : 8) {
      case 0: .conv(Convolution(4, padding: .same, groups: 1 << Int(sequence.next(below: 3))))
      case 1: .depthwise(Depthwise(3, padding: 1))
      case 2: .conv(Convolution(4, kernel: Extents(1, 3), padding: .same, dilation: 2, bias: false))
      case 3: .batchNorm
      case 4: .activation(Activation.plain[Int(sequence.next(below: 7))])
      case 5: .maxPool(3, stride: 1, padding: 1)
      case 6: .averagePool(Extents(3, 2), stride: 1, padding: .same)
      case 7: .dropout(rate: 0.2)
      case 8, 9:
        .residual(list(depth - 1), shortcut: sequence.next(below: 2) == 0 ? [] : list(depth - 1))
      case 10: .scale(list(depth - 1))
      default: .residual([.concat([list(depth - 1), []]), .conv(Convolution(4, kernel: 1))])
      }
    }
    let layers = (0..<3).map { _ in layer(2) }
    try differences.check(layers + Self.head, Self.planes, classes: 3, isTraining: true)
  }
}

@Suite struct PieceTests {
  private func model(_ function: Activation) throws -> ReferenceNetwork<Double> {
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.activation(function), .dense(.classes)]),
      input: Shape(channels: 4), classCount: 1)
    return ReferenceNetwork(network: network, values: [1, 1, 1, 1, 0])
  }

  @Test func piecesAreKeptAndCanBeForced() throws {
    let x = [-4.0, 1, 7, 0]
    for (function, pieces, y, dx) in [
      (Activation.relu6, [0, 1, 2, 0], [0, 1, 6, 0], [0, 1, 0, 0]),
      (.hardSwish, [0, 1, 2, 1], [0, 4.0 / 6, 7, 0], [0, 5.0 / 6, 1, 0.5]),
      (.leakyRelu(slope: 0.5), [0, 1, 1, 0], [-2, 1, 7, 0], [0.5, 1, 1, 0.5]),
    ] as [(Activation, [Int8], [Double], [Double])] {
      let model = try model(function)
      let trace = model.forward(x, mode: .evaluation)
      #expect(trace.pieces == [0: pieces] && trace.outputs[0] == y)
      #expect(model.backward(trace, outputGradient: [1], wantsInput: true).input == dx)
      var mode = ReferenceMode<Double>(isTraining: true)
      mode.pieces = [0: [1, 1, 1, 1]]
      let forced = model.forward(x, mode: mode)
      #expect(forced.pieces == mode.pieces)
      #expect(forced.outputs[0] == (function == .hardSwish ? x.map { $0 * ($0 + 3) / 6 } : x))
    }
  }

  @Test func globalMaximaAreKeptAndCanBeForced() throws {
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.globalMaxPool, .dense(.classes)]),
      input: Shape(channels: 1, height: 2, width: 2), classCount: 1)
    let model = ReferenceNetwork<Double>(network: network, values: [1, 0])
    let trace = model.forward([1, 5, 5, 2], mode: .evaluation)
    #expect(trace.poolPlaces == [0: [1]] && trace.output == [5])
    var mode = ReferenceMode<Double>(isTraining: true)
    mode.poolPlaces = [0: [3]]
    let forced = model.forward([1, 5, 5, 2], mode: mode)
    #expect(forced.output == [2])
    #expect(model.backward(forced, outputGradient: [3], wantsInput: true).input == [0, 0, 0, 3])
  }

  @Test func normalizationUsesItsOwnNumbers() throws {
    let norm = BatchNormalization(momentum: 0.5, epsilon: 0.25)
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.batchNorm(norm)]),
      input: Shape(channels: 1), classCount: 1)
    var model = ReferenceNetwork<Double>(network: network, values: [1, 0, 0, 1])
    // Mean 2, variance 2, unbiased 4.
    let trace = model.forward(
      [2 - 2.0.squareRoot(), 2 + 2.0.squareRoot()], mode: .init(isTraining: true))
    let expected = 2.0.squareRoot() / 1.5
    #expect(difference(trace.output, [-expected, expected]) < 1e-15)
    model.updateRunningStatistics(from: trace)
    #expect(difference(model.values, [1, 0, 1, 2.5]) < 1e-15)
  }
}

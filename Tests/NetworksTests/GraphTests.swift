// Lowering: what lists of layers become, in which order, and how refusals name their place.

import PTrainDiagnostics
import Testing

@testable import PTrainNetworks

@Suite struct GraphTests {
  private static let input = Shape(channels: 4, height: 8, width: 6)

  private func graph(_ layers: [Layer], classes: Int = 3) throws -> Graph {
    try Network(
      description: ModelDescription(
        name: "m", layers: layers + [.globalAveragePool, .dense(.classes)]),
      input: Self.input, classCount: classes
    ).graph
  }

  private func window(_ layer: Layer) throws -> (window: Window, output: Shape) {
    let node = try graph([layer]).nodes[0]
    switch node.operation {
    case .convolution(let window, _), .pool(_, let window): return (window, node.output)
    default: throw Failure(.fault, "no window")
    }
  }

  @Test func aBodyStandsBeforeItsShortcut() throws {
    let graph = try graph([
      .relu,
      .residual(
        [.conv(Convolution(8, padding: 1)), .batchNorm],
        shortcut: [.conv(Convolution(8, kernel: 1))]),
      .residual([.relu]),
    ])
    #expect(
      graph.nodes.map(\.name) == [
        "relu1", "conv1", "bn1", "conv2", "add5", "relu6", "add7", "globalAveragePool8", "fc1",
      ])
    #expect(
      graph.nodes.map(\.inputs) == [[-1], [0], [1], [0], [2, 3], [4], [5, 4], [6], [7]])
    #expect(graph.readers(of: 0) == [1, 3] && graph.readers(of: 4) == [5, 6])
    #expect(graph.readers(of: Graph.image) == [0])
  }

  @Test func branchesAreJoinedAlongChannels() throws {
    let graph = try graph([.concat([[.conv(Convolution(5, padding: 1))], [], [.relu]])])
    #expect(graph.nodes[2].operation == .concatenate && graph.nodes[2].inputs == [0, -1, 1])
    #expect(graph.nodes[2].output == Shape(channels: 13, height: 8, width: 6))
  }

  @Test func aFactorScalesItsInput() throws {
    let graph = try graph([
      .scale([.globalAveragePool, .conv(Convolution(4, kernel: 1)), .sigmoid]), .scale([.sigmoid]),
      .scale([.flatten, .dense(Dense(4))]),
    ])
    #expect(graph.nodes[3].operation == .multiply && graph.nodes[3].inputs == [-1, 2])
    #expect(graph.nodes[5].inputs == [3, 4] && graph.nodes[5].output == Self.input)
    #expect(graph.nodes[8].inputs == [5, 7])
  }

  @Test func repetitionsHaveParametersOfTheirOwn() throws {
    let graph = try graph([.repeat(3, [.conv(Convolution(4, padding: 1)), .relu])])
    #expect(
      graph.nodes.prefix(6).map(\.name) == ["conv1", "relu2", "conv2", "relu4", "conv3", "relu6"])
  }

  @Test func depthwiseIsAGroupedConvolution() throws {
    let nodes = try graph([
      .depthwise(Depthwise(3, multiplier: 2)), .conv(Convolution(6, groups: 2)),
    ])
    .nodes
    #expect(nodes[0].operation == .convolution(Window(height: 3, width: 3), groups: 4))
    #expect(nodes[0].tensor(.weight)?.shape == [8, 1, 3, 3] && nodes[0].name == "conv1")
    #expect(nodes[0].tensor(.bias)?.shape == [8] && nodes[0].output.channels == 8)
    #expect(nodes[1].tensor(.weight)?.shape == [6, 4, 3, 3] && nodes[1].name == "conv2")
  }

  /// TensorFlow's rule: ⌈n/stride⌉ outputs, the odd pixel below and right.
  @Test(arguments: [
    (3, 1, 1, 1, 1, 8, 6), (3, 2, 0, 1, 1, 4, 3), (2, 1, 0, 1, 1, 8, 6), (4, 3, 1, 1, 1, 3, 2),
    (1, 2, 0, 0, 1, 4, 3), (3, 1, 2, 2, 2, 8, 6), (5, 2, 1, 2, 1, 4, 3),
  ])
  func samePadding(
    kernel: Int, stride: Int, top: Int, bottom: Int, dilation: Int, height: Int, width: Int
  ) throws {
    let (window, output) = try window(
      .conv(
        Convolution(
          2, kernel: Extents(kernel), stride: Extents(stride), padding: .same, dilation: dilation)))
    #expect((window.padding.top, window.padding.bottom) == (top, bottom))
    #expect((output.height, output.width) == (height, width))
  }

  @Test func axesHaveNumbersOfTheirOwn() throws {
    let (window, output) = try window(
      .averagePool(Extents(3, 2), stride: Extents(2, 1), padding: .sides(Extents(1, 0))))
    #expect(
      window
        == Window(
          height: 3, width: 2, verticalStride: 2, horizontalStride: 1,
          padding: Padding(top: 1, left: 0, bottom: 1, right: 0)))
    #expect(output == Shape(channels: 4, height: 4, width: 5))
  }

  @Test func flattenReadsChannelByChannel() throws {
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.flatten, .dense(.classes)]),
      input: Self.input, classCount: 3)
    #expect(network.graph.nodes[0].output == Shape(channels: 192))
    #expect(network.layout["fc1.weight"]?.shape == [3, 192])
  }

  @Test func normalizationCarriesItsNumbers() throws {
    let norm = BatchNormalization(momentum: 0.01, epsilon: 0.001)
    #expect(
      try graph([.batchNorm(norm)]).nodes[0].operation == .batchNorm(momentum: 0.01, epsilon: 0.001)
    )
  }

  @Test func anyEndOfOneValueAClassWillDo() throws {
    let network = try Network(
      description: ModelDescription(
        name: "m", layers: [.conv(Convolution(3, kernel: 1)), .globalMaxPool, .relu]),
      input: Self.input, classCount: 3)
    #expect(network.graph.nodes.last?.operation == .activation(.relu))
  }
}

@Suite struct NestedRefusalTests {
  private func message(_ yaml: String) -> String {
    do throws(Failure) {
      let text = "name: m\nlayers:\n" + yaml
      let model = try ModelDescription.parse(yaml: text, source: "m.yaml")
      let shape = Shape(channels: 4, height: 8, width: 8)
      _ = try Network(description: model, input: shape, classCount: 3)
      return "accepted"
    } catch { return error.message }
  }

  /// Line 3 is the first of the lists' own.
  @Test(arguments: [
    (
      "- residual:\n    - relu\n    - conv: 8\n",
      "m.yaml:3: layer 1 (residual): the body ends in 8x6x6 values, the shortcut in 4x8x8: "
        + "they cannot be added"
    ),
    (
      "- residual:\n    body:\n      - relu\n      - conv: {filters: 4, kernel: 9}\n",
      "m.yaml:6: layer 1, body 2 (conv 9x9 to 4): input 8x8 is smaller than the window"
    ),
    (
      "- residual:\n    body: [relu]\n    shortcut:\n      - maxPool: 9\n",
      "m.yaml:6: layer 1, shortcut 1 (maxPool 9): input 8x8 is smaller than the window"
    ),
    (
      "- relu\n- concat:\n    - [relu]\n    - - relu\n      - maxPool: 2\n",
      "m.yaml:4: layer 2 (concat): branch 1 ends in 8x8 pixels, branch 2 in 4x4: they cannot be joined"
    ),
    (
      "- concat:\n    - [relu]\n    - - relu\n      - conv: {filters: 4, groups: 3}\n",
      "m.yaml:6: layer 1, branch 2.2 (conv 3x3 to 4): 4 input channels and 4 filters do not divide "
        + "into 3 groups"
    ),
    (
      "- scale:\n    - maxPool: 2\n",
      "m.yaml:3: layer 1 (scale): the factor has 4x4x4 values, the input 4x8x8: it needs one a "
        + "channel or as many"
    ),
    (
      "- scale:\n    - relu\n    - dense: 4\n",
      "m.yaml:5: layer 1, factor 2 (dense 4): input 4x8x8 is not a vector, put globalAveragePool or "
        + "flatten before it"
    ),
    (
      "- repeat:\n    times: 4\n    layers:\n      - relu\n      - maxPool: 2\n",
      "m.yaml:7: layer 1, turn 4.2 (maxPool 2): input 1x1 is smaller than the window"
    ),
    (
      "- flatten\n- residual:\n    - globalMaxPool\n",
      "m.yaml:5: layer 2, body 1 (globalMaxPool): input is a vector of 256 values, needs height and "
        + "width"
    ),
    ("- conv: {filters: 6, groups: 4}\n", "m.yaml:3: layer 1 (conv 3x3 to 6): 4 input channels"),
    // Beyond the limit by what the branches make together.
    (
      "- conv: {filters: 65536, kernel: 1, bias: false}\n- repeat:\n    times: 3\n    layers:\n"
        + "      - concat: [[], []]\n",
      "m.yaml:7: layer 2, turn 3.1 (concat): output 524288x8x8 has more than 16777216 values"
    ),
  ])
  func placesAreNamed(yaml: String, message: String) {
    let found = self.message(yaml)
    #expect(found.hasPrefix(message), "\(found)")
    #expect(!found.contains("\n"))
  }

  /// What the reader refuses, with the line of the item inside its lists.
  @Test(arguments: [
    ("- residual:\n    - relu\n    - relux\n", "m.yaml:5: unknown layer `relux`"),
    ("- residual: relu\n", "m.yaml:3: residual must be keys and values (body, shortcut)"),
    ("- residual: []\n", "m.yaml:3: `residual` must list 1 to 256 layers"),
    ("- residual: {shortcut: [relu]}\n", "m.yaml:3: residual needs `body`"),
    ("- residual: {body: [relu], gate: []}\n", "m.yaml:3: unknown key `gate` in residual"),
    ("- residual:\n    body: relu\n", "m.yaml:4: `body` must be a list"),
    ("- concat: [relu, relu]\n", "m.yaml:3: each branch of `concat` must be a list of layers"),
    ("- concat: [[relu]]\n", "m.yaml:3: `concat` must list 2 to 64 lists of layers"),
    ("- concat:\n    - [relu]\n    - - maxPool: x\n", "m.yaml:5: `maxPool` must be a number"),
    ("- scale: sigmoid\n", "m.yaml:3: `scale` must be a list"),
    ("- repeat: [relu]\n", "m.yaml:3: repeat must be keys and values (times, layers)"),
    ("- repeat: {times: 2}\n", "m.yaml:3: repeat needs `layers`"),
    ("- repeat:\n    times: 0\n    layers: [relu]\n", "m.yaml:4: `times` is 0, expected a number"),
    (
      "- repeat:\n    times: 4096\n    layers: [relu, relu]\n",
      "m.yaml:4: `repeat` makes 8192 layers, expected at most 4096"
    ),
    (
      "- repeat: {times: 4000, layers: [relu]}\n- repeat: {times: 97, layers: [relu]}\n",
      "m.yaml:2: the lists make 4097 layers, expected at most 4096"
    ),
    ("- residual", "m.yaml:3: `residual` needs a value: `- residual: [{conv"),
    ("- leakyRelu", "m.yaml:3: `leakyRelu` needs a value: `- leakyRelu: 0.01`"),
    ("- leakyRelu: 2", "m.yaml:3: `leakyRelu` is 2.0, expected a number from 0.0 to 1.0"),
    ("- gelu: 1", "m.yaml:3: `gelu` takes no value"),
    ("- batchNorm: 3", "m.yaml:3: batchNorm must be keys and values (momentum, epsilon)"),
    ("- batchNorm: {epsilon: 0}", "m.yaml:3: `epsilon` is 0.0"),
    ("- conv: [3, 3]", "m.yaml:3: `conv` must be a number from 1 to 65536, or keys and values"),
    ("- conv: {filters: 3, kernel: [3]}", "m.yaml:3: `kernel` must be a number from 1 to 1024 or"),
    ("- conv: {filters: 3, kernel: [3, 1, 1]}", "m.yaml:3: `kernel` must be a number"),
    ("- conv: {filters: 3, kernel: [3, 0]}", "m.yaml:3: `kernel` is 0"),
    ("- conv: {filters: 3, kernel: [3, 1:1]}", "m.yaml:3: `kernel` must be a number"),
    ("- conv: {filters: 3, padding: valid}", "m.yaml:3: `padding` must be a number"),
    ("- conv: {filters: 3, kernel: [3, 1], padding: 1}", "m.yaml:3: `padding` is 1, must be below"),
    ("- maxPool: {size: 2, padding: 2}", "m.yaml:3: `padding` is 2, must be below size 2"),
    ("- averagePool: {stride: 2}", "m.yaml:3: averagePool needs `size`"),
    ("- depthwise: same", "m.yaml:3: `depthwise` must be a number from 1 to 1024 or [height"),
  ])
  func readersRefuse(yaml: String, message: String) {
    let found = self.message(yaml)
    #expect(found.hasPrefix(message), "\(found)")
  }

  @Test func depthIsBounded() {
    func nested(_ depth: Int) -> String {
      "- " + String(repeating: "residual: [", count: 1)
        + String(repeating: "{residual: [", count: depth - 1)
        + "relu" + String(repeating: "]}", count: depth - 1)
        + "]\n- globalMaxPool\n- dense: classes\n"
    }
    #expect(message(nested(16)) == "accepted")
    #expect(message(nested(17)) == "m.yaml:3: layers are nested more than 16 deep")
  }

  /// What is accepted can be written into a model file and read back.
  @Test func whatIsLongerThanAFileWhenItIsWrittenIsRefused() {
    let deep = String(repeating: "{residual: [", count: 14) + String(repeating: "relu,", count: 255)
    let line = "- residual: [" + deep + "relu" + String(repeating: "]}", count: 14) + "]\n"
    let found = message(String(repeating: line, count: 8))
    #expect(found.hasPrefix("m.yaml: its lists written one below the other"), "\(found)")
  }

  @Test func layersOfCodeAreCheckedToo() {
    let layers: [Layer] = [
      .repeat(.max, []), .repeat(5_000, [.relu]), .residual([]), .concat([]), .scale([]),
      .conv(Convolution(4, groups: 0)), .depthwise(Depthwise(multiplier: .max)),
      .conv(Convolution(4, dilation: .max)), .maxPool(Extents(2, .max)),
      .averagePool(2, padding: 2), .batchNorm(BatchNormalization(epsilon: 0)),
      .dropout(rate: 1), .maxPool(2, stride: Extents(0, 1)),
    ]
    for layer in layers {
      let model = ModelDescription(name: "m", layers: [layer, .globalMaxPool, .dense(.classes)])
      let failure = #expect(throws: Failure.self, "\(layer)") {
        try Network(
          description: model, input: Shape(channels: 4, height: 8, width: 8), classCount: 3)
      }
      #expect(failure?.message.hasPrefix("layer 1") == true, "\(failure?.message ?? "")")
    }
  }
}

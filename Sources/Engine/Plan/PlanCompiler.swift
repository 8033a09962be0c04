// Compiles a graph into stages: one for each node, but for those that the fusion rules join.
// Values change between maps and vectors where a reader needs the other form.

import PTrainDiagnostics
import PTrainKernelTypes
import PTrainNetworks

struct PlanCompiler {
  private let network: Network
  private let graph: Graph
  private let fusion: Fusion
  let leafSize: Int
  private(set) var stages: [Stage] = []
  private(set) var reads: [Read] = []
  private(set) var tensors: [StageTensors] = []
  private(set) var nodes: [StageNodes] = []
  /// The stage that stores each value of the graph, by node.
  private var stageOf: [Int: Int] = [:]
  /// The stage that holds another's value in the other form.
  private var otherForm: [Int: Int] = [:]

  init(_ network: Network, _ fusion: Fusion) {
    self.network = network
    graph = network.graph
    self.fusion = fusion
    leafSize = Self.leafSize(graph)
  }

  /// A leaf sums, finishes and joins a gradient of its own, which must cost little beside the products that
  /// make it: leaves are small where every weight tensor is.
  private static func leafSize(_ graph: Graph) -> Int {
    let weightCounts = graph.nodes.compactMap { $0.tensor(.weight)?.count }
    return weightCounts.allSatisfy { $0 <= 20_000 } ? 2 : Sharding.mostSamples
  }

  mutating func run() throws {
    guard [1, 3].contains(graph.input.channels) else {
      throw network.description.failure(
        "the images have \(graph.input.channels) channels, expected 1 or 3")
    }
    for index in graph.nodes.indices where stageOf[index] == nil { compile(index) }
    finish()
    markAffine()
  }

  // MARK: One node

  private mutating func compile(_ index: Int) {
    let node = graph.nodes[index]
    switch node.operation {
    case .convolution(let window, let groups): convolve(index, window, groups)
    case .dense: connect(index)
    case .pool(let kind, let window):
      let source = form(node.inputs[0], isVector: false)
      add(draft(index, .pool(kind, geometry(window, of: source)), [source]))
    case .globalPool(let kind):
      let source = form(node.inputs[0], isVector: false)
      let value = stages[source].value
      let whole = Window(height: value.pooledHeight, width: value.pooledWidth)
      add(draft(index, .pool(kind, geometry(whole, of: source)), [source], isVector: true))
    case .flatten: flatten(index)
    case .add: join(index, .sum)
    case .concatenate: join(index, .concatenate)
    case .multiply: join(index, .multiply)
    case .quantize(let form):
      let source = stage(of: node.inputs[0])
      add(draft(index, .quantize(form), [source], isVector: stages[source].value.isVector))
    case .activation, .batchNorm, .dropout:
      let source = stage(of: node.inputs[0])
      var copy = draft(index, .copy, [source], isVector: stages[source].value.isVector)
      copy.nodes.first = nil
      let isTaken = absorb(index, into: &copy)
      precondition(isTaken, "a copy takes every element-wise node")
      add(copy)
    }
  }

  private mutating func convolve(_ index: Int, _ window: Window, _ groups: Int) {
    let node = graph.nodes[index]
    let input = graph.shape(of: node.inputs[0])
    if groups > 1, groups == input.channels, node.output.channels == groups, window.dilation == 1 {
      let source = form(node.inputs[0], isVector: false)
      let window = geometry(window, of: source)
      add(
        draft(
          index, .depthwise(window), [source],
          geometry: window.convolution(channels: input.channels)))
      return
    }
    let isImage = node.inputs[0] == Graph.image
    var geometry = ConvGeometry(
      inputChannels: input.channels, outputChannels: node.output.channels,
      inputHeight: input.height, inputWidth: input.width, kernelHeight: window.height,
      kernelWidth: window.width, verticalStride: window.verticalStride,
      horizontalStride: window.horizontalStride, padding: Edges(window.padding),
      planeChannels: isImage ? input.channels : 0)
    geometry.dilation = window.dilation
    geometry.groups = groups
    let source = isImage ? Graph.image : form(node.inputs[0], isVector: false)
    add(draft(index, .convolution, [source], geometry: geometry))
  }

  /// A dense layer reads vectors, the means of a map, a map's values or the image's.
  private mutating func connect(_ index: Int) {
    let node = graph.nodes[index]
    var input = node.inputs[0]
    while input >= 0, stageOf[input] == nil { input = graph.nodes[input].inputs[0] }
    let source = input < 0 ? Graph.image : stageOf[input]!
    let shape = graph.shape(of: input)
    let value = source < 0 ? nil : stages[source].value
    let isMap = value.map { !$0.isVector && !$0.view.isGloballyPooled } ?? false
    var geometry = ConvGeometry(
      inputChannels: isMap ? shape.channels : shape.count, outputChannels: node.output.channels,
      inputHeight: 1, inputWidth: leafSize, kernel: 1, stride: 1, padding: 0, planeChannels: 0)
    geometry.featurePixels = isMap ? shape.height * shape.width : 1
    add(draft(index, .dense, [source], isVector: true, geometry: geometry))
  }

  /// A dense layer reads a map as it is; for others its values become a vector.
  private mutating func flatten(_ index: Int) {
    if fusion == .full, NodeReaders(graph: graph, node: index).areDenseAlone { return }
    let source = stage(of: graph.nodes[index].inputs[0])
    let work: Work = stages[source].value.isVector ? .copy : .relayout
    add(draft(index, work, [source], isVector: true))
  }

  /// All inputs in the form of the first; factors of a map's channels are a map of one pixel.
  private mutating func join(_ index: Int, _ work: Work) {
    let inputs = graph.nodes[index].inputs
    let isVector = stages[stage(of: inputs[0])].value.isVector
    var sources: [Int] = []
    for input in inputs { sources.append(form(input, isVector: isVector)) }
    add(draft(index, work, sources, isVector: isVector))
  }

  /// The logits are a vector that is stored as it is seen.
  private mutating func finish() {
    let last = form(graph.nodes.count - 1, isVector: true)
    guard !stages[last].value.view.isPlain else { return }
    append(draft(nil, .copy, [last], shape: graph.nodes.last!.output, isVector: true))
  }

  /// The first stage is made where it is read if that is a convolution and nothing stands between.
  private mutating func markAffine() {
    let readers = stages.indices.filter { stage in
      reads[stages[stage].reads].contains { $0.source == 0 }
    }
    guard fusion == .full, stages[0].isAffineInImage, readers.count == 1,
      stages[readers[0]].isConvolution, stages[readers[0]].geometry.padding.isUniform
    else { return }
    stages[0].isAffine = true
  }

  // MARK: Forms

  /// The stage that stores a value, in whatever form.
  private mutating func stage(of value: Int) -> Int {
    if let known = stageOf[value] { return known }
    precondition(value == Graph.image, "values are computed before they are read")
    append(draft(nil, .image, [Graph.image], shape: graph.input))
    stageOf[value] = stages.count - 1
    return stages.count - 1
  }

  private mutating func form(_ value: Int, isVector: Bool) -> Int {
    let source = stage(of: value)
    guard stages[source].value.isVector != isVector else { return source }
    if let known = otherForm[source] { return known }
    append(draft(nil, .relayout, [source], shape: graph.shape(of: value), isVector: isVector))
    otherForm[source] = stages.count - 1
    return stages.count - 1
  }

  private func geometry(_ window: Window, of source: Int) -> WindowGeometry {
    let value = stages[source].value
    return WindowGeometry(
      blocks: value.blocks, height: value.pooledHeight, width: value.pooledWidth,
      windowHeight: window.height, windowWidth: window.width,
      verticalStride: window.verticalStride, horizontalStride: window.horizontalStride,
      padding: Edges(window.padding))
  }

  // MARK: Stages

  /// Adds a node's stage with all that may join it.
  private mutating func add(_ start: StageDraft) {
    var draft = start
    guard var value = draft.node else { return append(draft) }
    stageOf[value] = stages.count
    while fusion == .full, let reader = soleReader(of: value), absorb(reader, into: &draft) {
      value = reader
      stageOf[value] = stages.count
    }
    append(draft)
  }

  private func absorb(_ node: Int, into draft: inout StageDraft) -> Bool {
    fusionRules.contains { $0.absorb(node, graph, into: &draft) }
  }

  private func soleReader(of value: Int) -> Int? {
    let readers = graph.readers(of: value)
    return readers.count == 1 ? readers[0] : nil
  }

  private mutating func append(_ draft: StageDraft) {
    var stage = draft.stage
    stage.reads = reads.count..<reads.count + draft.sources.count
    reads += draft.sources.map { Read(source: $0) }
    stages.append(stage)
    tensors.append(draft.tensors)
    nodes.append(draft.nodes)
  }

  private func draft(
    _ index: Int, _ work: Work, _ sources: [Int], isVector: Bool = false,
    geometry: ConvGeometry? = nil
  ) -> StageDraft {
    draft(
      index, work, sources, shape: graph.nodes[index].output, isVector: isVector,
      geometry: geometry)
  }

  /// - Parameter index: nil for a stage that no node asks for.
  private func draft(
    _ index: Int?, _ work: Work, _ sources: [Int], shape: Shape, isVector: Bool = false,
    geometry: ConvGeometry? = nil
  ) -> StageDraft {
    let node = index.map { graph.nodes[$0] }
    let bias = node?.tensor(.bias)
    let value = StoredValue(
      isVector: isVector, channels: shape.count / (isVector ? 1 : shape.height * shape.width),
      height: isVector ? 1 : shape.height, width: isVector ? 1 : shape.width)
    let layout = ConvGeometry(
      inputChannels: value.channels, outputChannels: value.channels, inputHeight: value.height,
      inputWidth: isVector ? leafSize : value.width, kernel: 1, stride: 1, padding: 0,
      planeChannels: 0)
    return StageDraft(
      stage: Stage(
        work: work, reads: 0..<0, geometry: geometry ?? layout, hasBias: bias != nil,
        value: value),
      sources: sources,
      tensors: StageTensors(
        name: node?.name ?? "input", weight: node?.tensor(.weight), bias: bias, norm: nil),
      nodes: StageNodes(first: index), node: index)
  }
}

extension Stage {
  /// Whether the output is `relu(scale·conv(image) + shift)` and nothing else.
  fileprivate var isAffineInImage: Bool {
    let view = View(hasNorm: true, activation: .relu)
    return isConvolution && geometry.planeChannels == 1 && !hasBias && !reluBefore
      && value.window == 1 && value.view == view
  }
}

extension Edges {
  init(_ padding: Padding) {
    self.init(
      top: padding.top, left: padding.left, bottom: padding.bottom, right: padding.right)
  }

  fileprivate var isUniform: Bool { self == Edges(top) }
}

// Which nodes may join the stage that computes what they read: its epilogue, then the view of its value.
// A rule sees a value with one reader; what no rule takes becomes a stage of its own.

import PTrainKernelTypes
import PTrainNetworks

/// A stage that may still take nodes.
struct StageDraft {
  var stage: Stage
  /// What it reads, by stage.
  var sources: [Int]
  var tensors: StageTensors
  var nodes: StageNodes
  /// The node that asked for it.
  var node: Int?

  /// Whether elements and norms may still follow: no mean and no dropout hides them.
  fileprivate var isOpen: Bool {
    !stage.value.view.isGloballyPooled && stage.value.view.dropout == nil
  }

  /// Whether the activation of its view, if it has one, never falls.
  fileprivate func isMonotone(_ graph: Graph) -> Bool {
    guard let node = nodes.activation,
      case .activation(let function) = graph.nodes[node].operation
    else { return true }
    return function.isMonotone
  }
}

/// What comes behind a node's output, as far as rules ask.
struct NodeReaders {
  let graph: Graph
  let node: Int

  /// Whether all that reads the node's output, or a flat form of it, or that through dropout, are dense
  /// layers.
  var areDense: Bool {
    let readers = graph.readers(of: node)
    guard readers.count == 1 else { return areDenseAlone }
    switch graph.nodes[readers[0]].operation {
    case .dropout, .flatten: return NodeReaders(graph: graph, node: readers[0]).areDense
    default: return areDenseAlone
    }
  }

  /// Whether all that reads the node's output are dense layers.
  var areDenseAlone: Bool {
    let readers = graph.readers(of: node)
    return !readers.isEmpty && readers.allSatisfy { graph.nodes[$0].operation == .dense }
  }
}

/// A way for a node to join a stage.
protocol FusionRule: SendableMetatype {
  /// Takes the node into the draft; false where it cannot.
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool
}

/// In the order in which they are asked.
let fusionRules: [any FusionRule.Type] = [
  ReluBeforeNormRule.self, NormRule.self, ActivationRule.self, WindowPoolRule.self,
  GlobalAverageRule.self, DropoutRule.self, FlatRule.self,
]

/// ReLU right behind the work, kept in what is stored.
enum ReluBeforeNormRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    let value = draft.stage.value
    guard graph.nodes[node].operation == .activation(.relu), value.view.isPlain,
      !draft.stage.reluBefore
    else { return false }
    draft.stage.reluBefore = true
    draft.nodes.relu = node
    return true
  }
}

/// Batch normalization: statistics of what is stored, an affine map in the view.
enum NormRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    guard case .batchNorm(let momentum, let epsilon) = graph.nodes[node].operation,
      draft.stage.value.view.isPlain, draft.stage.value.window == 1
    else { return false }
    draft.stage.value.view.hasNorm = true
    draft.tensors.norm = NormTensors(
      graph.nodes[node], momentum: momentum, epsilon: epsilon)
    return true
  }
}

/// Any activation, in the view: what stood before it stays for the backward pass.
enum ActivationRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    guard case .activation(let activation) = graph.nodes[node].operation, draft.isOpen,
      draft.stage.value.view.activation == .identity
    else { return false }
    draft.stage.value.view.activation = ActivationFunction(activation)
    draft.nodes.activation = node
    return true
  }
}

/// Max-pooling by windows side by side. It commutes with the affine map (the minimum where the scale is
/// negative) and with activations that never fall.
enum WindowPoolRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    guard case .pool(.maximum, let window) = graph.nodes[node].operation, window.isTiling,
      draft.isOpen, !draft.stage.value.isVector, draft.stage.value.window == 1,
      draft.isMonotone(graph)
    else { return false }
    draft.stage.value.window = window.height
    draft.nodes.pool = node
    return true
  }
}

/// The mean over pixels, which the dense layers behind it take themselves.
enum GlobalAverageRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    guard graph.nodes[node].operation == .globalPool(.average), draft.isOpen,
      !draft.stage.value.isVector, NodeReaders(graph: graph, node: node).areDense
    else { return false }
    draft.stage.value.view.isGloballyPooled = true
    return true
  }
}

/// Dropout: a mask of the view.
enum DropoutRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    guard case .dropout(let rate) = graph.nodes[node].operation,
      draft.stage.value.view.dropout == nil
    else { return false }
    draft.stage.value.view.dropout = Dropout(rate: Float(rate), stream: 0x100 + UInt32(node))
    return true
  }
}

/// Flattening of what is flat already.
enum FlatRule: FusionRule {
  static func absorb(_ node: Int, _ graph: Graph, into draft: inout StageDraft) -> Bool {
    let value = draft.stage.value
    return graph.nodes[node].operation == .flatten
      && (value.isVector || value.view.isGloballyPooled)
  }
}

extension Window {
  /// Whether its places stand side by side and square, none over the edge.
  fileprivate var isTiling: Bool {
    height == width && verticalStride == height && horizontalStride == width && dilation == 1
      && padding == .none
  }
}

extension ActivationFunction {
  /// The kernels' functions bear the words of descriptions.
  init(_ activation: Activation) {
    let kind = Kind.allCases.first { "\($0)" == activation.word }
    guard let kind else { preconditionFailure("no kernel has \(activation.word)") }
    var slope: Float = 0
    if case .leakyRelu(let value) = activation { slope = Float(value) }
    self.init(kind, slope: slope)
  }
}

extension NormTensors {
  fileprivate init(_ node: Node, momentum: Double, epsilon: Double) {
    self.init(
      name: node.name, scale: node.tensor(.scale)!, shift: node.tensor(.shift)!,
      runningMean: node.tensor(.runningMean)!, runningVariance: node.tensor(.runningVariance)!,
      epsilon: epsilon, momentum: momentum)
  }
}

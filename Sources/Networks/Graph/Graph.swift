// A network as nodes in the order in which they are computed: what both interpreters read.
// The reference runs it node by node, the engine compiles it into a plan, exports walk it.

/// An operation in its place; its output is the value of its index.
package struct Node: Equatable, Sendable {
  package let operation: Operation
  /// Prefix of its tensors (`conv1`, `bn2`, `fc1`), or the kind and position for nodes without.
  package let name: String
  /// The values that it reads, all computed before; `Graph.image` is the image.
  package let inputs: [Int]
  /// Of one sample.
  package let output: Shape
  /// Its tensors in the block; empty for nodes without parameters.
  package let tensors: [StateTensor]
  /// `example.yaml:7: layer 3 (maxPool 2)`, with what is known: how messages begin.
  package let origin: String

  package init(
    operation: Operation, name: String, inputs: [Int], output: Shape, tensors: [StateTensor] = [],
    origin: String = ""
  ) {
    self.operation = operation
    self.name = name
    self.inputs = inputs
    self.output = output
    self.tensors = tensors
    self.origin = origin
  }

  /// Where a node comes from is no part of what it computes.
  package static func == (a: Node, b: Node) -> Bool {
    a.operation == b.operation && a.name == b.name && a.inputs == b.inputs
      && a.output == b.output && a.tensors == b.tensors
  }

  package func tensor(_ role: StateTensor.Role) -> StateTensor? {
    tensors.first { $0.role == role }
  }
}

/// Nodes over values; the last node's output are the logits.
package struct Graph: Equatable, Sendable {
  /// The value that no node computes.
  package static let image = -1

  package let input: Shape
  package let nodes: [Node]

  package init(input: Shape, nodes: [Node]) {
    self.input = input
    self.nodes = nodes
  }

  /// Size of one sample of a value.
  package func shape(of value: Int) -> Shape { value < 0 ? input : nodes[value].output }

  /// The nodes that read a value, in order; one that reads it twice stands there twice.
  package func readers(of value: Int) -> [Int] {
    nodes.indices.flatMap { index in
      nodes[index].inputs.filter { $0 == value }.map { _ in index }
    }
  }
}

// How a row of things, tasks or shards or samples, is cut into one range for each node.

/// Cuts `0..<count` by the nodes' numbers of workers.
struct NodeMap: Equatable, Sendable {
  let nodeCount: Int
  /// Workers on the nodes before each, and all at the end.
  private let workersBefore: [Int]

  /// - Parameter nodes: home node of each worker, `0..<nodeCount`.
  init(nodes: [Int]) {
    nodeCount = (nodes.max() ?? 0) + 1
    workersBefore = (0...nodeCount).map { node in nodes.count { $0 < node } }
  }

  init(_ binding: any WorkerBinding, workerCount: Int) {
    self.init(nodes: (0..<workerCount).map(binding.node))
  }

  /// Where a node's range begins; `nodeCount` gives the end.
  @inline(__always)
  func first(of node: Int, count: Int) -> Int {
    count * workersBefore[node] / workersBefore[nodeCount]
  }

  func range(of node: Int, count: Int) -> Range<Int> {
    first(of: node, count: count)..<first(of: node + 1, count: count)
  }
}

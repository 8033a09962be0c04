// Sums the shards' gradients and results where nodes or ranks are several: within a node, then across nodes,
// then across ranks. A level is left out where it has one member; the additions are the same ones in any case.

/// The end of a step's backward pass; called on the leader.
struct GradientReduction {
  private let row: SumRow
  private let pool: WorkerPool
  private let sums: RankSums
  private let nodeSums: NodeSums?

  init(_ row: SumRow, pool: WorkerPool, sums: RankSums, memory: NodeMemory) throws {
    self.row = row
    self.pool = pool
    self.sums = sums
    nodeSums =
      memory.map.nodeCount > 1
      ? try NodeSums(memory, kernels: sums.kernels, width: row.width) : nil
  }

  /// Floats of a row of sums.
  var width: Int { row.width }

  /// Leaves every slot range's sum over all shards of all ranks.
  func run(_ shares: RankShares, shardCount: Int, clock: inout StepClock) {
    if let nodeSums {
      sumNodes(nodeSums, shares, shardCount: shardCount)
    } else {
      forEachPiece { [sums] piece, width in
        sums.sumSubtrees(piece.slots, shares, column: piece.column, width: width)
      }
    }
    clock.book(.reduce)
    guard sums.isDistributed else { return }
    sums.exchange(shares, width: row.width)
    clock.book(.exchange)
    forEachPiece { [sums] piece, width in
      sums.join(piece.slots, shares, column: piece.column, width: width)
    }
    clock.book(.reduce)
  }

  private func forEachPiece(_ body: @escaping (SumRow.Piece, Int) -> Void) {
    pool.run(row.pieces.count) { [row] _, index in body(row.pieces[index], row.width) }
  }

  /// Subtrees stand in the order of nodes, so a node's workers begin with their own.
  private func sumNodes(_ nodeSums: NodeSums, _ shares: RankShares, shardCount: Int) {
    let nodeShares = nodeSums.shares(shardCount: shardCount, own: shares.own)
    let pieces = row.pieces
    pool.run(nodeShares.subtrees.count * pieces.count) { _, task in
      let (subtree, index) = task.quotientAndRemainder(dividingBy: pieces.count)
      let piece = pieces[index]
      nodeSums.sum(piece.slots, nodeShares, row: subtree, column: piece.column)
    }
    forEachPiece { [sums] piece, width in
      nodeSums.join(nodeShares, column: piece.column, count: piece.slots.count) { index in
        sums.isDistributed
          ? sums.row(shares.ownRows.lowerBound + index, width: width) + piece.column
          : piece.slots.sum
      }
    }
  }
}

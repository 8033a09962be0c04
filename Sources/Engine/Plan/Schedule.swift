// Which stages run between two synchronisations: a phase ends where a norm needs the whole minibatch.
// Phases by longest path, so that parallel branches share them.

import PTrainNetworks

/// Phases of a step. Those of the loss come last forward and first backward, and are one.
struct Schedule: Equatable, Sendable {
  /// Stages of each forward phase in order of computation.
  let forward: [[Int]]
  /// Stages of each backward phase in reverse order; the first is that of the loss.
  let backward: [[Int]]

  init(_ stages: [Stage], _ reads: [Read]) {
    func waits(_ stage: Int) -> Int { stages[stage].value.view.hasNorm ? 1 : 0 }
    var first = [Int](repeating: 0, count: stages.count)
    for (index, stage) in stages.enumerated() {
      for read in reads[stage.reads] where read.source >= 0 {
        first[index] = max(first[index], first[read.source] + waits(read.source))
      }
    }
    var last = [Int](repeating: 0, count: stages.count)
    for (index, stage) in stages.enumerated().reversed() {
      for read in reads[stage.reads] where read.source >= 0 {
        last[read.source] = max(last[read.source], last[index] + waits(read.source))
      }
    }
    forward = Self.groups(first, order: Array(stages.indices), stages)
    backward = Self.groups(last, order: stages.indices.reversed(), stages)
  }

  private static func groups(_ phases: [Int], order: [Int], _ stages: [Stage]) -> [[Int]] {
    (0...(phases.max() ?? 0)).map { phase in order.filter { phases[$0] == phase } }
  }

  /// The reads with their routes: of a value's readers the first one backward overwrites, the last one
  /// completes.
  func routed(_ stages: [Stage], _ reads: [Read]) -> [Read] {
    var routed = reads
    var isWritten = [Bool](repeating: false, count: stages.count)
    for stage in backward.joined() {
      for place in stages[stage].reads where reads[place].source >= 0 {
        routed[place].accumulates = isWritten[reads[place].source]
        isWritten[reads[place].source] = true
      }
    }
    var isComplete = [Bool](repeating: false, count: stages.count)
    for stage in backward.joined().reversed() {
      for place in stages[stage].reads.reversed() where reads[place].source >= 0 {
        routed[place].completes = !isComplete[reads[place].source]
        isComplete[reads[place].source] = true
      }
    }
    return routed
  }
}

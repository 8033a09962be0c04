// When a stage's gradients are summed and its parameters updated.
// Behind its own backward phase nothing reads a stage's parameters, and its gradients are complete: in one
// process on one node, whoever finds no shard of the next phase sums them, and of that behind it updates.

import PTrainKernelTypes

/// Sums and updates that run beside each other.
struct StepRound: Sendable {
  var sums: [SumRow.Piece] = []
  var updates: [UpdatePart] = []

  var count: Int { sums.count + updates.count }
}

/// Tasks of a phase for whoever finds no other.
struct LastTasks {
  var count = 0
  var run: (Int) -> Void = { _ in }
}

/// The rounds of a step: one beside each backward phase, then two at the step's end.
struct StepRounds: Sendable {
  /// How early a step's sums and updates can be.
  enum Pace {
    /// At the end: other processes or nodes have parts of the sums.
    case atTheEnd
    /// The sums beside the backward phases, updates at the end: they take several passes.
    case earlySums
    case earlyUpdates
  }

  /// One a backward phase; the first has nothing to do.
  let besidePhases: [StepRound]
  /// The sums that are left, beside the updates whose sums are there.
  let lastSums: StepRound
  let lastUpdates: [UpdatePart]

  /// - Parameters:
  ///   - phases: the backward phases that there are, with their stages; a stage in none has its gradients
  ///     behind the last.
  ///   - pieces: of all gradients, and of the loss, which is left out unless all sums come at the end.
  init(_ phases: [[Int]], _ pieces: [SumRow.Piece], _ parts: [UpdatePart], _ pace: Pace) {
    let end = phases.count
    var sumRounds: [Int: Int] = [:]
    for (phase, stages) in phases.enumerated() {
      for stage in stages { sumRounds[stage] = phase + 1 }
    }
    var rounds = [StepRound](repeating: StepRound(), count: end + 2)
    for piece in pieces {
      switch (pace, piece.stage) {
      case (.atTheEnd, _): rounds[end].sums.append(piece)
      case (_, let stage?): rounds[sumRounds[stage] ?? end].sums.append(piece)
      case (_, nil): break
      }
    }
    for part in parts {
      let round = pace == .earlyUpdates ? (sumRounds[part.stage] ?? end) + 1 : end + 1
      rounds[round].updates.append(part)
    }
    besidePhases = Array(rounds[..<end])
    lastSums = rounds[end]
    lastUpdates = rounds[end + 1].updates
  }
}

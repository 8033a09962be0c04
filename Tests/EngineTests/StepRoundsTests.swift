// Sums and updates of a step come as early as they may, each of them once.

import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct StepRoundsTests {
  private let plan: Plan
  private let phases: [[Int]]
  private let pieces: [SumRow.Piece]
  private let parts: [UpdatePart]
  private let memory = UnsafeMutablePointer<Float>.allocate(capacity: 1)

  /// The default model: its first stage is affine, so that its gradients are made in its reader's phase.
  init() throws {
    plan = try Plan(
      Network(
        description: .preset(named: "compact"), input: Shape(channels: 1, height: 28, width: 28),
        classCount: 10))
    phases = plan.schedule.backward.filter { $0 != [0] }
    let slots = SlotRange(first: memory, stride: 1, count: 1, sum: memory)
    let stages = plan.stages.indices.map { Int?.some($0) }
    pieces = (stages + stages + [nil]).enumerated().map {
      SumRow.Piece(stage: $1, slots: slots, column: $0)
    }
    parts = UpdatePart.parts(plan.stages)
  }

  private func rounds(_ pace: StepRounds.Pace) -> [StepRound] {
    let rounds = StepRounds(phases, pieces, parts, pace)
    #expect(rounds.besidePhases.count == phases.count)
    return rounds.besidePhases + [rounds.lastSums, StepRound(updates: rounds.lastUpdates)]
  }

  private func columns(of stages: [Int]) -> [Int] {
    pieces.filter { piece in piece.stage.map(stages.contains) ?? false }.map(\.column)
  }

  /// In the round behind a stage's own phase its sums, behind those its updates; the loss is summed apart.
  @Test func sumsAndUpdatesFollowTheirPhase() {
    #expect(plan.stages[0].isAffine && plan.schedule.backward.last == [0])
    let rounds = rounds(.earlyUpdates)
    let summed = [[]] + phases.dropLast() + [phases[phases.count - 1] + [0], []]
    #expect(rounds.map { $0.sums.map(\.column) } == summed.map(columns))
    let updated = [[]] + summed.dropLast()
    #expect(
      rounds.map(\.updates) == updated.map { stages in parts.filter { stages.contains($0.stage) } })
  }

  @Test func updatesOfSeveralPassesComeAtTheEnd() {
    let (early, whole) = (rounds(.earlyUpdates), rounds(.earlySums))
    #expect(whole.map { $0.sums.map(\.column) } == early.map { $0.sums.map(\.column) })
    #expect(whole.dropLast().allSatisfy(\.updates.isEmpty) && whole.last?.updates == parts)
  }

  @Test func partsOfSumsElsewhereLeaveAllToTheEnd() {
    let rounds = rounds(.atTheEnd)
    #expect(rounds.dropLast(2).allSatisfy { $0.count == 0 })
    #expect(rounds[phases.count].sums.map(\.column) == pieces.map(\.column))
    #expect(rounds[phases.count].updates.isEmpty && rounds.last?.updates == parts)
  }
}

// Buffers of an arena lie over each other only where they never meet.

import PTrainMemory
import Testing

@Suite struct ArenaPlanTests {
  @Test func buffersThatMeetLieApart() {
    var buffers: [ArenaBuffer] = []
    for index in 0..<60 {
      let first = index * 7 % 23
      buffers.append(ArenaBuffer(count: index * 13 % 29, lifetime: first...first + index % 5))
    }
    let plan = ArenaPlan(buffers, alignment: 4)
    for a in buffers.indices {
      #expect(plan.offsets[a] % 4 == 0 && plan.offsets[a] + buffers[a].count <= plan.count)
      for b in 0..<a where buffers[a].lifetime.overlaps(buffers[b].lifetime) {
        #expect(
          plan.offsets[a] + buffers[a].count <= plan.offsets[b]
            || plan.offsets[b] + buffers[b].count <= plan.offsets[a])
      }
    }
    #expect(plan.count < buffers.reduce(0) { $0 + $1.count })
  }

  @Test func whatNeverMeetsLiesOverEachOther() {
    let plan = ArenaPlan(
      [
        ArenaBuffer(count: 16, lifetime: 0...1), ArenaBuffer(count: 32, lifetime: 2...3),
        ArenaBuffer(count: 15, lifetime: 1...2), ArenaBuffer(count: 0, lifetime: 0...9),
      ], alignment: 16)
    #expect(plan.offsets == [0, 0, 32, 0])
    #expect(plan.count == 47)
  }

  /// Between two places there is room for the smaller of two buffers.
  @Test func aGapTakesWhatFits() {
    let plan = ArenaPlan(
      [
        ArenaBuffer(count: 40, lifetime: 0...0), ArenaBuffer(count: 30, lifetime: 0...1),
        ArenaBuffer(count: 25, lifetime: 1...2), ArenaBuffer(count: 20, lifetime: 1...1),
      ], alignment: 1)
    #expect(plan.offsets == [0, 40, 0, 70])
    #expect(plan.count == 90)
  }
}

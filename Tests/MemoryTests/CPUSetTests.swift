// CPU sets: the list form of Linux both ways, and set operations across word borders.

import Testing

@testable import PTrainMemory

@Suite struct CPUSetTests {
  @Test(arguments: ["", "0", "0-3", "0-3,8", "1,3,5", "63-64", "0,64,128-255", "8191"])
  func listsRoundTrip(list: String) throws {
    #expect(try #require(CPUSet(list: list)).description == list)
  }

  @Test func blanksAndLineEndsAreIgnored() {
    #expect(CPUSet(list: "\t0-1,4\n") == CPUSet([0, 1, 4]))
    #expect(CPUSet(list: "\n") == CPUSet())
  }

  @Test(arguments: ["a", "1-", "-1", "3-1", "1-2-3", "0-8192", "99999999999999999999", "1;2"])
  func otherTextIsRefused(list: String) {
    #expect(CPUSet(list: list) == nil)
  }

  @Test func isASet() {
    let set = CPUSet([200, 3, 3, 64])
    #expect(Array(set) == [3, 64, 200])
    #expect(set.count == 3)
    #expect(set.contains(64))
    #expect(!set.contains(65))
    #expect(!set.contains(-1))
    #expect(!set.contains(100_000))
  }

  @Test func operations() {
    let low = CPUSet(0...70)
    let high = CPUSet(60...130)
    #expect(low.intersection(high) == CPUSet(60...70))
    #expect(low.union(high) == CPUSet(0...130))
    #expect(low.subtracting(high) == CPUSet(0...59))
    #expect(low.intersection(CPUSet([100])) == CPUSet())
  }

  @Test func numbersOutOfRangeAreIgnored() {
    #expect(CPUSet([-1, 8192, 5]) == CPUSet([5]))
  }
}

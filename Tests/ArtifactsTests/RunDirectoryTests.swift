// A run directory has one owner: its name is nobody else's, and only one process works in it.

import Glibc
import PTrainArtifacts
import PTrainDiagnostics
import Synchronization
import Testing

@Suite struct RunDirectoryTests {
  let temporary = TemporaryDirectory()

  /// In a process of its own: the time zone is the process's, and other tests read its environment.
  @Test func isNamedByModelDateAndTime() async {
    await #expect(processExitsWith: .success) {
      setenv("TZ", "UTC", 1)
      tzset()
      let temporary = TemporaryDirectory()
      defer { withExtendedLifetime(temporary) {} }
      let runs = temporary.path + "/some/runs"
      let first = try RunDirectory.make(model: "eva8", time: 1_785_144_605, in: runs)
      #expect(first.path == "\(runs)/eva8-20260727-093005")
      let second = try RunDirectory.make(model: "eva8", time: 1_785_144_605, in: runs)
      #expect(second.path == "\(runs)/eva8-20260727-093005-2")
    }
  }

  @Test func fiftyOfOneSecondAreFifty() throws {
    let runs = temporary.path
    let threads = try (0..<50).map { _ in
      try SystemThread { _ = try? RunDirectory.make(model: "m", time: 0, in: runs) }
    }
    for thread in threads { thread.join() }
    #expect(temporary.names().count == 50)
  }

  @Test func aPlaceThatRefusesIsTold() throws {
    try writeFile(temporary.path + "/runs", [])
    let error = #expect(throws: Failure.self) {
      try RunDirectory.make(model: "m", time: 0, in: temporary.path + "/runs")
    }
    #expect(error?.kind == .cannotCreate)
  }
}

@Suite struct DirectoryLockTests {
  let temporary = TemporaryDirectory()

  @Test func refusesASecondAndNamesTheFirst() throws {
    var lock: DirectoryLock? = try DirectoryLock(temporary.path, .refuses)
    let error = #expect(throws: Failure.self) { try DirectoryLock(temporary.path, .refuses) }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.message.contains("process \(getpid()) is working in it") == true)
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(temporary.names().isEmpty)
    _ = try DirectoryLock(temporary.path, .refuses)
  }

  /// What a killed process leaves is a file without a lock.
  @Test func aFileAloneIsNoLock() throws {
    try writeFile(temporary.path + "/.lock", Array("1".utf8))
    _ = try DirectoryLock(temporary.path, .refuses)
    #expect(temporary.names().isEmpty)
  }

  /// Each has the directory alone, though every holder removes the file that the next one waits for.
  @Test func waitersFollowEachOther() throws {
    let path = temporary.path
    let count = Occupancy()
    let threads = try (0..<8).map { _ in
      try SystemThread {
        for _ in 0..<20 {
          guard let lock = try? DirectoryLock(path, .waits) else { continue }
          count.visit()
          withExtendedLifetime(lock) {}
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(count.visits.load(ordering: .relaxed) == 160)
    #expect(count.most.load(ordering: .relaxed) == 1)
  }
}

/// How many were somewhere at once.
private final class Occupancy: Sendable {
  let visits = Atomic<Int>(0)
  let most = Atomic<Int>(0)
  private let inside = Atomic<Int>(0)

  func visit() {
    most.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    sched_yield()
    inside.subtract(1, ordering: .relaxed)
    visits.add(1, ordering: .relaxed)
  }
}

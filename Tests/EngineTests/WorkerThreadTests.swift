// Threads of a worker pool: as many as asked for, fewer where the system refuses, none left behind;
// and who may call what.

import Glibc
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainKernels
import PTrainNetworks
import Synchronization
import Testing

@testable import PTrainEngine

/// Starts `limit` threads and then refuses, as a process limit does.
private final class LimitedStarter: Sendable {
  let limit: Int
  let started = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  func start(_ body: @escaping @Sendable () -> Void) throws(SystemThread.Refusal) -> SystemThread {
    guard started.load(ordering: .relaxed) < limit else {
      throw SystemThread.Refusal(code: EAGAIN)
    }
    started.wrappingAdd(1, ordering: .relaxed)
    return try SystemThread(body)
  }
}

@Suite struct WorkerThreadTests {
  /// Each worker waits for all the others, so that every one of them must have a thread.
  @Test(arguments: [2, 300, 1024]) func allWorkersAreThere(workerCount: Int) throws {
    let pool = WorkerPool(workerCount: workerCount, cpuCount: workerCount)
    defer { pool.stop() }
    let present = Atomic<Int>(0)
    try pool.lead {
      #expect(pool.activeCount == workerCount)
      pool.run(workerCount) { _, _ in
        present.wrappingAdd(1, ordering: .relaxed)
        while present.load(ordering: .relaxed) < workerCount { sched_yield() }
      }
    }
    #expect(present.load(ordering: .relaxed) == workerCount)
  }

  @Test(arguments: [0, 1, 3]) func goesOnWithThoseThatStarted(limit: Int) throws {
    let starter = LimitedStarter(limit: limit)
    let warnings = Atomic<Int>(0)
    let pool = WorkerPool(
      workerCount: 8, cpuCount: 8, binding: Unbound(),
      warn: { line in
        warnings.wrappingAdd(1, ordering: .relaxed)
        #expect(line.hasPrefix("\(1 + limit) of 8 workers could be started (Resource temporarily"))
      },
      startThread: starter.start)
    for _ in 0..<2 {
      try pool.lead {
        for taskCount in [1, 8, 100] {
          let done = Atomic<Int>(0)
          pool.run(taskCount) { _, _ in done.wrappingAdd(1, ordering: .relaxed) }
          #expect(done.load(ordering: .relaxed) == taskCount)
        }
      }
    }
    #expect(pool.activeCount == 1 + limit)
    pool.stop()
    #expect(pool.activeCount == 1)
    #expect(warnings.load(ordering: .relaxed) == 1)
  }

  /// Whatever stops the making of a session, no thread is there yet that could stay.
  @Test func aSessionThatOnlyWasMadeHasNoThreads() throws {
    let binding = EntryCount()
    var configuration = EngineConfiguration(
      kernels: try KernelChoice.select(environment: [:]), threadCount: 4, cpuCount: 4)
    configuration.binding = binding
    let network = try Network(
      description: ModelDescription.load(nameOrFile: "tiny"),
      input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    _ = try Session(
      network, state: .initial(network: network, seed: 1), configuration: configuration,
      sampleCapacity: 16)
    #expect(binding.entered.load(ordering: .relaxed) == 0)
  }

  @Test func whoIsNotTheLeaderMayNotRunPhases() async {
    await #expect(processExitsWith: .failure) {
      let pool = WorkerPool(workerCount: 2, cpuCount: 2)
      let stranger = try SystemThread { pool.run(2) { _, _ in } }
      stranger.join()
      exit(0)
    }
  }

  @Test func aPhaseWithinAPhaseTraps() async {
    await #expect(processExitsWith: .failure) {
      let pool = WorkerPool(workerCount: 1, cpuCount: 1)
      try pool.lead { pool.run(2) { _, _ in pool.run(1) { _, _ in } } }
      exit(0)
    }
  }
}

/// Counts the threads that become workers.
private final class EntryCount: WorkerBinding {
  let entered = Atomic<Int>(0)
  let nodeCount = 1

  func node(of worker: Int) -> Int { 0 }
  func memoryNode(of node: Int) -> Int? { nil }
  func report(_ reason: String) {}

  func run(as worker: Int, _ body: () -> Void) {
    entered.wrappingAdd(1, ordering: .relaxed)
    body()
  }
}

// Where workers run: on which node, and on which CPU their threads are fixed.

/// Places of a pool's workers.
package protocol WorkerBinding: Sendable {
  /// Home node of a worker, counted from 0 among the nodes in use.
  func node(of worker: Int) -> Int

  /// Runs `body` on the calling thread as that worker's; the thread is free again afterwards.
  func run(as worker: Int, _ body: () -> Void)
}

/// Workers that the system places as it likes.
package struct Unbound: WorkerBinding {
  package init() {}
  package func node(of worker: Int) -> Int { 0 }
  package func run(as worker: Int, _ body: () -> Void) { body() }
}

// Independent pieces of work on several threads, with results that do not tell on how many.

import Synchronization

/// Runs `work` on up to `count - 1` more threads, as many as the system grants, while `here` runs on this
/// one; returns when all have ended. They share the work among them, so that fewer do all of it too.
package func withThreads(_ count: Int, _ work: @Sendable () -> Void, here: () -> Void) {
  withoutActuallyEscaping(work) { work in
    let threads = (1..<max(count, 1)).compactMap { _ in try? SystemThread(work) }
    here()
    for thread in threads { thread.join() }
  }
}

/// What `body` returns for 0 ..< `count`, in that order, on up to `threadCount` threads.
package func concurrentMap<Element: Sendable>(
  _ count: Int, threadCount: Int, _ body: @Sendable (Int) -> Element
) -> [Element] {
  let elements = Mutex([Element?](repeating: nil, count: count))
  let next = Atomic<Int>(0)
  withoutActuallyEscaping(body) { body in
    let work: @Sendable () -> Void = {
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        let element = body(index)
        elements.withLock { $0[index] = element }
      }
    }
    withThreads(min(threadCount, count), work, here: work)
  }
  return elements.withLock { elements in elements.map { $0! } }
}

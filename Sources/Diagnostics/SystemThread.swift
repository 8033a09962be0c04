// A thread of its own: Dispatch has 255 at most, lets work wait behind them for ever, and tries again
// each second where the system refuses one. Here a refusal is the caller's to know.

import CPTrainShims

/// A thread that has started and waits to be joined.
package struct SystemThread {
  /// Why there is no thread: the system's error number.
  package struct Refusal: Error {
    package let code: Int32
    package init(code: Int32) { self.code = code }
  }

  /// Address space of a stack: kernels keep small buffers there, and a thousand workers must fit.
  private static let stackByteCount = 2 << 20

  private let handle: ptrain_thread

  /// Runs `body` on a new thread, which inherits the caller's CPUs, niceness and signal mask.
  package init(_ body: @escaping @Sendable () -> Void) throws(Refusal) {
    let work = Unmanaged.passRetained(Work(body))
    var handle = ptrain_thread()
    let code = ptrain_thread_start(
      &handle, Self.stackByteCount,
      { argument in
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw Refusal(code: code)
    }
    self.handle = handle
  }

  package func join() { ptrain_thread_join(handle) }

  /// For a thread that nobody waits for.
  package func detach() { ptrain_thread_detach(handle) }

  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

// A thread of its own: Dispatch has 255 at most, lets work wait behind them for ever, and tries again
// each second where the system refuses one. Here a refusal is the caller's to know.

import Glibc

/// A thread that has started and waits to be joined.
package struct SystemThread {
  /// Why there is no thread: the system's error number.
  package struct Refusal: Error {
    package let code: Int32
    package init(code: Int32) { self.code = code }
  }

  /// Address space of a stack: kernels keep small buffers there, and a thousand workers must fit.
  private static let stackByteCount = 2 << 20

  private let handle: pthread_t

  /// Runs `body` on a new thread, which inherits the caller's CPUs, niceness and signal mask.
  package init(_ body: @escaping @Sendable () -> Void) throws(Refusal) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, Self.stackByteCount)
    let work = Unmanaged.passRetained(Work(body))
    var handle = pthread_t()
    let code = pthread_create(
      &handle, &attributes,
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

  package func join() { pthread_join(handle, nil) }

  /// For a thread that nobody waits for.
  package func detach() { pthread_detach(handle) }

  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

// How threads sleep until a word changes: on a futex, or on a condition variable where systems have no more.

import CPTrainShims

#if Portable
  import PTrainCLibrary
#endif

/// Threads that sleep on one word.
///
/// Who changes the word does so before it wakes them: a thread that goes to sleep then sees the change, or
/// is woken.
final class WordSleepers: @unchecked Sendable {
  private let word: UnsafeMutablePointer<UInt32>

  #if Portable
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(on word: UnsafeMutablePointer<UInt32>) {
      self.word = word
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(changed, nil)
    }

    deinit {
      pthread_cond_destroy(changed)
      pthread_mutex_destroy(mutex)
      changed.deallocate()
      mutex.deallocate()
    }

    /// Sleeps while the word is `expected`; may return early.
    func sleep(while expected: UInt32) {
      pthread_mutex_lock(mutex)
      if ptrain_word_load(word) == expected { pthread_cond_wait(changed, mutex) }
      pthread_mutex_unlock(mutex)
    }

    /// Wakes at most `count` of them.
    func wake(_ count: Int) {
      pthread_mutex_lock(mutex)
      for _ in 0..<count { pthread_cond_signal(changed) }
      pthread_mutex_unlock(mutex)
    }
  #else
    init(on word: UnsafeMutablePointer<UInt32>) { self.word = word }

    /// Sleeps while the word is `expected`; may return early.
    func sleep(while expected: UInt32) { ptrain_futex_wait(word, expected) }

    /// Wakes at most `count` of them.
    func wake(_ count: Int) { ptrain_futex_wake(word, Int32(count)) }
  #endif
}

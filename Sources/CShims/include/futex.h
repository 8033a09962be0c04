// Waiting on and waking by a 32-bit word in memory: Linux alone has it.
#ifndef PTRAIN_FUTEX_H
#define PTRAIN_FUTEX_H

#ifdef __linux__

#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Sleeps while `*word == expected`; may return early.
static inline void ptrain_futex_wait(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, (void *)0, (void *)0, 0);
}

/// Wakes at most `count` sleepers.
static inline void ptrain_futex_wake(uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, (void *)0, (void *)0, 0);
}

#endif

#endif

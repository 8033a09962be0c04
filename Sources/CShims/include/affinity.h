// The CPUs that a thread may run on, as raw masks: the libc calls need _GNU_SOURCE, which Swift's
// import of libc lacks. Linux alone has them.
#ifndef PTRAIN_AFFINITY_H
#define PTRAIN_AFFINITY_H

#ifdef __linux__

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Fills `mask` with the CPUs of thread or process `id` (0: this thread); returns the bytes written,
/// or -1 with errno.
static inline long ptrain_affinity_get(int id, unsigned long *mask, size_t byte_count) {
  return syscall(SYS_sched_getaffinity, id, byte_count, mask);
}

/// Binds this thread to the CPUs of `mask`; returns 0, or -1 with errno.
static inline long ptrain_affinity_set(const unsigned long *mask, size_t byte_count) {
  return syscall(SYS_sched_setaffinity, 0, byte_count, mask);
}

/// The CPU that runs this thread now, or -1.
static inline int ptrain_current_cpu(void) {
  unsigned cpu = 0;
  return syscall(SYS_getcpu, &cpu, (void *)0, (void *)0) == 0 ? (int)cpu : -1;
}

#endif

#endif

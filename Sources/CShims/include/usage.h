// What this process has used so far: constants of another type on each system.
#ifndef PTRAIN_USAGE_H
#define PTRAIN_USAGE_H

#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

/// CPU time of all threads, in seconds.
static inline double ptrain_processor_seconds(void) {
  struct timespec time = {0, 0};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/// Pages that the system has handed out.
static inline int64_t ptrain_page_fault_count(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt + usage.ru_majflt : 0;
}

#endif

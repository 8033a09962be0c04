// How many heaps the C library keeps: <malloc.h> is not in Swift's import of libc. glibc alone.
#ifndef PTRAIN_HEAPS_H
#define PTRAIN_HEAPS_H

#ifdef __linux__

#include <malloc.h>

/// Lets threads share the heaps that there are from now on; glibc reserves 64 MiB for each new one.
static inline void ptrain_share_heaps(void) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}

#endif

#endif

// When a file was changed: systems name the fields differently.
#ifndef PTRAIN_FILE_TIMES_H
#define PTRAIN_FILE_TIMES_H

#include <stdint.h>
#include <sys/stat.h>

#ifdef __APPLE__
#define PTRAIN_MODIFIED(status) (status)->st_mtimespec
#define PTRAIN_CHANGED(status) (status)->st_ctimespec
#else
#define PTRAIN_MODIFIED(status) (status)->st_mtim
#define PTRAIN_CHANGED(status) (status)->st_ctim
#endif

static inline int64_t ptrain_nanoseconds(struct timespec time) {
  return (int64_t)((uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec);
}

/// Last change of the content, in nanoseconds since 1970.
static inline int64_t ptrain_modified(const struct stat *_Nonnull status) {
  return ptrain_nanoseconds(PTRAIN_MODIFIED(status));
}

/// Last change of content, name, owner or mode.
static inline int64_t ptrain_changed(const struct stat *_Nonnull status) {
  return ptrain_nanoseconds(PTRAIN_CHANGED(status));
}

#endif

// A thread: its handle and its function have other types in Swift on each system.
#ifndef PTRAIN_THREAD_H
#define PTRAIN_THREAD_H

#include <pthread.h>
#include <stddef.h>

typedef struct {
  pthread_t handle;
} ptrain_thread;

/// Runs `body(argument)` on a new thread with a stack of so many bytes; returns 0 or an error number.
static inline int ptrain_thread_start(
    ptrain_thread *_Nonnull thread, size_t stack_byte_count,
    void *_Nullable (*_Nonnull body)(void *_Nullable), void *_Nonnull argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack_byte_count);
  int code = pthread_create(&thread->handle, &attributes, (void *(*)(void *))body, argument);
  pthread_attr_destroy(&attributes);
  return code;
}

static inline void ptrain_thread_join(ptrain_thread thread) { pthread_join(thread.handle, (void *)0); }

static inline void ptrain_thread_detach(ptrain_thread thread) { pthread_detach(thread.handle); }

#endif

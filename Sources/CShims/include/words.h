// A 32-bit word that threads share, and the pause of a loop that waits for it.
#ifndef PTRAIN_WORDS_H
#define PTRAIN_WORDS_H

#include <stdint.h>

static inline uint32_t ptrain_word_load(const uint32_t *word) {
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void ptrain_word_store(uint32_t *word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/// Adds and returns the new value.
static inline uint32_t ptrain_word_add(uint32_t *word, uint32_t value) {
  return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST);
}

static inline void ptrain_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif

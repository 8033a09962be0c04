// What the processor and the operating system offer, asked once at start.
#ifndef PTRAIN_CPU_FEATURES_H
#define PTRAIN_CPU_FEATURES_H

#include <stdbool.h>

/// Whether code for x86-64-v3 (AVX2, FMA, BMI) runs here.
static inline bool ptrain_has_avx2(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("movbe");
#else
  return false;
#endif
}

/// Whether code for x86-64-v4 (AVX-512 F, BW, CD, DQ, VL) runs here.
static inline bool ptrain_has_avx512(void) {
#if defined(__x86_64__)
  return ptrain_has_avx2() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

#endif

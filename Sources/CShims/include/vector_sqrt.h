// Square root of 16 floats at once: Swift's own on SIMD types is one call a lane.
#ifndef PTRAIN_VECTOR_SQRT_H
#define PTRAIN_VECTOR_SQRT_H

typedef float ptrain_float16 __attribute__((ext_vector_type(16), aligned(4)));

/// `result[i] = sqrt(x[i])`, exactly rounded as IEEE 754 asks; may work in place.
static inline __attribute__((always_inline)) void ptrain_sqrt16(const float *x, float *result) {
  *(ptrain_float16 *)result = __builtin_elementwise_sqrt(*(const ptrain_float16 *)x);
}

#endif

/* x * (factor_high * 2^31 + factor_low) * 2^(-31 - shift), rounded once, halves away from 0. */
static int32_t scaled_once(int32_t x, int32_t factor_high, int32_t factor_low, int shift)
{
    const int64_t size = x < 0 ? -(int64_t)x : x;
    const int64_t product = size * factor_high + ((size * factor_low) >> 31);
    const int64_t result = (product + ((int64_t)1 << (shift - 1))) >> shift;
    const int32_t limited = result < 1 << 30 ? (int32_t)result : 1 << 30;
    return x < 0 ? -limited : limited;
}

/* y [out] of x [in]; weights [out][in]. */
static void connect_int8(const int8_t *x, int zero, int in, const int8_t *weights,
                         const int32_t *bias, int32_t factor_high, int32_t factor_low, int shift,
                         int out, int result_zero, int low, int high, int8_t *y)
{
    for (int o = 0; o < out; o++) {
        int32_t sum = bias[o];
        for (int i = 0; i < in; i++) sum += weights[o * in + i] * (x[i] - zero);
        y[o] = clamped(scaled_once(sum, factor_high, factor_low, shift) + result_zero, low, high);
    }
}

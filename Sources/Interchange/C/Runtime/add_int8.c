/* Each input in a scale of its own, over 20 more bits; y may be x. */
static void add_int8(const int8_t *x, int zero, int32_t multiplier, int shift,
                     const int8_t *other, int other_zero, int32_t other_multiplier,
                     int other_shift, int count, int32_t result_multiplier, int result_shift,
                     int result_zero, int low, int high, int8_t *y)
{
    for (int i = 0; i < count; i++) {
        const int32_t a = scaled((x[i] - zero) * (1 << 20), multiplier, shift);
        const int32_t b = scaled((other[i] - other_zero) * (1 << 20), other_multiplier, other_shift);
        const int32_t sum = scaled(a + b, result_multiplier, result_shift);
        y[i] = clamped(sum + result_zero, low, high);
    }
}

/* One factor from 0 on, another below; y may be x. */
static void leaky_relu_int8(const int8_t *x, int zero, int count, int32_t multiplier, int shift,
                            int32_t slope_multiplier, int slope_shift, int result_zero, int8_t *y)
{
    for (int i = 0; i < count; i++) {
        const int value = x[i] - zero;
        const int32_t result = value >= 0 ? scaled(value, multiplier, shift)
                                          : scaled(value, slope_multiplier, slope_shift);
        y[i] = clamped(result + result_zero, -128, 127);
    }
}

/* The same real numbers in another scale; y may be x. */
static void rescale_int8(const int8_t *x, int zero, int count, int32_t multiplier, int shift,
                         int result_zero, int low, int high, int8_t *y)
{
    for (int i = 0; i < count; i++)
        y[i] = clamped(scaled(x[i] - zero, multiplier, shift) + result_zero, low, high);
}

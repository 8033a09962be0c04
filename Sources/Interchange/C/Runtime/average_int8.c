/* y [channels] of x [pixels][channels]; 1 / pixels is in the multiplier. */
static void average_int8(const int8_t *x, int zero, int pixels, int channels, int32_t multiplier,
                         int shift, int result_zero, int8_t *y)
{
    for (int c = 0; c < channels; c++) {
        int32_t sum = 0;
        for (int p = 0; p < pixels; p++) sum += x[p * channels + c] - zero;
        y[c] = clamped(scaled(sum, multiplier, shift) + result_zero, -128, 127);
    }
}

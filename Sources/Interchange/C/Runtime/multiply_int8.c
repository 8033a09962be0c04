/* y [pixels][channels] of x times factors [factor_pixels][channels], one pixel or as many; y may be x. */
static void multiply_int8(const int8_t *x, int zero, const int8_t *factors, int factor_zero,
                          int pixels, int factor_pixels, int channels, int32_t multiplier,
                          int shift, int result_zero, int low, int high, int8_t *y)
{
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            const int i = p * channels + c;
            const int factor = factors[factor_pixels == 1 ? c : i] - factor_zero;
            const int32_t product = scaled((x[i] - zero) * factor, multiplier, shift);
            y[i] = clamped(product + result_zero, low, high);
        }
}

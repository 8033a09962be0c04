/* y [pixels][channels] of x times factors [factor_pixels][channels], one pixel or as many; y may be x. */
static void multiply(const float *x, const float *factors, int pixels, int factor_pixels,
                     int channels, float *y)
{
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) {
            const int place = factor_pixels == 1 ? c : p * channels + c;
            y[p * channels + c] = x[p * channels + c] * factors[place];
        }
}

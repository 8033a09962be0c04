/* y [pixels][channels] of x; y may be x. */
static void scale_shift(const float *x, int pixels, int channels, const float *scale,
                        const float *shift, float *y)
{
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++)
            y[p * channels + c] = x[p * channels + c] * scale[c] + shift[c];
}

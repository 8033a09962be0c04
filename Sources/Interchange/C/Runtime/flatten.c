/* y [channels][pixels] of x [pixels][channels]. */
static void flatten(const float *x, int pixels, int channels, float *y)
{
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) y[c * pixels + p] = x[p * channels + c];
}

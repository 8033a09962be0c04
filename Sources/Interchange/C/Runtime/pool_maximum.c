/* y [oh][ow][channels] of x [h][w][channels]; pixels outside do not count. */
static void pool_maximum(const float *x, int h, int w, int channels, int kh, int kw, int sh, int sw,
                         int top, int left, int oh, int ow, float *y)
{
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < ow; ox++)
            for (int c = 0; c < channels; c++) {
                int found = 0;
                float best = 0;
                for (int iy = oy * sh - top; iy < oy * sh - top + kh; iy++)
                    for (int ix = ox * sw - left; ix < ox * sw - left + kw; ix++) {
                        if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
                        const float value = x[((size_t)iy * w + ix) * channels + c];
                        if (!found || value > best) best = value;
                        found = 1;
                    }
                y[((size_t)oy * ow + ox) * channels + c] = best;
            }
}

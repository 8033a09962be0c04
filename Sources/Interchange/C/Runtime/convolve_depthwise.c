/* y [oh][ow][in * multiplier] of x [h][w][in]; weights [kh][kw][in * multiplier]. */
static void convolve_depthwise(const float *x, int h, int w, int in, const float *weights,
                               const float *bias, int multiplier, int kh, int kw, int sh, int sw,
                               int top, int left, int oh, int ow, float *y)
{
    const int out = in * multiplier;
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < ow; ox++) {
            float *sums = y + ((size_t)oy * ow + ox) * out;
            for (int o = 0; o < out; o++) sums[o] = bias ? bias[o] : 0;
            for (int ky = 0; ky < kh; ky++) {
                const int iy = oy * sh + ky - top;
                if (iy < 0 || iy >= h) continue;
                for (int kx = 0; kx < kw; kx++) {
                    const int ix = ox * sw + kx - left;
                    if (ix < 0 || ix >= w) continue;
                    const float *pixel = x + ((size_t)iy * w + ix) * in;
                    const float *tap = weights + (ky * kw + kx) * out;
                    for (int o = 0; o < out; o++) sums[o] += tap[o] * pixel[o / multiplier];
                }
            }
        }
}

/* y [oh][ow][out] of x [h][w][in]; weights [out][kh][kw][in / groups]. */
static void convolve_int8(const int8_t *x, int zero, int h, int w, int in, const int8_t *weights,
                          const int32_t *bias, const int32_t *multipliers, const int8_t *shifts,
                          int out, int groups, int kh, int kw, int sh, int sw, int dilation,
                          int top, int left, int oh, int ow, int result_zero, int low, int high,
                          int8_t *y)
{
    const int depth = in / groups, share = out / groups;
    /* Taps side by side in memory count as one. */
    const int dense = groups == 1 && dilation == 1;
    for (int oy = 0; oy < oh; oy++) {
        const int row = oy * sh - top;
        const int first_y = first_tap(row, dilation), end_y = end_tap(row, dilation, kh, h);
        for (int ox = 0; ox < ow; ox++) {
            const int column = ox * sw - left;
            const int first_x = first_tap(column, dilation);
            const int taps = end_tap(column, dilation, kw, w) - first_x;
            const int pieces = dense ? 1 : taps, length = dense ? taps * depth : depth;
            for (int o = 0; o < out; o++) {
                int32_t sum = bias[o];
                for (int ky = first_y; ky < end_y; ky++) {
                    const int line = (row + ky * dilation) * w + column;
                    for (int piece = 0; piece < pieces; piece++) {
                        const int kx = first_x + piece;
                        const int8_t *pixel = x + (line + kx * dilation) * in + o / share * depth;
                        const int8_t *tap = weights + ((o * kh + ky) * kw + kx) * depth;
                        for (int i = 0; i < length; i++) sum += tap[i] * (pixel[i] - zero);
                    }
                }
                *y++ = clamped(scaled(sum, multipliers[o], shifts[o]) + result_zero, low, high);
            }
        }
    }
}

/* y [oh][ow][out] of x [h][w][in], out a multiple of in; weights [kh][kw][out]. With a window of one
 * pixel and as many channels, y may be x. */
static void convolve_depthwise_int8(const int8_t *x, int zero, int h, int w, int in,
                                    const int8_t *weights, const int32_t *bias,
                                    const int32_t *multipliers, const int8_t *shifts, int out,
                                    int kh, int kw, int sh, int sw, int dilation, int top,
                                    int left, int oh, int ow, int result_zero, int low, int high,
                                    int8_t *y)
{
    enum { BLOCK = 8 };
    const int multiplier = out / in;
    for (int oy = 0; oy < oh; oy++) {
        const int row = oy * sh - top;
        const int first_y = first_tap(row, dilation), end_y = end_tap(row, dilation, kh, h);
        for (int ox = 0; ox < ow; ox++) {
            const int column = ox * sw - left;
            const int first_x = first_tap(column, dilation);
            const int end_x = end_tap(column, dilation, kw, w);
            for (int first = 0; first < out; first += BLOCK) {
                const int count = out - first < BLOCK ? out - first : BLOCK;
                int32_t sums[BLOCK];
                for (int i = 0; i < count; i++) sums[i] = bias[first + i];
                for (int ky = first_y; ky < end_y; ky++)
                    for (int kx = first_x; kx < end_x; kx++) {
                        const int8_t *tap = weights + (ky * kw + kx) * out + first;
                        const int8_t *pixel =
                            x + ((row + ky * dilation) * w + column + kx * dilation) * in;
                        if (multiplier == 1)
                            for (int i = 0; i < count; i++)
                                sums[i] += tap[i] * (pixel[first + i] - zero);
                        else
                            for (int i = 0; i < count; i++)
                                sums[i] += tap[i] * (pixel[(first + i) / multiplier] - zero);
                    }
                for (int i = 0; i < count; i++) {
                    const int32_t sum = scaled(sums[i], multipliers[first + i], shifts[first + i]);
                    *y++ = clamped(sum + result_zero, low, high);
                }
            }
        }
    }
}

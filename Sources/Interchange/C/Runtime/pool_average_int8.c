/* y [oh][ow][channels] of x [h][w][channels]; pixels outside do not count, halves go away from 0. */
static void pool_average_int8(const int8_t *x, int h, int w, int channels, int kh, int kw, int sh,
                              int sw, int top, int left, int oh, int ow, int8_t *y)
{
    for (int oy = 0; oy < oh; oy++) {
        const int row = oy * sh - top;
        const int first_y = first_tap(row, 1), end_y = end_tap(row, 1, kh, h);
        for (int ox = 0; ox < ow; ox++) {
            const int column = ox * sw - left;
            const int first_x = first_tap(column, 1), end_x = end_tap(column, 1, kw, w);
            const int32_t count = (end_y - first_y) * (end_x - first_x);
            for (int c = 0; c < channels; c++) {
                int32_t sum = 0;
                for (int ky = first_y; ky < end_y; ky++)
                    for (int kx = first_x; kx < end_x; kx++)
                        sum += x[((row + ky) * w + column + kx) * channels + c];
                *y++ = (int8_t)((sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
            }
        }
    }
}

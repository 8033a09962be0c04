/* y [oh][ow][channels] of x [h][w][channels]; pixels outside do not count. */
static void pool_average(const float *x, int h, int w, int channels, int kh, int kw, int sh, int sw,
                         int top, int left, int oh, int ow, float *y)
{
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < ow; ox++)
            for (int c = 0; c < channels; c++) {
                int count = 0;
                float sum = 0;
                for (int iy = oy * sh - top; iy < oy * sh - top + kh; iy++)
                    for (int ix = ox * sw - left; ix < ox * sw - left + kw; ix++) {
                        if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
                        sum += x[((size_t)iy * w + ix) * channels + c];
                        count++;
                    }
                y[((size_t)oy * ow + ox) * channels + c] = sum / (float)count;
            }
}

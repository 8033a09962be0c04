/* y [oh][ow][out] of x [h][w][in]; weights [out][kh][kw][in / groups]. */
static void convolve(const float *x, int h, int w, int in, const float *weights, const float *bias,
                     int out, int groups, int kh, int kw, int sh, int sw, int dilation, int top,
                     int left, int oh, int ow, float *y)
{
    const int part = in / groups, share = out / groups;
    for (int oy = 0; oy < oh; oy++)
        for (int ox = 0; ox < ow; ox++)
            for (int o = 0; o < out; o++) {
                const float *kernel = weights + (size_t)o * kh * kw * part;
                float sum = 0;
                for (int ky = 0; ky < kh; ky++) {
                    const int iy = oy * sh + ky * dilation - top;
                    if (iy < 0 || iy >= h) continue;
                    for (int kx = 0; kx < kw; kx++) {
                        const int ix = ox * sw + kx * dilation - left;
                        if (ix < 0 || ix >= w) continue;
                        const float *pixel = x + ((size_t)iy * w + ix) * in + o / share * part;
                        const float *tap = kernel + (ky * kw + kx) * part;
                        for (int i = 0; i < part; i++) sum += tap[i] * pixel[i];
                    }
                }
                y[((size_t)oy * ow + ox) * out + o] = sum + (bias ? bias[o] : 0);
            }
}

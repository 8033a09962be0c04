/* y [out] of x [in]; weights [out][in]. */
static void connect(const float *x, int in, const float *weights, const float *bias, int out,
                    float *y)
{
    for (int o = 0; o < out; o++) {
        float sum = 0;
        for (int i = 0; i < in; i++) sum += weights[(size_t)o * in + i] * x[i];
        y[o] = sum + (bias ? bias[o] : 0);
    }
}

/* y [out] of x [in]; weights [out][in]. Rounded once, as TensorFlow Lite's dense layers are. */
static void connect_int8(const int8_t *x, int zero, int in, const int8_t *weights,
                         const int32_t *bias, int32_t multiplier, int shift, int out,
                         int result_zero, int low, int high, int8_t *y)
{
    for (int o = 0; o < out; o++) {
        int32_t sum = bias[o];
        for (int i = 0; i < in; i++) sum += weights[o * in + i] * (x[i] - zero);
        const int64_t product = (int64_t)sum * multiplier + ((int64_t)1 << (30 - shift));
        y[o] = clamped((int32_t)(product >> (31 - shift)) + result_zero, low, high);
    }
}

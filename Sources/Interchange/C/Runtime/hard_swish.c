/* y may be x. */
static void hard_swish(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] * (x[i] < -3 ? 0 : x[i] > 3 ? 1 : (x[i] + 3) / 6);
}

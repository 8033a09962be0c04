/* y may be x. */
static void silu(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] / (1 + expf(-x[i]));
}

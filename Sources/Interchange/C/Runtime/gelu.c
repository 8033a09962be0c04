/* y may be x. */
static void gelu(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
}

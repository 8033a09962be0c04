/* y may be x. */
static void relu6(const float *x, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] < 0 ? 0 : x[i] > 6 ? 6 : x[i];
}

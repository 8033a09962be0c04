/* y may be x. */
static void add(const float *x, const float *other, int count, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] + other[i];
}

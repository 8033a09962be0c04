/* y may be x. */
static void leaky_relu(const float *x, int count, float slope, float *y)
{
    for (int i = 0; i < count; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

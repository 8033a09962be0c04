/* The first tap along an axis that meets the image, and the one behind the last. */
static int first_tap(int start, int dilation)
{
    return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

static int end_tap(int start, int dilation, int taps, int extent)
{
    const int end = extent > start ? (extent - start + dilation - 1) / dilation : 0;
    return end < taps ? end : taps;
}

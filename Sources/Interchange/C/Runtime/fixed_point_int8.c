/* x times multiplier times 2^(shift - 31), rounded after the product and after the shift. */
static int32_t scaled(int32_t x, int32_t multiplier, int shift)
{
    const int64_t product = (int64_t)(int32_t)((uint32_t)x << (shift > 0 ? shift : 0)) * multiplier;
    const int64_t nudge = product >= 0 ? (int64_t)1 << 30 : 1 - ((int64_t)1 << 30);
    const int32_t high = (int32_t)((product + nudge) / ((int64_t)1 << 31));
    const int right = shift < 0 ? -shift : 0;
    const int32_t mask = (int32_t)(((int64_t)1 << right) - 1);
    const int32_t threshold = (mask >> 1) + (high < 0);
    return (high >> right) + ((high & mask) > threshold);
}

static int8_t clamped(int32_t value, int low, int high)
{
    return (int8_t)(value < low ? low : value > high ? high : value);
}

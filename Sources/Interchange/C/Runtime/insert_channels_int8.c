/* Channels of x [pixels][channels] into y [pixels][all], from `first` on. */
static void insert_channels_int8(const int8_t *x, int pixels, int channels, int first, int all,
                                 int8_t *y)
{
    for (int p = 0; p < pixels; p++)
        for (int c = 0; c < channels; c++) y[p * all + first + c] = x[p * channels + c];
}

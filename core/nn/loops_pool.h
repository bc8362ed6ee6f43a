/* Pooling over one block of 16 channels. Backward goes window by window and gives to those of its inputs that lie in
 * the rows asked for, so that bands of rows are independent. Part of loops_body.h. */
typedef unsigned char bytes __attribute__((vector_size(WIDTH), aligned(1), may_alias));

/* Indices [first, end) along one axis. */
typedef struct span {
    size_t first, end;
} span;

/* The inputs inside window `out`. */
static inline span inputs_of(size_t out, size_t kernel, size_t stride, size_t pad, size_t extent)
{
    const size_t start = out * stride, end = start + kernel;

    return (span){start > pad ? start - pad : 0, end < extent + pad ? end - pad : extent};
}

static inline span both(span a, span b)
{
    return (span){a.first > b.first ? a.first : b.first, a.end < b.end ? a.end : b.end};
}

/* The windows that reach any of the inputs `rows`; some of them may fall between the windows. */
static inline span windows_over(const medtl_windows *w, span rows)
{
    span s = {0, (rows.end + w->pad - 1) / w->stride + 1};

    if (rows.first + w->pad >= w->kernel)
        s.first = (rows.first + w->pad - w->kernel) / w->stride + 1;
    s.end = s.end < w->out_height ? s.end : w->out_height;
    return s;
}

/* A row of maxima, WIDTH channels of each pixel. */
static inline void max_row(const medtl_windows *w, size_t kernel, const float *x, size_t oh,
                           float *y, unsigned char *winners)
{
    const span h = inputs_of(oh, kernel, w->stride, w->pad, w->in_height);
    const size_t row = w->in_width * LANES, skipped = h.first + w->pad - oh * w->stride;

    for (size_t ow = 0; ow < w->out_width; ow++) {
        const span c = inputs_of(ow, kernel, w->stride, w->pad, w->in_width);
        const float *from = x + h.first * row + c.first * LANES;
        int32_t tap = (int32_t)(skipped * kernel + c.first + w->pad - ow * w->stride);
        vec best = GET(from);
        bits won = (bits){0} + tap;

        for (size_t i = h.first; i < h.end; i++, from += row, tap += (int32_t)kernel)
            for (size_t k = 0; k < c.end - c.first; k++) {
                const vec v = GET(from + k * LANES);
                const bits wins = lanes_beat(v, best);

                best = choose(wins, v, best);
                if (winners != NULL)
                    won = (wins & (tap + (int32_t)k)) | (~wins & won);
            }
        VEC(y + ow * LANES) = best;
        if (winners != NULL)
            *(bytes *)(winners + ow * LANES) = __builtin_convertvector(won, bytes);
    }
}

static inline void max_all(const medtl_windows *w, size_t kernel, const float *x, float *y,
                           unsigned char *winners, size_t first, size_t end)
{
    for (size_t oh = first; oh < end; oh++)
        for (size_t p = 0; p < LANES; p += WIDTH) {
            const size_t at = oh * w->out_width * LANES + p;

            if (winners != NULL)
                max_row(w, kernel, x + p, oh, y + at, winners + at);
            else
                max_row(w, kernel, x + p, oh, y + at, NULL);
        }
}

static void max_rows(const medtl_windows *w, const float *x, float *y, unsigned char *winners,
                     size_t first, size_t end)
{
    if (w->kernel == 3) /* a known size is quicker */
        max_all(w, 3, x, y, winners, first, end);
    else
        max_all(w, w->kernel, x, y, winners, first, end);
}

/* One over the values that the mean of window (oh, ow) counts. */
static inline float share_of(const medtl_windows *w, span h, span c)
{
    const size_t inside = (h.end - h.first) * (c.end - c.first);

    return 1.0f / (float)(w->count_pad ? w->kernel * w->kernel : inside);
}

/* A row of means, WIDTH channels of each pixel; with `norm`, of scale x + shift and its ReLU. */
static inline void mean_row(const medtl_windows *w, const float *x, size_t oh, const bool norm,
                            vec scale, vec shift, medtl_relu relu, float *y)
{
    const span h = inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height);
    const size_t row = w->in_width * LANES;

    for (size_t ow = 0; ow < w->out_width; ow++) {
        const span c = inputs_of(ow, w->kernel, w->stride, w->pad, w->in_width);
        vec total = {0};

        for (size_t i = h.first; i < h.end; i++)
            for (size_t k = c.first; k < c.end; k++) {
                const vec v = GET(x + i * row + k * LANES);

                total += norm ? rectified(v * scale + shift, relu) : v;
            }
        VEC(y + ow * LANES) = total * share_of(w, h, c);
    }
}

static void mean_rows(const medtl_windows *w, const float *x, float *y, size_t first, size_t end)
{
    const vec none = {0};

    for (size_t oh = first; oh < end; oh++)
        for (size_t p = 0; p < LANES; p += WIDTH)
            mean_row(w, x + p, oh, false, none, none, MEDTL_NO_RELU,
                     y + oh * w->out_width * LANES + p);
}

static void norm_mean_rows(const medtl_windows *w, const float *x, float *y, const float *scale,
                           const float *shift, medtl_relu relu, size_t first, size_t end)
{
    for (size_t oh = first; oh < end; oh++)
        for (size_t p = 0; p < LANES; p += WIDTH)
            mean_row(w, x + p, oh, true, GET(scale + p), GET(shift + p), relu,
                     y + oh * w->out_width * LANES + p);
}

/* Rows that are only added to begin with zeros. */
static inline void clear_rows(const medtl_windows *w, float *dx, span rows)
{
    memset(dx + rows.first * w->in_width * LANES, 0,
           (rows.end - rows.first) * w->in_width * LANES * sizeof *dx);
}

/* What row `oh` of windows gives to the inputs `rows`, WIDTH channels of each pixel. */
static inline void spread_max_row(const medtl_windows *w, size_t kernel, size_t oh, span rows,
                                  float *dx, const float *dy, const unsigned char *winners)
{
    const size_t row = w->in_width * LANES;
    const size_t skipped = (rows.first + w->pad - oh * w->stride) * kernel;

    for (size_t ow = 0; ow < w->out_width; ow++) {
        const span c = inputs_of(ow, kernel, w->stride, w->pad, w->in_width);
        const vec given = GET(dy + ow * LANES);
        const bits won = __builtin_convertvector(*(const bytes *)(winners + ow * LANES), bits);
        int32_t tap = (int32_t)(skipped + c.first + w->pad - ow * w->stride);
        float *to = dx + rows.first * row + c.first * LANES;

        for (size_t i = rows.first; i < rows.end; i++, to += row, tap += (int32_t)kernel)
            for (size_t k = 0; k < c.end - c.first; k++)
                VEC(to + k * LANES) += (vec)((bits)given & (bits)(won == tap + (int32_t)k));
    }
}

static void give_max_rows(const medtl_windows *w, float *dx, const float *dy,
                          const unsigned char *winners, size_t first, size_t end, bool accumulate)
{
    const span asked = {first, end}, windows = windows_over(w, asked);

    if (!accumulate)
        clear_rows(w, dx, asked);
    for (size_t oh = windows.first; oh < windows.end; oh++) {
        const span rows = both(asked, inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height));

        for (size_t p = 0; p < LANES; p += WIDTH) {
            const size_t at = oh * w->out_width * LANES + p;

            if (w->kernel == 3)
                spread_max_row(w, 3, oh, rows, dx + p, dy + at, winners + at);
            else
                spread_max_row(w, w->kernel, oh, rows, dx + p, dy + at, winners + at);
        }
    }
}

/* The same for means. */
static inline void spread_mean_row(const medtl_windows *w, size_t oh, span rows, float *dx,
                                   const float *dy)
{
    const span h = inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height);
    const size_t row = w->in_width * LANES;

    for (size_t ow = 0; ow < w->out_width; ow++) {
        const span c = inputs_of(ow, w->kernel, w->stride, w->pad, w->in_width);
        const vec given = GET(dy + ow * LANES) * share_of(w, h, c);
        float *to = dx + rows.first * row + c.first * LANES;

        for (size_t i = rows.first; i < rows.end; i++, to += row)
            for (size_t k = 0; k < c.end - c.first; k++)
                VEC(to + k * LANES) += given;
    }
}

static void give_mean_rows(const medtl_windows *w, float *dx, const float *dy, size_t first,
                           size_t end, bool accumulate)
{
    const span asked = {first, end}, windows = windows_over(w, asked);

    if (!accumulate)
        clear_rows(w, dx, asked);
    for (size_t oh = windows.first; oh < windows.end; oh++) {
        const span rows = both(asked, inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height));

        for (size_t p = 0; p < LANES; p += WIDTH)
            spread_mean_row(w, oh, rows, dx + p, dy + oh * w->out_width * LANES + p);
    }
}

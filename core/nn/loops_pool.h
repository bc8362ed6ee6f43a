/* Pooling over one block of 16 channels. Forward gathers the inputs of an output in registers, backward the
 * outputs that an input went into, so that every value is written once. Part of loops_body.h. */
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

/* The windows that input `in` lies in, given those of an input before it (or {0, 0}). */
static inline span outputs_of(span s, size_t in, const medtl_windows *w, size_t extent)
{
    while (s.first * w->stride + w->kernel <= in + w->pad)
        s.first++;
    while (s.end < extent && s.end * w->stride <= in + w->pad)
        s.end++;
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

/* A row of means, WIDTH channels of each pixel. */
static inline void mean_row(const medtl_windows *w, const float *x, size_t oh, float *y)
{
    const span h = inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height);
    const size_t row = w->in_width * LANES;

    for (size_t ow = 0; ow < w->out_width; ow++) {
        const span c = inputs_of(ow, w->kernel, w->stride, w->pad, w->in_width);
        vec total = {0};

        for (size_t i = h.first; i < h.end; i++)
            for (size_t k = c.first; k < c.end; k++)
                total += GET(x + i * row + k * LANES);
        VEC(y + ow * LANES) = total * share_of(w, h, c);
    }
}

static void mean_rows(const medtl_windows *w, const float *x, float *y, size_t first, size_t end)
{
    for (size_t oh = first; oh < end; oh++)
        for (size_t p = 0; p < LANES; p += WIDTH)
            mean_row(w, x + p, oh, y + oh * w->out_width * LANES + p);
}

/* What the windows `h` x `c` give to input (in_h, in_w), which was `total`. */
static inline vec gather_max(const medtl_windows *w, span h, span c, size_t in_h, size_t in_w,
                             const float *dy, const unsigned char *winners, vec total)
{
    for (size_t oh = h.first; oh < h.end; oh++)
        for (size_t ow = c.first; ow < c.end; ow++) {
            const size_t at = (oh * w->out_width + ow) * LANES;
            const size_t tap =
                (in_h + w->pad - oh * w->stride) * w->kernel + in_w + w->pad - ow * w->stride;
            const bits won = __builtin_convertvector(*(const bytes *)(winners + at), bits);

            total += (vec)((bits)GET(dy + at) & (bits)(won == (int32_t)tap));
        }
    return total;
}

static inline void give_max_row(const medtl_windows *w, span h, size_t in_h, float *dx,
                                const float *dy, const unsigned char *winners, bool accumulate)
{
    span c = {0, 0};

    for (size_t in_w = 0; in_w < w->in_width; in_w++) {
        vec *target = &VEC(dx + in_w * LANES);
        vec before = {0};

        if (accumulate)
            before = *target;
        c = outputs_of(c, in_w, w, w->out_width);
        *target = gather_max(w, h, c, in_h, in_w, dy, winners, before);
    }
}

static void give_max_rows(const medtl_windows *w, float *dx, const float *dy,
                          const unsigned char *winners, size_t first, size_t end, bool accumulate)
{
    span h = {0, 0};

    for (size_t in_h = first; in_h < end; in_h++) {
        h = outputs_of(h, in_h, w, w->out_height);
        for (size_t p = 0; p < LANES; p += WIDTH)
            give_max_row(w, h, in_h, dx + in_h * w->in_width * LANES + p, dy + p, winners + p,
                         accumulate);
    }
}

/* The same for a mean. */
static inline vec gather_mean(const medtl_windows *w, span h, span c, const float *dy, vec total)
{
    const bool even = w->count_pad || w->pad == 0; /* every window counts as many */
    float share = 1.0f / (float)(w->kernel * w->kernel);

    for (size_t oh = h.first; oh < h.end; oh++)
        for (size_t ow = c.first; ow < c.end; ow++) {
            if (!even)
                share = share_of(w, inputs_of(oh, w->kernel, w->stride, w->pad, w->in_height),
                                 inputs_of(ow, w->kernel, w->stride, w->pad, w->in_width));
            total += GET(dy + (oh * w->out_width + ow) * LANES) * share;
        }
    return total;
}

static inline void give_mean_row(const medtl_windows *w, span h, float *dx, const float *dy,
                                 bool accumulate)
{
    span c = {0, 0};

    for (size_t in_w = 0; in_w < w->in_width; in_w++) {
        vec *target = &VEC(dx + in_w * LANES);
        vec before = {0};

        if (accumulate)
            before = *target;
        c = outputs_of(c, in_w, w, w->out_width);
        *target = gather_mean(w, h, c, dy, before);
    }
}

static void give_mean_rows(const medtl_windows *w, float *dx, const float *dy, size_t first,
                           size_t end, bool accumulate)
{
    span h = {0, 0};

    for (size_t in_h = first; in_h < end; in_h++) {
        h = outputs_of(h, in_h, w, w->out_height);
        for (size_t p = 0; p < LANES; p += WIDTH)
            give_mean_row(w, h, dx + in_h * w->in_width * LANES + p, dy + p, accumulate);
    }
}

/* Loops over blocks of 16 channels: a lane is a channel. One block is as many vectors of the instruction set's own
 * width as it takes; sums go through one of them at a time, over few enough pixels that the cache still has them
 * for the next. Part of loops_body.h. */
enum {
    CHAINS = 4, /* sums that run side by side */
    FLUSH = 64  /* pixels until they go to double */
};

/* Where the mask (all bits or none in each lane) is set, a, else b. */
static inline vec choose(bits mask, vec a, vec b)
{
    return (vec)(((bits)a & mask) | ((bits)b & ~mask));
}

/* NaN stays. */
static inline vec rectified(vec v, medtl_relu kind)
{
    if (kind != MEDTL_NO_RELU)
        v = (vec)((bits)v & ~(bits)(v < 0.0f));
    if (kind == MEDTL_RELU6)
        v = choose((bits)(v > MEDTL_RELU6_MOST), (vec){0} + MEDTL_RELU6_MOST, v);
    return v;
}

/* dy counts where the ReLU of a norm let its value through. */
static inline vec let_through_norm(vec dy, vec x, vec scale, vec shift, medtl_relu kind)
{
    const vec v = x * scale + shift;

    if (kind != MEDTL_NO_RELU)
        dy = (vec)((bits)dy & (bits)(v > 0.0f));
    if (kind == MEDTL_RELU6)
        dy = (vec)((bits)dy & (bits)(v < MEDTL_RELU6_MOST));
    return dy;
}

/* Transposition goes by 4 x 4 values: every instruction set has vectors of four and shuffles for them, and they keep
 * up with memory. */
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

static inline void transpose_four(four *v)
{
    const four a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
    const four b = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
    const four c = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
    const four d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);

    v[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    v[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    v[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* to[j][i] (+)= from[i][j] for 16 x 16 values. */
static inline void transpose(const float *from, size_t from_stride, float *to, size_t to_stride,
                             bool accumulate)
{
    for (size_t i = 0; i < LANES; i += 4)
        for (size_t j = 0; j < LANES; j += 4) {
            four v[4];

            for (size_t k = 0; k < 4; k++)
                v[k] = *(const four *)(from + (i + k) * from_stride + j);
            transpose_four(v);
            for (size_t k = 0; k < 4; k++) {
                four *target = (four *)(to + (j + k) * to_stride + i);

                if (accumulate)
                    v[k] += *target;
                *target = v[k];
            }
        }
}

static inline void block_pixels(const float *x, size_t stride, float *y, size_t pixels,
                                bool accumulate)
{
    size_t i = 0;

    for (; i + LANES <= pixels; i += LANES)
        transpose(x + i, stride, y + i * LANES, LANES, accumulate);
    for (; i < pixels; i++)
        for (size_t c = 0; c < LANES; c++) {
            const float before = accumulate ? y[i * LANES + c] : 0.0f;

            y[i * LANES + c] = before + x[c * stride + i];
        }
}

static void block(const float *x, size_t stride, float *y, size_t pixels, bool accumulate)
{
    if (accumulate)
        block_pixels(x, stride, y, pixels, true);
    else
        block_pixels(x, stride, y, pixels, false);
}

static inline void unblock_pixels(const float *x, float *y, size_t stride, size_t pixels,
                                  bool accumulate)
{
    size_t i = 0;

    for (; i + LANES <= pixels; i += LANES)
        transpose(x + i * LANES, LANES, y + i, stride, accumulate);
    for (; i < pixels; i++)
        for (size_t c = 0; c < LANES; c++) {
            const float before = accumulate ? y[c * stride + i] : 0.0f;

            y[c * stride + i] = before + x[i * LANES + c];
        }
}

static void unblock(const float *x, float *y, size_t stride, size_t pixels, bool accumulate)
{
    if (accumulate)
        unblock_pixels(x, y, stride, pixels, true);
    else
        unblock_pixels(x, y, stride, pixels, false);
}

static inline void scale_pixels(const float *x, float *y, size_t pixels, const float *scale,
                                const float *shift, medtl_relu kind)
{
    vec a[PARTS], b[PARTS];

    for (size_t p = 0; p < PARTS; p++) {
        a[p] = GET(scale + p * WIDTH);
        b[p] = GET(shift + p * WIDTH);
    }
    for (size_t i = 0; i < pixels; i++)
        for (size_t p = 0; p < PARTS; p++) {
            const size_t at = i * LANES + p * WIDTH;
            const vec v = GET(x + at) * a[p] + b[p];

            VEC(y + at) = rectified(v, kind);
        }
}

static void block_scale_shift(const float *x, float *y, size_t pixels, const float *scale,
                              const float *shift, medtl_relu kind)
{
    if (kind == MEDTL_RELU) /* a loop without a branch inside for each */
        scale_pixels(x, y, pixels, scale, shift, MEDTL_RELU);
    else if (kind == MEDTL_RELU6)
        scale_pixels(x, y, pixels, scale, shift, MEDTL_RELU6);
    else
        scale_pixels(x, y, pixels, scale, shift, MEDTL_NO_RELU);
}

/* The end of the run of pixels that is summed up in float and begins at i. */
static inline size_t flush_end(size_t i, size_t pixels)
{
    return i + FLUSH < pixels ? i + FLUSH : pixels;
}

static inline void flush(const vec *chains, double *sums)
{
    const vec v = (chains[0] + chains[1]) + (chains[2] + chains[3]);

    for (int i = 0; i < WIDTH; i++)
        sums[i] += (double)v[i];
}

static void block_add_sums(const float *x, size_t pixels, double *sums)
{
    for (size_t first = 0; first < pixels; first += FLUSH)
        for (size_t p = 0; p < LANES; p += WIDTH) {
            const size_t end = flush_end(first, pixels);
            vec part[CHAINS] = {{0}};
            size_t i = first;

            for (; i + CHAINS <= end; i += CHAINS)
                for (size_t k = 0; k < CHAINS; k++)
                    part[k] += GET(x + (i + k) * LANES + p);
            for (; i < end; i++)
                part[0] += GET(x + i * LANES + p);
            flush(part, sums + p);
        }
}

static void block_give(float *y, const float *values, size_t pixels, bool accumulate)
{
    vec v[PARTS];

    for (size_t p = 0; p < PARTS; p++)
        v[p] = GET(values + p * WIDTH);
    for (size_t i = 0; i < pixels; i++)
        for (size_t p = 0; p < PARTS; p++) {
            float *target = y + i * LANES + p * WIDTH;

            if (accumulate)
                VEC(target) += v[p];
            else
                VEC(target) = v[p];
        }
}

/* A NaN stays until the next one. */
static inline bits lanes_beat(vec v, vec best) { return (bits)(v > best) | (bits)(v != v); }

static void block_largest(const float *x, size_t pixels, float *best, int32_t *winner)
{
    for (size_t p = 0; p < LANES; p += WIDTH) {
        vec top = GET(x + p);
        bits where = {0};

        for (size_t i = 1; i < pixels; i++) {
            const vec v = GET(x + i * LANES + p);
            const bits wins = lanes_beat(v, top);

            top = choose(wins, v, top);
            where = (wins & (int32_t)i) | (~wins & where);
        }
        VEC(best + p) = top;
        *(bits *)(winner + p) = where;
    }
}

static inline void add_moment(vec v, vec *sum_of, vec *square)
{
    *sum_of += v;
    *square += v * v;
}

static void block_add_moments(const float *x, size_t pixels, const float *origin, double *sums,
                              double *squares)
{
    for (size_t first = 0; first < pixels; first += FLUSH)
        for (size_t p = 0; p < LANES; p += WIDTH) {
            const size_t end = flush_end(first, pixels);
            const vec from = GET(origin + p);
            vec a[CHAINS] = {{0}}, b[CHAINS] = {{0}};
            size_t i = first;

            for (; i + CHAINS <= end; i += CHAINS)
                for (size_t k = 0; k < CHAINS; k++)
                    add_moment(GET(x + (i + k) * LANES + p) - from, &a[k], &b[k]);
            for (; i < end; i++)
                add_moment(GET(x + i * LANES + p) - from, &a[0], &b[0]);
            flush(a, sums + p);
            flush(b, squares + p);
        }
}

/* Lanes from p of the pixels [first, end). */
static inline void add_part_products(const float *dy, const float *x, size_t first, size_t end,
                                     const medtl_norm_block *block, size_t p, medtl_relu kind,
                                     double *sums, double *products)
{
    const vec mean = GET(block->mean + p);
    const vec scale = GET(block->scale + p), shift = GET(block->shift + p);
    vec a[CHAINS] = {{0}}, b[CHAINS] = {{0}};
    size_t i = first;

    for (; i + CHAINS <= end; i += CHAINS)
        for (size_t k = 0; k < CHAINS; k++) {
            const vec v = GET(x + (i + k) * LANES + p);
            const vec g = let_through_norm(GET(dy + (i + k) * LANES + p), v, scale, shift, kind);

            a[k] += g;
            b[k] += g * (v - mean);
        }
    for (; i < end; i++) {
        const vec v = GET(x + i * LANES + p);
        const vec g = let_through_norm(GET(dy + i * LANES + p), v, scale, shift, kind);

        a[0] += g;
        b[0] += g * (v - mean);
    }
    flush(a, sums + p);
    flush(b, products + p);
}

static void block_add_norm_products(const float *dy, const float *x, size_t pixels,
                                    const medtl_norm_block *channels, medtl_relu kind, double *sums,
                                    double *products)
{
    for (size_t first = 0; first < pixels; first += FLUSH)
        for (size_t p = 0; p < LANES; p += WIDTH) {
            const size_t end = flush_end(first, pixels);

            if (kind == MEDTL_RELU)
                add_part_products(dy, x, first, end, channels, p, MEDTL_RELU, sums, products);
            else if (kind == MEDTL_RELU6)
                add_part_products(dy, x, first, end, channels, p, MEDTL_RELU6, sums, products);
            else
                add_part_products(dy, x, first, end, channels, p, MEDTL_NO_RELU, sums, products);
        }
}

/* Lanes from p of all pixels. */
static inline void write_part_gradient(float *dx, const float *dy, const float *x, size_t pixels,
                                       const medtl_norm_block *k, size_t p, medtl_relu kind,
                                       bool accumulate)
{
    const vec scale = GET(k->scale + p), shift = GET(k->shift + p);
    const vec a = GET(k->a + p), b = GET(k->b + p), c = GET(k->c + p), mean = GET(k->mean + p);

    for (size_t i = p; i < pixels * LANES; i += LANES) {
        const vec v = GET(x + i), g = let_through_norm(GET(dy + i), v, scale, shift, kind);
        vec given = a * ((g + c) + b * (v - mean));

        if (accumulate)
            given = GET(dx + i) + given;
        VEC(dx + i) = given;
    }
}

static inline void write_block_gradient(float *dx, const float *dy, const float *x, size_t pixels,
                                        const medtl_norm_block *k, medtl_relu kind, bool accumulate)
{
    for (size_t first = 0; first < pixels; first += FLUSH)
        for (size_t p = 0; p < LANES; p += WIDTH)
            write_part_gradient(dx + first * LANES, dy + first * LANES, x + first * LANES,
                                flush_end(first, pixels) - first, k, p, kind, accumulate);
}

static inline void give_block_gradient(float *dx, const float *dy, const float *x, size_t pixels,
                                       const medtl_norm_block *k, medtl_relu kind, bool accumulate)
{
    if (accumulate)
        write_block_gradient(dx, dy, x, pixels, k, kind, true);
    else
        write_block_gradient(dx, dy, x, pixels, k, kind, false);
}

static void block_give_norm_gradient(float *dx, const float *dy, const float *x, size_t pixels,
                                     const medtl_norm_block *k, medtl_relu kind, bool accumulate)
{
    if (kind == MEDTL_RELU)
        give_block_gradient(dx, dy, x, pixels, k, MEDTL_RELU, accumulate);
    else if (kind == MEDTL_RELU6)
        give_block_gradient(dx, dy, x, pixels, k, MEDTL_RELU6, accumulate);
    else
        give_block_gradient(dx, dy, x, pixels, k, MEDTL_NO_RELU, accumulate);
}

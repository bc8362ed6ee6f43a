/* Batch norm over activations in blocks of 16 channels. A block's pixels are cut into pieces whose number follows
 * from the shape and the images alone; each has its sums, and they are added up in one order. Where there are enough
 * blocks for the threads, a block is one piece of work, so that the second walk finds it in the cache; else the
 * pieces are shared out. The bits are the same. */
#include "node_batch_norm.h"

enum {
    PIECE_PIXELS = 4096,   /* 256 KiB: an image is cut where its plane is larger */
    BLOCKS_A_THREAD = 4,   /* enough to share out whole blocks */
    HEAD = 64,             /* pixels whose mean is the origin to count from */
    SUMS = 2 * MEDTL_BLOCK /* of a piece: two for each channel */
};

static size_t block_count(const medtl_node *node) { return node->shape.channels / MEDTL_BLOCK; }

static size_t pieces_of_image(const medtl_node *node)
{
    return (medtl_shape_plane(node->shape) + PIECE_PIXELS - 1) / PIECE_PIXELS;
}

static size_t piece_count(const medtl_node *node, size_t images)
{
    return images * pieces_of_image(node);
}

size_t medtl_norm_blocked_state_size(const medtl_node *node, size_t count)
{
    return block_count(node) * piece_count(node, count) * SUMS * sizeof(double) / sizeof(float);
}

/* The sums of a piece; those of the first become those of the whole block. */
static double *sums_of(const medtl_node_run *run, size_t block, size_t piece)
{
    double *all = (double *)(run->state + 2 * run->node->shape.channels);

    return all + (block * piece_count(run->node, run->count) + piece) * SUMS;
}

static size_t pixels_in(const medtl_node_run *run, size_t piece)
{
    const size_t first = piece % pieces_of_image(run->node) * PIECE_PIXELS;
    const size_t left = medtl_shape_plane(run->node->shape) - first;

    return left < PIECE_PIXELS ? left : PIECE_PIXELS;
}

static float *piece_of(const medtl_node_run *run, medtl_tensor tensor, size_t block, size_t piece)
{
    const size_t pieces = pieces_of_image(run->node);

    return medtl_block_of(tensor, run->node->shape, piece / pieces, block) +
           piece % pieces * PIECE_PIXELS * MEDTL_BLOCK;
}

/* One of the two passes. `prepare` comes before the pieces' sums, `finish` behind them. */
typedef struct walk {
    const medtl_node_run *run;
    void (*prepare)(const medtl_node_run *run, size_t block);
    void (*sum)(const medtl_node_run *run, size_t block, size_t piece, double *sums);
    void (*finish)(const medtl_node_run *run, size_t block, const double *sums);
    void (*apply)(const medtl_node_run *run, size_t block, size_t first, size_t end);
    bool sums, applies;
} walk;

static void sum_piece(void *context, size_t item, size_t worker)
{
    const walk *w = context;
    const size_t pieces = piece_count(w->run->node, w->run->count);
    double *sums = sums_of(w->run, item / pieces, item % pieces);

    (void)worker;
    memset(sums, 0, SUMS * sizeof *sums);
    w->sum(w->run, item / pieces, item % pieces, sums);
}

static void add_up(const walk *w, size_t block)
{
    double *total = sums_of(w->run, block, 0);

    for (size_t piece = 1; piece < piece_count(w->run->node, w->run->count); piece++)
        for (size_t i = 0; i < SUMS; i++)
            total[i] += sums_of(w->run, block, piece)[i];
    w->finish(w->run, block, total);
}

static void apply_piece(void *context, size_t item, size_t worker)
{
    const walk *w = context;
    const size_t pieces = piece_count(w->run->node, w->run->count), piece = item % pieces;

    (void)worker;
    w->apply(w->run, item / pieces, piece, piece + 1);
}

static void walk_block(void *context, size_t block, size_t worker)
{
    walk *w = context;
    const size_t pieces = piece_count(w->run->node, w->run->count);

    if (w->sums) {
        w->prepare(w->run, block);
        for (size_t piece = 0; piece < pieces; piece++)
            sum_piece(w, block * pieces + piece, worker);
        add_up(w, block);
    }
    if (w->applies)
        w->apply(w->run, block, 0, pieces);
}

static void walk_pieces(walk *w)
{
    const size_t blocks = block_count(w->run->node);
    const size_t items = blocks * piece_count(w->run->node, w->run->count);

    if (w->sums) {
        for (size_t block = 0; block < blocks; block++)
            w->prepare(w->run, block);
        medtl_pool_for(w->run->pool, items, sum_piece, w);
        for (size_t block = 0; block < blocks; block++)
            add_up(w, block);
    }
    if (w->applies)
        medtl_pool_for(w->run->pool, items, apply_piece, w);
}

static void start(walk *w)
{
    const medtl_node_run *run = w->run;
    const size_t blocks = block_count(run->node), threads = medtl_pool_threads(run->pool);
    const bool small = run->count * medtl_shape_size(run->node->shape) <= MEDTL_PART_FLOATS;

    if (small || threads == 1 || blocks >= BLOCKS_A_THREAD * threads)
        medtl_pool_for(run->pool, blocks, walk_block, w);
    else
        walk_pieces(w);
}

/* The origin stands in the mean's place until the mean is known. */
static void set_origin(const medtl_node_run *run, size_t block)
{
    const size_t plane = medtl_shape_plane(run->node->shape), head = plane < HEAD ? plane : HEAD;
    double sums[MEDTL_BLOCK] = {0.0};

    medtl_loops_get()->blocked.add_sums(piece_of(run, run->x[0], block, 0), head, sums);
    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        run->state[2 * (block * MEDTL_BLOCK + i)] = (float)(sums[i] / (double)head);
}

static void add_moments(const medtl_node_run *run, size_t block, size_t piece, double *sums)
{
    float origin[MEDTL_BLOCK];

    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        origin[i] = run->state[2 * (block * MEDTL_BLOCK + i)];
    medtl_loops_get()->blocked.add_moments(piece_of(run, run->x[0], block, piece),
                                           pixels_in(run, piece), origin, sums, sums + MEDTL_BLOCK);
}

static void take_moments(const medtl_node_run *run, size_t block, const double *sums)
{
    for (size_t i = 0; i < MEDTL_BLOCK; i++) {
        const size_t c = block * MEDTL_BLOCK + i;

        medtl_norm_take_sums(run, c, run->state[2 * c], sums[i], sums[MEDTL_BLOCK + i]);
    }
}

/* From the last piece, which the cache is likeliest to have. */
static void normalise(const medtl_node_run *run, size_t block, size_t first, size_t end)
{
    float scale[MEDTL_BLOCK], shift[MEDTL_BLOCK];

    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        medtl_norm_forward_factors(run, block * MEDTL_BLOCK + i, &scale[i], &shift[i]);
    for (size_t piece = end; piece-- > first;)
        medtl_loops_get()->blocked.scale_shift(
            piece_of(run, run->x[0], block, piece), piece_of(run, run->y, block, piece),
            pixels_in(run, piece), scale, shift, run->node->relu);
}

void medtl_norm_blocked_forward(const medtl_node_run *run)
{
    walk w = {run, set_origin, add_moments, take_moments, normalise, medtl_norm_measures(run),
              true};

    for (size_t c = 0; c < run->node->shape.channels && medtl_norm_is_frozen(run); c++)
        medtl_norm_take_running(run, c);
    start(&w);
}

static void set_channel(medtl_norm_block *block, size_t i, const medtl_norm_channel *k)
{
    block->mean[i] = k->mean;
    block->scale[i] = k->scale;
    block->shift[i] = k->shift;
    block->a[i] = k->a;
    block->b[i] = k->b;
    block->c[i] = k->c;
}

static void prepare_nothing(const medtl_node_run *run, size_t block)
{
    (void)run;
    (void)block;
}

static void add_products(const medtl_node_run *run, size_t block, size_t piece, double *sums)
{
    medtl_norm_block k;

    for (size_t i = 0; i < MEDTL_BLOCK; i++) {
        const medtl_norm_channel channel = medtl_norm_channel_of(run, block * MEDTL_BLOCK + i);

        set_channel(&k, i, &channel);
    }
    medtl_loops_get()->blocked.add_norm_products(
        piece_of(run, run->dy, block, piece), piece_of(run, run->x[0], block, piece),
        pixels_in(run, piece), &k, run->node->relu, sums, sums + MEDTL_BLOCK);
}

static void take_products(const medtl_node_run *run, size_t block, const double *sums)
{
    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        medtl_norm_take_products(run, block * MEDTL_BLOCK + i, sums[i], sums[MEDTL_BLOCK + i]);
}

static void give_gradient(const medtl_node_run *run, size_t block, size_t first, size_t end)
{
    const double *sums = sums_of(run, block, 0);
    medtl_norm_block k;

    for (size_t i = 0; i < MEDTL_BLOCK; i++) {
        medtl_norm_channel channel = medtl_norm_channel_of(run, block * MEDTL_BLOCK + i);

        medtl_norm_backward_factors(run, block * MEDTL_BLOCK + i, sums[i], sums[MEDTL_BLOCK + i],
                                    &channel);
        set_channel(&k, i, &channel);
    }
    for (size_t piece = end; piece-- > first;)
        medtl_loops_get()->blocked.give_norm_gradient(
            piece_of(run, run->dx[0], block, piece), piece_of(run, run->dy, block, piece),
            piece_of(run, run->x[0], block, piece), pixels_in(run, piece), &k, run->node->relu,
            run->add[0]);
}

void medtl_norm_blocked_backward(const medtl_node_run *run)
{
    walk w = {run,  prepare_nothing,        add_products, take_products, give_gradient,
              true, run->dx[0].data != NULL};

    start(&w);
}

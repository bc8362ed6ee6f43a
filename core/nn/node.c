/* What several kinds of node share: walking elements in parallel, and the ReLU's derivative. */
#include "node_parts.h"

void medtl_node_for_parts(const medtl_node_run *run, medtl_pool_task task)
{
    medtl_pool_for(run->pool, run->count * medtl_node_part_count(run), task, (void *)run);
}

void medtl_node_mask_part(const medtl_node_run *run, medtl_part part)
{
    if (run->node->relu)
        medtl_loops_get()->mask(medtl_image_of(run->dy, part.image) + part.first,
                                medtl_image_of(run->y, part.image) + part.first,
                                part.end - part.first, run->node->relu);
}

static void mask_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;

    (void)worker;
    medtl_node_mask_part(run, medtl_node_part(run, item));
}

void medtl_node_mask_relu(const medtl_node_run *run)
{
    if (run->node->relu)
        medtl_node_for_parts(run, mask_part);
}

/* Rows are counted through all blocks of an image, so that small planes share a piece of work. */
typedef struct banding {
    const medtl_node_run *run;
    medtl_shape shape;
    size_t rows, pieces; /* in a piece; in an image */
    medtl_band_task *task;
} banding;

static void run_band(void *context, size_t item, size_t worker)
{
    const banding *b = context;
    const size_t height = b->shape.height, all = b->shape.channels / MEDTL_BLOCK * height;
    size_t row = item % b->pieces * b->rows;
    const size_t end = row + b->rows < all ? row + b->rows : all;

    (void)worker;
    while (row < end) {
        const size_t block = row / height, first = row % height;
        const size_t count = height - first < end - row ? height - first : end - row;
        const medtl_band band = {item / b->pieces, block, first, first + count};

        b->task(b->run, &band);
        row += count;
    }
}

void medtl_node_for_bands(const medtl_node_run *run, medtl_shape shape, medtl_band_task *task)
{
    const size_t row = shape.width * MEDTL_BLOCK;
    const size_t all = shape.channels / MEDTL_BLOCK * shape.height;
    banding b = {run, shape, row < MEDTL_PART_FLOATS ? MEDTL_PART_FLOATS / row : 1, 0, task};

    b.pieces = (all + b.rows - 1) / b.rows;
    medtl_pool_for(run->pool, run->count * b.pieces, run_band, &b);
}

typedef struct mapping {
    const medtl_node_run *run;
    medtl_map *map;
    medtl_map_gradient *gradient;
} mapping;

static void map_part(void *context, size_t item, size_t worker)
{
    const mapping *m = context;
    const medtl_part part = medtl_node_part(m->run, item);

    (void)worker;
    m->map(medtl_image_of(m->run->x[0], part.image) + part.first,
           medtl_image_of(m->run->y, part.image) + part.first, part.end - part.first);
}

void medtl_node_map(const medtl_node_run *run, medtl_map *map)
{
    mapping m = {run, map, NULL};

    medtl_pool_for(run->pool, run->count * medtl_node_part_count(run), map_part, &m);
}

static void map_gradient_part(void *context, size_t item, size_t worker)
{
    const mapping *m = context;
    const medtl_part part = medtl_node_part(m->run, item);

    (void)worker;
    m->gradient(medtl_image_of(m->run->x[0], part.image) + part.first,
                medtl_image_of(m->run->dy, part.image) + part.first,
                medtl_image_of(m->run->dx[0], part.image) + part.first, part.end - part.first,
                m->run->add[0]);
}

void medtl_node_map_gradient(const medtl_node_run *run, medtl_map_gradient *gradient)
{
    mapping m = {run, NULL, gradient};

    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count * medtl_node_part_count(run), map_gradient_part, &m);
}

void medtl_give_gradient(float *dx, const float *dy, size_t count, bool add)
{
    if (dx == dy)
        return; /* laid over one another: it is there already */
    if (add)
        medtl_loops_get()->add(dx, dy, count);
    else
        memcpy(dx, dy, count * sizeof *dx);
}

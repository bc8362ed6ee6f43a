/* What several kinds of node share: walking elements in parallel, and the ReLU's derivative. */
#include "node_parts.h"

void medtl_node_for_parts(const medtl_node_run *run, medtl_pool_task task)
{
    medtl_pool_for(run->pool, run->count * medtl_node_part_count(run), task, (void *)run);
}

static void mask_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);

    (void)worker;
    medtl_loops_get()->mask(medtl_image_of(run->dy, part.image) + part.first,
                            medtl_image_of(run->y, part.image) + part.first, part.end - part.first);
}

void medtl_node_mask_relu(const medtl_node_run *run)
{
    if (run->node->relu)
        medtl_node_for_parts(run, mask_part);
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

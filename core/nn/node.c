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
    const float *y = medtl_image_of(run->y, part.image);
    float *dy = medtl_image_of(run->dy, part.image);

    (void)worker;
    MEDTL_INDEPENDENT
    for (size_t i = part.first; i < part.end; i++)
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
}

void medtl_node_mask_relu(const medtl_node_run *run)
{
    if (run->node->relu)
        medtl_node_for_parts(run, mask_part);
}

void medtl_give_gradient(float *dx, const float *dy, size_t count, bool add)
{
    if (dx == dy)
        return; /* laid over one another: it is there already */
    if (add) {
        MEDTL_INDEPENDENT
        for (size_t i = 0; i < count; i++)
            dx[i] += dy[i];
    } else {
        memcpy(dx, dy, count * sizeof *dx);
    }
}

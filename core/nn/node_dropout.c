/* Dropout (Srivastava et al. 2014), kept values scaled by 1/(1-p) in training. Whether a value is kept
 * is a hash of (seed, node, image, place in memory), so that neither threads nor order matter and backward
 * asks the same question again. */
#include "graph.h"
#include "node_parts.h"

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    const float p = node->u.dropout.probability;

    if (!(p >= 0.0f && p < 1.0f))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "dropout probability %g is not in [0, 1)",
                          (double)p);
    node->shape = in[0];
    return MEDTL_OK;
}

/* The finaliser of splitmix64: every bit of the counter reaches every bit of the result. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static float factor(const medtl_node_run *run, uint64_t key, size_t element)
{
    const float p = run->node->u.dropout.probability;
    const uint64_t bits = mix(key + element * UINT64_C(0x9e3779b97f4a7c15));

    return (float)(bits >> 40) * 0x1.0p-24f < p ? 0.0f : 1.0f / (1.0f - p);
}

static uint64_t key_of(const medtl_node_run *run, size_t image)
{
    return mix(mix(run->seed + UINT64_C(0x9e3779b97f4a7c15)) +
               (uint64_t)run->index * UINT64_C(1000003) + ((uint64_t)image << 32));
}

static void forward_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);
    const uint64_t key = key_of(run, part.image);
    const float *x = medtl_image_of(run->x[0], part.image);
    float *y = medtl_image_of(run->y, part.image);

    (void)worker;
    for (size_t i = part.first; i < part.end; i++)
        y[i] = run->training ? x[i] * factor(run, key, i) : x[i];
}

static void forward(const medtl_node_run *run) { medtl_node_for_parts(run, forward_part); }

static void backward_part(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_part part = medtl_node_part(run, item);
    const uint64_t key = key_of(run, part.image);
    const float *dy = medtl_image_of(run->dy, part.image);
    float *dx = medtl_image_of(run->dx[0], part.image);

    (void)worker;
    for (size_t i = part.first; i < part.end; i++)
        dx[i] = (run->add[0] ? dx[i] : 0.0f) + dy[i] * factor(run, key, i);
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_node_for_parts(run, backward_part);
}

const medtl_node_ops medtl_node_dropout = {.kind = "dropout",
                                           .elementwise = true,
                                           .takes_blocked = true,
                                           .plan = plan,
                                           .forward = forward,
                                           .backward = backward};

size_t medtl_graph_dropout(medtl_graph *graph, size_t x, float probability)
{
    medtl_node node = {.ops = &medtl_node_dropout, .inputs = {x}, .input_count = 1};

    if (probability == 0.0f)
        return x;
    node.u.dropout.probability = probability;
    return medtl_graph_append(graph, &node) != NULL ? graph->node_count - 1 : 0;
}

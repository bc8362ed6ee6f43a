/* Support vector machines with Gaussian kernel, one for each output, on shared vectors:
 *
 *     y_k = bias_k + sum_i coefficient_ki exp(-|z - v_i|^2)
 *
 * The kernel's width is part of z's scale (node_distance.h). */
#include "node_distance.h"

#include <math.h>
#include <string.h>

enum { STANDARD, VECTORS, COEFFICIENTS, BIAS }; /* parameters */

/* z, and the kernel's values of all vectors. */
static size_t scratch_size(const medtl_node *node, bool training)
{
    (void)training;
    return node->u.classifier.size + node->u.classifier.vectors;
}

static void kernel_values(const medtl_node_run *run, const float *x, float *z, float *values)
{
    medtl_distance_standardise(run, x, z);
    for (size_t i = 0; i < run->node->u.classifier.vectors; i++)
        values[i] = (float)exp(-medtl_distance_squared(run, z, i));
}

static void forward_image(void *context, size_t image, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t vectors = run->node->u.classifier.vectors;
    float *z = run->scratch + worker * run->scratch_stride;
    float *values = z + run->node->u.classifier.size;
    float *y = medtl_image_of(run->y, image);

    kernel_values(run, medtl_image_of(run->x[0], image), z, values);
    for (size_t k = 0; k < run->node->shape.channels; k++) {
        const float *row = run->parameters[COEFFICIENTS] + k * vectors;
        double sum = (double)run->parameters[BIAS][k];

        for (size_t i = 0; i < vectors; i++)
            sum += (double)row[i] * (double)values[i];
        y[k] = (float)sum;
    }
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count, forward_image, (void *)run);
}

/* dy/dx = -2 scale sum_i (sum_k dy_k coefficient_ki) K_i (z - v_i). The machine itself is not trained: its parameters
 * get no gradient. */
static void backward_image(void *context, size_t image, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t size = run->node->u.classifier.size, vectors = run->node->u.classifier.vectors;
    const float *scale = run->parameters[STANDARD] + size, *dy = medtl_image_of(run->dy, image);
    float *z = run->scratch + worker * run->scratch_stride, *values = z + size;
    float *dx = medtl_image_of(run->dx[0], image);

    kernel_values(run, medtl_image_of(run->x[0], image), z, values);
    if (!run->add[0])
        memset(dx, 0, size * sizeof *dx);
    for (size_t i = 0; i < vectors; i++) {
        const float *v = run->parameters[VECTORS] + i * size;
        double share = 0.0;

        for (size_t k = 0; k < run->node->shape.channels; k++)
            share += (double)dy[k] * (double)run->parameters[COEFFICIENTS][k * vectors + i];
        share *= -2.0 * (double)values[i];
        for (size_t j = 0; j < size; j++)
            dx[j] += (float)(share * (double)scale[j]) * (z[j] - v[j]);
    }
}

static void backward(const medtl_node_run *run)
{
    if (run->dx[0].data != NULL)
        medtl_pool_for(run->pool, run->count, backward_image, (void *)run);
}

const medtl_node_ops medtl_node_kernel = {.kind = "kernel",
                                          .plan = medtl_distance_plan,
                                          .scratch_size = scratch_size,
                                          .forward = forward,
                                          .backward = backward};

size_t medtl_graph_kernel(medtl_graph *graph, size_t x, size_t outputs, size_t vectors,
                          const char *name)
{
    if (!medtl_graph_distance(graph, &medtl_node_kernel, x, outputs, vectors, 0, name))
        return 0;
    medtl_graph_declare(graph, "coefficients", MEDTL_PARAMETER_WEIGHT, MEDTL_INIT_ZERO,
                        (const size_t[]){outputs, vectors}, 2);
    medtl_graph_declare(graph, "bias", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ZERO, &outputs, 1);
    return graph->node_count - 1;
}

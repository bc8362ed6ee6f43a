/* Pixels become tokens: a learned class token is put before them and learned positions are added (Dosovitskiy et
 * al. 2021). [c][h][w] -> [c][1][1 + h w]. Parameters as timm's: cls_token [1][1][c], pos_embed [1][1 + h w][c]. */
#include "graph.h"
#include "node_parts.h"

enum { CLASS, POSITIONS };

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    (void)err; /* every shape is fine */
    node->shape = (medtl_shape){in[0].channels, 1, 1 + medtl_shape_plane(in[0])};
    return MEDTL_OK;
}

static void forward_channel(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape out = run->node->shape;
    const size_t n = item / out.channels, c = item % out.channels;
    const float *x = medtl_image_of(run->x[0], n) + c * (out.width - 1);
    const float *positions = run->parameters[POSITIONS] + c;
    float *y = medtl_image_of(run->y, n) + c * out.width;

    (void)worker;
    y[0] = run->parameters[CLASS][c] + positions[0];
    for (size_t i = 1; i < out.width; i++)
        y[i] = x[i - 1] + positions[i * out.channels];
}

static void forward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->count * run->node->shape.channels, forward_channel, (void *)run);
}

static void backward_channel(void *context, size_t c, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_shape out = run->node->shape;
    float *positions = run->gradients[POSITIONS] + c;

    (void)worker;
    for (size_t i = 0; i < out.width; i++) {
        double sum = 0.0;

        for (size_t n = 0; n < run->count; n++)
            sum += (double)medtl_image_of(run->dy, n)[c * out.width + i];
        positions[i * out.channels] = (float)sum;
    }
    run->gradients[CLASS][c] = positions[0];
    for (size_t n = 0; run->dx[0].data != NULL && n < run->count; n++)
        medtl_give_gradient(medtl_image_of(run->dx[0], n) + c * (out.width - 1),
                            medtl_image_of(run->dy, n) + c * out.width + 1, out.width - 1,
                            run->add[0]);
}

static void backward(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, run->node->shape.channels, backward_channel, (void *)run);
}

const medtl_node_ops medtl_node_class_token = {
    .kind = "class_token", .plan = plan, .forward = forward, .backward = backward};

size_t medtl_graph_class_token(medtl_graph *graph, size_t x)
{
    const medtl_node node = {.ops = &medtl_node_class_token, .inputs = {x}, .input_count = 1};
    const medtl_node *added = medtl_graph_append(graph, &node);
    size_t channels, tokens;

    if (added == NULL)
        return 0;
    channels = added->shape.channels;
    tokens = added->shape.width;
    medtl_graph_declare(graph, "cls_token", MEDTL_PARAMETER_BIAS, MEDTL_INIT_NORMAL,
                        (const size_t[]){1, 1, channels}, 3);
    medtl_graph_declare(graph, "pos_embed", MEDTL_PARAMETER_BIAS, MEDTL_INIT_NORMAL,
                        (const size_t[]){1, tokens, channels}, 3);
    return graph->node_count - 1;
}

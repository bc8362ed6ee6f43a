/* Backward over a training pass: gradients of the parameters, or of one activation. */
#include "trainer_pass.h"

#include <string.h>

static void pack_node_backward(void *context, size_t index, size_t worker)
{
    const medtl_trainer_pass *pass = context;
    const medtl_node_run *run = &pass->runs[index];

    (void)worker;
    if (run->node->ops == &medtl_node_conv && run->training_conv == NULL && run->dx[0].data != NULL)
        medtl_conv_backward_data_pack(&run->node->u.conv, run->parameters[0],
                                      (float *)run->packed_backward);
}

/* The nodes of [start, end) that forward did not keep. */
static void compute_again(medtl_trainer_pass *pass, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (pass->activations->again[i]) {
            pass->runs[i].again = true;
            pass->runs[i].node->ops->forward(&pass->runs[i]);
        }
}

/* Add what the caller gave for node `index` to its gradient, which is zero where nobody reads it. */
static void take_given(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const medtl_tensor dy = pass->runs[index].dy;
    const size_t size = medtl_shape_size(graph->nodes[index].shape);

    if (index + 1 != graph->node_count && medtl_graph_last_reader(graph, index) == index)
        for (size_t n = 0; n < pass->count; n++)
            memset(medtl_image_of(dy, n), 0, size * sizeof(float));
    for (size_t i = 0; i < graph->output_count; i++)
        for (size_t n = 0;
             graph->outputs[i].node == index && pass->given[i] != NULL && n < pass->count; n++)
            medtl_give_gradient(medtl_image_of(dy, n), pass->given[i] + n * size, size, true);
}

/* Start a backward: the logits' derivatives at the last node. */
static void take_dlogits(medtl_trainer_pass *pass, const float *dlogits)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const size_t classes = pass->network->spec.classes;
    const medtl_node_run *output = &pass->runs[graph->node_count - 1];

    medtl_pool_for(pass->pool, graph->node_count, pack_node_backward, pass);
    for (size_t n = 0; n < pass->count; n++)
        memcpy(medtl_image_of(output->dy, n), dlogits + n * classes, classes * sizeof(float));
}

void medtl_trainer_pass_backward(medtl_trainer_pass *pass, const float *dlogits)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    take_dlogits(pass, dlogits);
    for (size_t s = pass->segments.count; s-- > 0;) {
        const size_t start = pass->segments.starts[s] > 0 ? pass->segments.starts[s] : 1;
        const size_t end = medtl_segment_end(&pass->segments, graph, s);

        if (end <= pass->first)
            break;
        compute_again(pass, start, end);
        for (size_t i = end; i-- > start && i >= pass->first;) {
            if (medtl_graph_is_output(graph, i) || medtl_graph_last_reader(graph, i) == i)
                take_given(pass, i);
            graph->nodes[i].ops->backward(&pass->runs[i]);
            medtl_trainer_pass_take_gradients(pass, i);
        }
    }
    memset(pass->given, 0, sizeof pass->given);
}

/* The nodes that node `from` reaches, in one sweep, since inputs come first. */
static void find_reached(const medtl_graph *graph, size_t from, bool *reached)
{
    memset(reached, 0, graph->node_count * sizeof *reached);
    reached[from] = true;
    for (size_t i = from + 1; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count; k++)
            reached[i] = reached[i] || reached[graph->nodes[i].inputs[k]];
}

/* The gradient of node `index` as [count][c][h][w], whatever its layout, without channels that were filled up. */
static void copy_gradient(const medtl_trainer_pass *pass, size_t index, medtl_shape shape,
                          float *to)
{
    const medtl_node *node = &medtl_trainer_pass_graph(pass)->nodes[index];
    const size_t size = medtl_shape_size(shape), plane = medtl_shape_plane(shape);

    for (size_t n = 0; n < pass->count; n++, to += size) {
        const float *from = medtl_image_of(pass->runs[index].dy, n);

        for (size_t i = 0; i < size; i++) {
            const size_t c = i / plane, pixel = i % plane;

            to[i] = node->blocked
                        ? from[(c / MEDTL_BLOCK * plane + pixel) * MEDTL_BLOCK + c % MEDTL_BLOCK]
                        : from[i];
        }
    }
}

bool medtl_trainer_pass_output_gradient(medtl_trainer_pass *pass, const float *dlogits,
                                        const char *name, float *gradient)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);
    size_t target;

    if (output == NULL)
        return false;
    memset(pass->given, 0, sizeof pass->given);
    /* A named output is plain; where its node works on blocks, that is the one with all the readers. */
    target = output->node;
    if (graph->nodes[target].ops == &medtl_node_unblock)
        target = graph->nodes[target].inputs[0];
    if (target < pass->first && pass->first > 1) /* what it takes was not kept */
        return false;
    find_reached(graph, target, pass->reached);
    take_dlogits(pass, dlogits);
    for (size_t s = pass->segments.count; s-- > 0;) {
        const size_t start = pass->segments.starts[s] > 0 ? pass->segments.starts[s] : 1;
        const size_t end = medtl_segment_end(&pass->segments, graph, s);

        if (end <= target + 1)
            break;
        compute_again(pass, start, end);
        for (size_t i = end; i-- > start && i > target;) {
            if (!pass->reached[i])
                continue;
            if (medtl_graph_last_reader(graph, i) == i)
                take_given(pass, i); /* zero, where it is not the logits */
            graph->nodes[i].ops->backward(&pass->runs[i]);
            medtl_trainer_pass_take_gradients(pass, i);
        }
    }
    if (medtl_graph_last_reader(graph, target) == target)
        take_given(pass, target);
    copy_gradient(pass, target, graph->nodes[output->node].shape, gradient);
    return true;
}

bool medtl_trainer_pass_give_gradient(medtl_trainer_pass *pass, const char *name,
                                      const float *gradient)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);

    if (output == NULL)
        return false;
    pass->given[output - graph->outputs] = gradient;
    return true;
}

static bool is_trained_from(const medtl_trainer_pass *pass, const medtl_node *node, uint32_t stage)
{
    for (size_t k = 0; k < node->parameter_count; k++) {
        const medtl_parameter *p = &pass->network->parameters[node->parameters[k]];

        if (p->role != MEDTL_PARAMETER_STATISTIC && p->stage >= stage)
            return true;
    }
    return false;
}

void medtl_trainer_pass_train_from(medtl_trainer_pass *pass, uint32_t stage)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    pass->first = 1;
    while (stage > 0 && pass->first < graph->node_count &&
           !is_trained_from(pass, &graph->nodes[pass->first], stage))
        pass->first++;
    medtl_trainer_pass_lay_out_part(pass);
}

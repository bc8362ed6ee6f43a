/* Forward over a network for batches of one size. All memory is allocated on creation: a pass cannot fail. */
#include "trainer_pass.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BATCH = 65536, MOST_THREADS = 1024 }; /* keep every product of sizes below 2^64 */

/* Nodes keep the indices of the network's graph: random streams are numbered by them. */
static medtl_status start_runs(medtl_trainer_pass *pass, medtl_error *err)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    pass->runs = calloc(graph->node_count, sizeof *pass->runs);
    pass->reached = calloc(graph->node_count, sizeof *pass->reached);
    if (pass->runs == NULL || pass->reached == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a training pass");
    for (size_t i = 0; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];

        medtl_node_run_init(run, graph, i);
        run->index = pass->training.origin[i];
        run->training_conv = pass->training.convs[i];
        run->conv = run->training_conv != NULL ? &run->training_conv->conv : NULL;
    }
    return MEDTL_OK;
}

/* Does nothing but batch norms that take the mean away read node `index`? */
static bool only_norms_read(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    if (medtl_graph_is_output(graph, index))
        return false;
    for (size_t i = index + 1; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count; k++)
            if (graph->nodes[i].inputs[k] == index &&
                (graph->nodes[i].ops != &medtl_node_batch_norm || pass->runs[i].frozen))
                return false;
    return !graph->nodes[index].relu;
}

static void mark_norms(medtl_trainer_pass *pass)
{
    for (size_t i = 1; i < medtl_trainer_pass_graph(pass)->node_count; i++)
        pass->runs[i].before_norm = only_norms_read(pass, i);
}

/* A depthwise convolution's walk masks dx for the ReLU of the convolution before it, if that has no other reader. */
static void share_masks(medtl_trainer_pass *pass)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    for (size_t i = 1; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];
        const size_t input = run->node->inputs[0];

        if (run->training_conv == NULL || !run->training_conv->depthwise || input == 0 ||
            pass->runs[input].training_conv == NULL || medtl_graph_reader_count(graph, input) != 1)
            continue;
        run->input_relu = graph->nodes[input].relu;
        pass->runs[input].dy_masked = true;
    }
}

static medtl_status create(medtl_network *network, size_t batch, size_t threads, bool recompute,
                           medtl_trainer_pass **out, medtl_error *err)
{
    medtl_trainer_pass *pass;
    medtl_status status = MEDTL_OK;

    *out = NULL;
    if (batch == 0 || batch > MOST_BATCH || threads == 0 || threads > MOST_THREADS)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a batch of %zu images on %zu threads", batch,
                          threads);
    pass = calloc(1, sizeof *pass);
    if (pass == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a training pass");
    pass->network = network;
    pass->batch = batch;
    if ((status = medtl_training_graph_create(&network->graph, &pass->training, err)) != MEDTL_OK ||
        (status = start_runs(pass, err)) != MEDTL_OK ||
        (status = medtl_pool_create(threads, &pass->pool, err)) != MEDTL_OK ||
        (status = medtl_trainer_pass_reserve(pass, threads, recompute, err)) != MEDTL_OK)
        goto done;
    mark_norms(pass);
    share_masks(pass);
    *out = pass;
    pass = NULL;
done:
    medtl_trainer_pass_destroy(pass);
    return status;
}

medtl_status medtl_trainer_pass_create(medtl_network *network, size_t batch, size_t threads,
                                       medtl_trainer_pass **out, medtl_error *err)
{
    return create(network, batch, threads, false, out, err);
}

medtl_status medtl_trainer_pass_create_recomputing(medtl_network *network, size_t batch,
                                                   size_t threads, medtl_trainer_pass **out,
                                                   medtl_error *err)
{
    return create(network, batch, threads, true, out, err);
}

size_t medtl_trainer_pass_memory(const medtl_trainer_pass *pass)
{
    return pass->floats * sizeof(float);
}

size_t medtl_trainer_pass_activation_memory(const medtl_trainer_pass *pass)
{
    return pass->activations->total * pass->batch * sizeof(float);
}

void medtl_trainer_pass_destroy(medtl_trainer_pass *pass)
{
    if (pass == NULL)
        return;
    medtl_pool_destroy(pass->pool);
    medtl_training_graph_clear(&pass->training);
    medtl_trainer_pass_release(pass);
    free(pass->runs);
    free(pass->reached);
    free(pass);
}

static void pack_node(void *context, size_t index, size_t worker)
{
    const medtl_trainer_pass *pass = context;
    const medtl_node_run *run = &pass->runs[index];

    (void)worker;
    if (run->node->ops == &medtl_node_conv && run->training_conv == NULL)
        medtl_conv_pack(&run->node->u.conv, run->parameters[0], (float *)run->packed);
}

static const float *run_forward(medtl_trainer_pass *pass, const float *input, size_t count,
                                bool training, uint64_t seed)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const size_t classes = pass->network->spec.classes;
    const medtl_tensor in = {(float *)input, medtl_shape_size(graph->nodes[0].shape)};
    const medtl_node_run *output = &pass->runs[graph->node_count - 1];

    pass->count = count;
    medtl_trainer_pass_fill(pass);
    medtl_pool_for(pass->pool, graph->node_count, pack_node, pass);
    for (size_t i = 1; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];

        run->count = count;
        run->training = training;
        run->again = false;
        run->seed = seed;
        for (size_t k = 0; k < run->node->input_count; k++)
            if (run->node->inputs[k] == 0)
                run->x[k] = in;
        run->node->ops->forward(run);
    }
    if (training)
        medtl_trainer_pass_take_statistics(pass);
    for (size_t n = 0; n < count; n++)
        memcpy(pass->logits + n * classes, medtl_image_of(output->y, n), classes * sizeof(float));
    return pass->logits;
}

const float *medtl_trainer_pass_forward(medtl_trainer_pass *pass, const float *input, size_t count,
                                        uint64_t dropout_seed)
{
    return run_forward(pass, input, count, true, dropout_seed);
}

const float *medtl_trainer_pass_evaluate(medtl_trainer_pass *pass, const float *input, size_t count)
{
    return run_forward(pass, input, count, false, 0);
}

void medtl_trainer_pass_settle_norms(medtl_trainer_pass *pass, const float *input, size_t count)
{
    const size_t nodes = medtl_trainer_pass_graph(pass)->node_count;

    for (size_t i = 1; i < nodes; i++)
        pass->runs[i].settles = pass->runs[i].node->ops == &medtl_node_batch_norm;
    (void)run_forward(pass, input, count, true, 0);
    for (size_t i = 1; i < nodes; i++)
        pass->runs[i].settles = false;
}

const float *medtl_trainer_pass_output(const medtl_trainer_pass *pass, const char *name,
                                       size_t *size, size_t *stride)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);

    if (output == NULL)
        return NULL;
    *size = medtl_shape_size(graph->nodes[output->node].shape);
    *stride = pass->runs[output->node].y.stride;
    return pass->runs[output->node].y.data;
}

void medtl_trainer_pass_freeze_norms(medtl_trainer_pass *pass, uint32_t stage)
{
    const size_t count = medtl_trainer_pass_graph(pass)->node_count;

    for (size_t i = 1; i < count; i++) {
        const medtl_node *node = pass->runs[i].node;

        pass->runs[i].frozen = node->ops == &medtl_node_batch_norm &&
                               pass->network->parameters[node->parameters[0]].stage < stage;
    }
    mark_norms(pass);
}

const float *medtl_trainer_pass_gradient(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++)
            if (graph->nodes[i].parameters[k] == index)
                return pass->runs[i].gradients[k];
    return NULL;
}

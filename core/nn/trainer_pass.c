/* Forward and backward over a network for batches of one size. All memory is laid out on creation:
 * activations stay until backward or are computed again then (segments.h), gradients of activations share an
 * arena by lifetime. */
#include "layout.h"
#include "network_parts.h"
#include "node_parts.h"
#include "training_graph.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BATCH = 65536, MOST_THREADS = 1024 }; /* keep every product of sizes below 2^64 */

struct medtl_trainer_pass {
    medtl_network *network;
    medtl_training_graph training;
    size_t batch, count; /* largest, and of the last forward */
    medtl_pool *pool;
    medtl_node_run *runs;    /* one for each node */
    medtl_segments segments; /* one, unless activations are computed again */
    medtl_layout activations, gradients;
    float *activation_arena, *gradient_arena;
    float *parameter_gradients, *states, *packed, *packed_backward, *packed_blocked, *scratch,
        *shared;
    float *logits;
    size_t floats; /* of all these blocks */
    size_t
        first; /* backward ends with this node: those before it have no parameter that is trained */
    const float
        *given[MEDTL_MOST_OUTPUTS]; /* derivatives by named outputs, for the next backward */
    bool *reached; /* by the output whose gradient is asked for: one for each node */
};

static const medtl_graph *graph_of(const medtl_trainer_pass *pass) { return &pass->training.graph; }

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; } /* 64 bytes */

/* Carve `size` floats off a block that is being measured (base NULL) or handed out. */
static float *carve(float *base, size_t *used, size_t size)
{
    float *part = base != NULL && size > 0 ? base + *used : NULL;

    *used += round_up(size);
    return part;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Pass over the nodes twice: first to measure the blocks, then to hand out their parts. */
typedef struct sizes {
    size_t gradients, states, packed, packed_backward, scratch, shared;
    size_t packed_blocked; /* one block of `packed` for all convolutions on blocks in turn */
} sizes;

static void share_out_conv(const medtl_trainer_pass *pass, medtl_node_run *run, sizes *s)
{
    const medtl_conv_shape *shape = &run->node->u.conv;
    const medtl_blocked_training *training = run->training_conv;

    if (training != NULL) {
        run->packed = pass->packed_blocked;
        s->packed_blocked = larger(s->packed_blocked, medtl_blocked_training_packed_size(training));
        s->shared = larger(s->shared, medtl_blocked_training_shared_size(training, pass->batch));
        s->scratch = larger(s->scratch, round_up(medtl_blocked_training_scratch_size(training)));
        return;
    }
    run->packed = carve(pass->packed, &s->packed, medtl_conv_packed_size(shape));
    run->packed_backward = carve(pass->packed_backward, &s->packed_backward,
                                 medtl_conv_backward_data_packed_size(shape));
}

static sizes share_out(medtl_trainer_pass *pass)
{
    const medtl_graph *graph = graph_of(pass);
    sizes s = {0};

    for (size_t i = 0; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];
        const medtl_node *node = run->node;

        if (node->ops->state_size != NULL)
            run->state = carve(pass->states, &s.states, node->ops->state_size(node, pass->batch));
        if (node->ops == &medtl_node_conv)
            share_out_conv(pass, run, &s);
        for (size_t k = 0; k < node->parameter_count; k++) {
            const medtl_parameter *p = &pass->network->parameters[node->parameters[k]];

            run->parameters[k] = p->value;
            if (p->role != MEDTL_PARAMETER_STATISTIC)
                run->gradients[k] = carve(pass->parameter_gradients, &s.gradients, p->size);
        }
        if (node->ops->scratch_size != NULL && run->training_conv == NULL)
            s.scratch = larger(s.scratch, round_up(node->ops->scratch_size(node, true)));
    }
    return s;
}

static float *allocate_block(medtl_trainer_pass *pass, size_t floats)
{
    pass->floats += floats;
    return medtl_floats_allocate(floats);
}

static medtl_status allocate(medtl_trainer_pass *pass, size_t threads, medtl_error *err)
{
    const sizes s = share_out(pass);

    pass->parameter_gradients = allocate_block(pass, s.gradients);
    pass->states = allocate_block(pass, s.states);
    pass->packed = allocate_block(pass, s.packed);
    pass->packed_backward = allocate_block(pass, s.packed_backward);
    pass->packed_blocked = allocate_block(pass, s.packed_blocked);
    pass->shared = allocate_block(pass, s.shared);
    pass->scratch = allocate_block(pass, s.scratch * threads);
    pass->activation_arena = allocate_block(pass, pass->activations.total * pass->batch);
    pass->gradient_arena = allocate_block(pass, pass->gradients.total * pass->batch);
    pass->logits = allocate_block(pass, pass->batch * pass->network->spec.classes);
    if (pass->parameter_gradients == NULL || pass->states == NULL || pass->packed == NULL ||
        pass->packed_backward == NULL || pass->packed_blocked == NULL || pass->shared == NULL ||
        pass->scratch == NULL || pass->activation_arena == NULL || pass->gradient_arena == NULL ||
        pass->logits == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training batches of %zu images",
                          pass->batch);
    memset(pass->parameter_gradients, 0, s.gradients * sizeof(float));
    (void)share_out(pass);
    for (size_t i = 0; i < graph_of(pass)->node_count; i++) {
        pass->runs[i].scratch = pass->scratch;
        pass->runs[i].scratch_stride = s.scratch;
        pass->runs[i].shared = pass->shared;
    }
    return MEDTL_OK;
}

/* Does nothing but batch norms that take the mean away read node `index`? */
static bool only_norms_read(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = graph_of(pass);

    if (medtl_graph_is_output(graph, index))
        return false;
    for (size_t i = index + 1; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].input_count; k++)
            if (graph->nodes[i].inputs[k] == index &&
                (graph->nodes[i].ops != &medtl_node_batch_norm || pass->runs[i].frozen))
                return false;
    return !graph->nodes[index].relu;
}

/* Point every node at its activations and gradients. */
static void connect(medtl_trainer_pass *pass)
{
    const medtl_graph *graph = graph_of(pass);

    for (size_t i = 1; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];

        run->pool = pass->pool;
        run->y = medtl_layout_tensor(&pass->activations, pass->activation_arena, pass->batch, i);
        run->dy = medtl_layout_tensor(&pass->gradients, pass->gradient_arena, pass->batch, i);
        run->before_norm = only_norms_read(pass, i);
        for (size_t k = 0; k < run->node->input_count; k++) {
            const size_t input = run->node->inputs[k];

            if (input == 0)
                continue; /* the caller's: set by each forward, and needs no gradient */
            run->x[k] =
                medtl_layout_tensor(&pass->activations, pass->activation_arena, pass->batch, input);
            run->dx[k] =
                medtl_layout_tensor(&pass->gradients, pass->gradient_arena, pass->batch, input);
            run->add[k] = medtl_graph_last_reader(graph, input) != i;
        }
    }
}

/* More segments keep less between them and have less inside them, but their boundaries add up: try. */
static medtl_status lay_segments(medtl_trainer_pass *pass, medtl_error *err)
{
    static const size_t wanted[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
    const medtl_graph *graph = graph_of(pass);

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        medtl_segments segments = {0};
        medtl_layout layout = {0};
        medtl_status status;

        if ((status = medtl_segments_create(graph, wanted[i], &segments, err)) != MEDTL_OK ||
            (status = medtl_layout_create(graph, MEDTL_LAYOUT_TRAIN, &segments, &layout, err)) !=
                MEDTL_OK) {
            medtl_segments_clear(&segments);
            return status;
        }
        if (layout.total < pass->activations.total) {
            const medtl_segments old_segments = pass->segments;
            const medtl_layout old_layout = pass->activations;

            pass->segments = segments;
            pass->activations = layout;
            segments = old_segments;
            layout = old_layout;
        }
        medtl_segments_clear(&segments);
        medtl_layout_clear(&layout);
    }
    return MEDTL_OK;
}

static medtl_status lay_out(medtl_trainer_pass *pass, bool recompute, medtl_error *err)
{
    const medtl_graph *graph = graph_of(pass);
    medtl_status status;

    if ((status = medtl_segments_create_one(&pass->segments, err)) != MEDTL_OK ||
        (status = medtl_layout_create(graph, MEDTL_LAYOUT_TRAIN, &pass->segments,
                                      &pass->activations, err)) != MEDTL_OK ||
        (status = medtl_layout_create(graph, MEDTL_LAYOUT_GRADIENTS, NULL, &pass->gradients,
                                      err)) != MEDTL_OK)
        return status;
    return recompute ? lay_segments(pass, err) : MEDTL_OK;
}

/* Nodes keep the indices of the network's graph: random streams are numbered by them. */
static medtl_status start_runs(medtl_trainer_pass *pass, medtl_error *err)
{
    const medtl_graph *graph = graph_of(pass);

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
        (status = lay_out(pass, recompute, err)) != MEDTL_OK ||
        (status = allocate(pass, threads, err)) != MEDTL_OK)
        goto done;
    connect(pass);
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
    return pass->activations.total * pass->batch * sizeof(float);
}

void medtl_trainer_pass_destroy(medtl_trainer_pass *pass)
{
    if (pass == NULL)
        return;
    medtl_pool_destroy(pass->pool);
    medtl_training_graph_clear(&pass->training);
    medtl_segments_clear(&pass->segments);
    medtl_layout_clear(&pass->activations);
    medtl_layout_clear(&pass->gradients);
    free(pass->activation_arena);
    free(pass->gradient_arena);
    free(pass->parameter_gradients);
    free(pass->states);
    free(pass->packed);
    free(pass->packed_backward);
    free(pass->packed_blocked);
    free(pass->shared);
    free(pass->scratch);
    free(pass->logits);
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

static void pack_node_backward(void *context, size_t index, size_t worker)
{
    const medtl_trainer_pass *pass = context;
    const medtl_node_run *run = &pass->runs[index];

    (void)worker;
    if (run->node->ops == &medtl_node_conv && run->training_conv == NULL && run->dx[0].data != NULL)
        medtl_conv_backward_data_pack(&run->node->u.conv, run->parameters[0],
                                      (float *)run->packed_backward);
}

static const float *run_forward(medtl_trainer_pass *pass, const float *input, size_t count,
                                bool training, uint64_t seed)
{
    const medtl_graph *graph = graph_of(pass);
    const size_t classes = pass->network->spec.classes;
    const medtl_tensor in = {(float *)input, medtl_shape_size(graph->nodes[0].shape)};
    const medtl_node_run *output = &pass->runs[graph->node_count - 1];

    pass->count = count;
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

/* The nodes of [start, end) that forward did not keep. */
static void compute_again(medtl_trainer_pass *pass, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (pass->activations.again[i]) {
            pass->runs[i].again = true;
            pass->runs[i].node->ops->forward(&pass->runs[i]);
        }
}

/* Add what the caller gave for node `index` to its gradient, which is zero where nobody reads it. */
static void take_given(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = graph_of(pass);
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
    const medtl_graph *graph = graph_of(pass);
    const size_t classes = pass->network->spec.classes;
    const medtl_node_run *output = &pass->runs[graph->node_count - 1];

    medtl_pool_for(pass->pool, graph->node_count, pack_node_backward, pass);
    for (size_t n = 0; n < pass->count; n++)
        memcpy(medtl_image_of(output->dy, n), dlogits + n * classes, classes * sizeof(float));
}

void medtl_trainer_pass_backward(medtl_trainer_pass *pass, const float *dlogits)
{
    const medtl_graph *graph = graph_of(pass);

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

/* The gradient of node `index` as [count][c][h][w], whatever its layout. */
static void copy_gradient(const medtl_trainer_pass *pass, size_t index, float *to)
{
    const medtl_node *node = &graph_of(pass)->nodes[index];
    const size_t size = medtl_shape_size(node->shape), plane = medtl_shape_plane(node->shape);

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
    const medtl_graph *graph = graph_of(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);
    size_t target;

    if (output == NULL)
        return false;
    memset(pass->given, 0, sizeof pass->given);
    /* A named output is plain; where its node works on blocks, that is the one with all the readers. */
    target = output->node;
    if (graph->nodes[target].ops == &medtl_node_unblock)
        target = graph->nodes[target].inputs[0];
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
        }
    }
    if (medtl_graph_last_reader(graph, target) == target)
        take_given(pass, target);
    copy_gradient(pass, target, gradient);
    return true;
}

const float *medtl_trainer_pass_output(const medtl_trainer_pass *pass, const char *name,
                                       size_t *size, size_t *stride)
{
    const medtl_graph *graph = graph_of(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);

    if (output == NULL)
        return NULL;
    *size = medtl_shape_size(graph->nodes[output->node].shape);
    *stride = pass->runs[output->node].y.stride;
    return pass->runs[output->node].y.data;
}

bool medtl_trainer_pass_give_gradient(medtl_trainer_pass *pass, const char *name,
                                      const float *gradient)
{
    const medtl_graph *graph = graph_of(pass);
    const medtl_output *output = medtl_graph_find_output(graph, name);

    if (output == NULL)
        return false;
    pass->given[output - graph->outputs] = gradient;
    return true;
}

void medtl_trainer_pass_freeze_norms(medtl_trainer_pass *pass, uint32_t stage)
{
    const size_t count = graph_of(pass)->node_count;

    for (size_t i = 1; i < count; i++) {
        const medtl_node *node = pass->runs[i].node;

        pass->runs[i].frozen = node->ops == &medtl_node_batch_norm &&
                               pass->network->parameters[node->parameters[0]].stage < stage;
    }
    for (size_t i = 1; i < count; i++)
        pass->runs[i].before_norm = only_norms_read(pass, i);
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
    const medtl_graph *graph = graph_of(pass);

    pass->first = 1;
    while (stage > 0 && pass->first < graph->node_count &&
           !is_trained_from(pass, &graph->nodes[pass->first], stage))
        pass->first++;
}

const float *medtl_trainer_pass_gradient(const medtl_trainer_pass *pass, size_t index)
{
    const medtl_graph *graph = graph_of(pass);

    for (size_t i = 0; i < graph->node_count; i++)
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++)
            if (graph->nodes[i].parameters[k] == index)
                return pass->runs[i].gradients[k];
    return NULL;
}

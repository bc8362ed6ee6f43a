/* Where everything in a training pass lies: activations stay until backward or are computed again then (segments.h),
 * gradients of activations share an arena by lifetime. */
#include "trainer_pass.h"

#include <stdlib.h>
#include <string.h>

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
    size_t filled, gradients, states, packed, packed_backward, scratch, shared;
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

static void share_out_parameter(const medtl_trainer_pass *pass, size_t index, size_t k, sizes *s)
{
    medtl_node_run *run = &pass->runs[index];
    const medtl_parameter *p = &pass->network->parameters[run->node->parameters[k]];
    const medtl_filling f =
        medtl_training_graph_filling(&pass->training, &pass->network->graph, index, k);
    const bool filled = medtl_filling_any(f);
    const size_t size = filled ? f.filled_rows * f.filled_row : p->size;

    run->parameters[k] = filled ? carve(pass->filled, &s->filled, size) : p->value;
    if (p->role != MEDTL_PARAMETER_STATISTIC)
        run->gradients[k] = carve(pass->parameter_gradients, &s->gradients, size);
}

static sizes share_out(medtl_trainer_pass *pass)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    sizes s = {0};

    for (size_t i = 0; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];
        const medtl_node *node = run->node;

        if (node->ops->state_size != NULL)
            run->state = carve(pass->states, &s.states, node->ops->state_size(node, pass->batch));
        if (node->ops == &medtl_node_conv)
            share_out_conv(pass, run, &s);
        for (size_t k = 0; k < node->parameter_count; k++)
            share_out_parameter(pass, i, k, &s);
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

    pass->filled = allocate_block(pass, s.filled);
    pass->parameter_gradients = allocate_block(pass, s.gradients);
    pass->states = allocate_block(pass, s.states);
    pass->packed = allocate_block(pass, s.packed);
    pass->packed_backward = allocate_block(pass, s.packed_backward);
    pass->packed_blocked = allocate_block(pass, s.packed_blocked);
    pass->shared = allocate_block(pass, s.shared);
    pass->scratch = allocate_block(pass, s.scratch * threads);
    pass->activation_arena = allocate_block(pass, pass->whole.total * pass->batch);
    pass->gradient_arena = allocate_block(pass, pass->gradients.total * pass->batch);
    pass->logits = allocate_block(pass, pass->batch * pass->network->spec.classes);
    if (pass->filled == NULL || pass->parameter_gradients == NULL || pass->states == NULL ||
        pass->packed == NULL || pass->packed_backward == NULL || pass->packed_blocked == NULL ||
        pass->shared == NULL || pass->scratch == NULL || pass->activation_arena == NULL ||
        pass->gradient_arena == NULL || pass->logits == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for training batches of %zu images",
                          pass->batch);
    memset(pass->filled, 0, s.filled * sizeof(float));
    memset(pass->parameter_gradients, 0, s.gradients * sizeof(float));
    (void)share_out(pass);
    for (size_t i = 0; i < medtl_trainer_pass_graph(pass)->node_count; i++) {
        pass->runs[i].scratch = pass->scratch;
        pass->runs[i].scratch_stride = s.scratch;
        pass->runs[i].shared = pass->shared;
    }
    return MEDTL_OK;
}

/* Point every node at its activations and gradients. */
static void connect(medtl_trainer_pass *pass)
{
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

    for (size_t i = 1; i < graph->node_count; i++) {
        medtl_node_run *run = &pass->runs[i];

        run->pool = pass->pool;
        run->y = medtl_layout_tensor(pass->activations, pass->activation_arena, pass->batch, i);
        run->dy = medtl_layout_tensor(&pass->gradients, pass->gradient_arena, pass->batch, i);
        for (size_t k = 0; k < run->node->input_count; k++) {
            const size_t input = run->node->inputs[k];

            if (input == 0)
                continue; /* the caller's: set by each forward, and needs no gradient */
            run->x[k] =
                medtl_layout_tensor(pass->activations, pass->activation_arena, pass->batch, input);
            run->dx[k] =
                medtl_layout_tensor(&pass->gradients, pass->gradient_arena, pass->batch, input);
            if (input < pass->first)
                run->dx[k].data = NULL;
            run->add[k] = medtl_graph_last_reader(graph, input) != i;
        }
    }
}

/* More segments keep less between them and have less inside them, but their boundaries add up: try. */
static medtl_status lay_segments(medtl_trainer_pass *pass, medtl_error *err)
{
    static const size_t wanted[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);

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
        if (layout.total < pass->whole.total) {
            const medtl_segments old_segments = pass->segments;
            const medtl_layout old_layout = pass->whole;

            pass->segments = segments;
            pass->whole = layout;
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
    const medtl_graph *graph = medtl_trainer_pass_graph(pass);
    medtl_status status;

    if ((status = medtl_segments_create_one(&pass->segments, err)) != MEDTL_OK ||
        (status = medtl_layout_create(graph, MEDTL_LAYOUT_TRAIN, &pass->segments, &pass->whole,
                                      err)) != MEDTL_OK ||
        (status = medtl_layout_create(graph, MEDTL_LAYOUT_GRADIENTS, NULL, &pass->gradients,
                                      err)) != MEDTL_OK)
        return status;
    return recompute ? lay_segments(pass, err) : MEDTL_OK;
}

medtl_status medtl_trainer_pass_reserve(medtl_trainer_pass *pass, size_t threads, bool recompute,
                                        medtl_error *err)
{
    medtl_status status;

    if ((status = lay_out(pass, recompute, err)) != MEDTL_OK ||
        (status = allocate(pass, threads, err)) != MEDTL_OK)
        return status;
    pass->activations = &pass->whole;
    connect(pass);
    return MEDTL_OK;
}

/* There is always the whole layout to go back to, so that this cannot fail. */
void medtl_trainer_pass_lay_out_part(medtl_trainer_pass *pass)
{
    medtl_layout_clear(&pass->partial);
    pass->activations = &pass->whole;
    pass->segments.first = pass->first;
    if (pass->first > 1 &&
        medtl_layout_create(medtl_trainer_pass_graph(pass), MEDTL_LAYOUT_TRAIN, &pass->segments,
                            &pass->partial, NULL) == MEDTL_OK &&
        pass->partial.total <= pass->whole.total)
        pass->activations = &pass->partial;
    connect(pass);
}

void medtl_trainer_pass_release(medtl_trainer_pass *pass)
{
    medtl_segments_clear(&pass->segments);
    medtl_layout_clear(&pass->whole);
    medtl_layout_clear(&pass->partial);
    medtl_layout_clear(&pass->gradients);
    free(pass->activation_arena);
    free(pass->gradient_arena);
    free(pass->filled);
    free(pass->parameter_gradients);
    free(pass->states);
    free(pass->packed);
    free(pass->packed_backward);
    free(pass->packed_blocked);
    free(pass->shared);
    free(pass->scratch);
    free(pass->logits);
}

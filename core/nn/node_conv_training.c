#include "node_conv_training.h"

#include "blocked/training.h"
#include "node_parts.h"

/* Packed weights are made just before they are used, a convolution at a time: they stay in a near cache, and one
 * array serves all convolutions. */
static float *packed_of(const medtl_node_run *run) { return (float *)run->packed; }

static void pack_item(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_blocked_conv *conv = &run->training_conv->conv;
    const medtl_blocked_view view = medtl_blocked_plain_view(conv, 0, run->parameters[0]);

    (void)worker;
    medtl_blocked_pack_item(conv, &view, packed_of(run), item);
}

void medtl_conv_training_pack(const medtl_node_run *run)
{
    medtl_pool_for(run->pool, medtl_blocked_pack_items(&run->training_conv->conv), pack_item,
                   (void *)run);
}

typedef struct weight_stage {
    const medtl_node_run *run;
    medtl_blocked_weight_call call;
    size_t number;
} weight_stage;

static void weight_item(void *context, size_t item, size_t worker)
{
    const weight_stage *s = context;
    medtl_blocked_weight_call call = s->call;

    call.scratch = s->run->scratch + worker * s->run->scratch_stride;
    medtl_blocked_weight_run(&s->run->training_conv->weight, &call, s->number, item);
}

static void run_weight_stage(weight_stage *s)
{
    const medtl_blocked_weight *weight = &s->run->training_conv->weight;

    medtl_pool_for(s->run->pool, medtl_blocked_weight_items(weight, s->number, s->call.count),
                   weight_item, s);
}

static void backward_weight(const medtl_node_run *run)
{
    const medtl_blocked_weight *weight = &run->training_conv->weight;
    const size_t last = medtl_blocked_weight_stages(weight) - 1;
    weight_stage s = {.run = run,
                      .call = {.x_stride = run->x[0].stride,
                               .dy_stride = run->dy.stride,
                               .dw = run->gradients[0],
                               .shared = run->shared}};

    for (size_t n = 0; n < run->count; n += s.call.count) {
        s.call.count = run->count - n < weight->chunk ? run->count - n : weight->chunk;
        s.call.first = n == 0;
        s.call.x = medtl_image_of(run->x[0], n);
        s.call.dy = medtl_image_of(run->dy, n);
        for (s.number = 0; s.number < last; s.number++)
            run_weight_stage(&s);
    }
    run_weight_stage(&s);
}

static void bias_item(void *context, size_t block, size_t worker)
{
    const medtl_node_run *run = context;
    double sums[MEDTL_BLOCK] = {0};

    (void)worker;
    for (size_t n = 0; n < run->count; n++)
        medtl_loops_get()->blocked.add_sums(medtl_block_of(run->dy, run->node->shape, n, block),
                                            medtl_shape_plane(run->node->shape), sums);
    for (size_t i = 0; i < MEDTL_BLOCK; i++)
        run->gradients[1][block * MEDTL_BLOCK + i] = (float)sums[i];
}

static void backward_bias(const medtl_node_run *run)
{
    const size_t channels = run->node->shape.channels;

    if (run->before_norm) /* exactly zero; rounding noise would be blown up by Adam */
        memset(run->gradients[1], 0, channels * sizeof(float));
    else
        medtl_pool_for(run->pool, channels / MEDTL_BLOCK, bias_item, (void *)run);
}

static void pack_data_item(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;

    (void)worker;
    medtl_blocked_data_pack_item(&run->training_conv->data, run->parameters[0], packed_of(run),
                                 item);
}

typedef struct data_stage {
    const medtl_node_run *run;
    medtl_blocked_data_call call;
    size_t number;
} data_stage;

static void data_item(void *context, size_t item, size_t worker)
{
    const data_stage *s = context;
    medtl_blocked_data_call call = s->call;

    call.scratch = s->run->scratch + worker * s->run->scratch_stride;
    medtl_blocked_data_run(&s->run->training_conv->data, &call, s->number, item);
}

static void backward_data(const medtl_node_run *run)
{
    const medtl_blocked_data *data = &run->training_conv->data;
    const size_t stages = medtl_blocked_data_stages(data);
    data_stage s = {.run = run,
                    .call = {.packed = run->packed,
                             .dy_stride = run->dy.stride,
                             .dx_stride = run->dx[0].stride,
                             .add = run->add[0],
                             .shared = run->shared}};

    medtl_pool_for(run->pool, medtl_blocked_data_pack_items(data), pack_data_item, (void *)run);
    for (size_t n = 0; n < run->count; n += s.call.count) {
        s.call.count = run->count - n < data->images ? run->count - n : data->images;
        s.call.dy = medtl_image_of(run->dy, n);
        s.call.dx = medtl_image_of(run->dx[0], n);
        for (s.number = 0; s.number < stages; s.number++)
            medtl_pool_for(run->pool, medtl_blocked_data_items(data, s.number, s.call.count),
                           data_item, &s);
    }
}

/* All in one walk, the ReLUs' derivatives, too. */
typedef struct depthwise_stage {
    const medtl_node_run *run;
    medtl_depthwise_call call;
    size_t number;
} depthwise_stage;

static void depthwise_item(void *context, size_t item, size_t worker)
{
    const depthwise_stage *s = context;
    medtl_depthwise_call call = s->call;

    call.scratch = s->run->scratch + worker * s->run->scratch_stride;
    medtl_depthwise_run(&s->run->node->u.conv, &call, s->number, item);
}

static void backward_depthwise(const medtl_node_run *run)
{
    const bool biased = run->node->parameter_count > 1;
    depthwise_stage s = {.run = run,
                         .call = {.packed = run->packed,
                                  .count = run->count,
                                  .x = run->x[0].data,
                                  .dy = run->dy.data,
                                  .x_stride = run->x[0].stride,
                                  .dy_stride = run->dy.stride,
                                  .relu = run->dy_masked ? MEDTL_NO_RELU : run->node->relu,
                                  .y = run->y.data,
                                  .y_stride = run->y.stride,
                                  .dx = run->dx[0].data,
                                  .dx_stride = run->dx[0].stride,
                                  .add = run->add[0],
                                  .input_relu = run->input_relu,
                                  .sums = run->shared,
                                  .dw = run->gradients[0],
                                  .bias = biased ? run->gradients[1] : NULL}};

    medtl_conv_training_pack(run);
    for (s.number = 0; s.number < MEDTL_DEPTHWISE_STAGES; s.number++)
        medtl_pool_for(run->pool, medtl_depthwise_items(&run->node->u.conv, s.number, run->count),
                       depthwise_item, &s);
    if (biased && run->before_norm) /* exactly zero, as in backward_bias() */
        memset(run->gradients[1], 0, run->node->shape.channels * sizeof(float));
}

void medtl_conv_training_backward(const medtl_node_run *run)
{
    if (run->training_conv->depthwise) {
        backward_depthwise(run);
        return;
    }
    if (!run->dy_masked)
        medtl_node_mask_relu(run);
    backward_weight(run);
    if (run->node->parameter_count > 1)
        backward_bias(run);
    if (run->dx[0].data != NULL)
        backward_data(run);
}

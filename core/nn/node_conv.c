/* Convolution, and the linear layer on each pixel that a 1x1 convolution is, by the kernels; an optional second
 * input is added before the ReLU (inference plans use that for residual connections). On plain arrays work is cut
 * into (tile, image), neighbours sharing weights; on blocks, a plan says how. */
#include "blocked/conv.h"
#include "graph.h"
#include "node_conv_training.h"
#include "node_parts.h"

#include <stdarg.h>
#include <stdio.h>

static medtl_status plan(medtl_node *node, const medtl_shape *in, medtl_error *err)
{
    medtl_conv_shape *s = &node->u.conv;

    s->channels_in = in[0].channels;
    s->height_in = in[0].height;
    s->width_in = in[0].width;
    if (!medtl_conv_shape_complete(s))
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "convolution %s: a %zux%zu kernel does not fit an input of %zux%zux%zu",
                          node->name, s->kernel_h, s->kernel_w, s->channels_in, s->height_in,
                          s->width_in);
    node->shape = (medtl_shape){s->channels_out, s->height_out, s->width_out};
    return MEDTL_OK;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t round_up(size_t floats) { return (floats + 15) / 16 * 16; } /* 64 bytes */

static size_t input_size(const medtl_conv_shape *s)
{
    return s->channels_in * s->height_in * s->width_in;
}

/* Training: the kernels' scratch, and behind it one image's data gradient, for inputs that have
 * several readers. */
static size_t backward_data_scratch(const medtl_conv_shape *s)
{
    return round_up(medtl_conv_backward_data_scratch_size(s));
}

static size_t scratch_size(const medtl_node *node, bool training)
{
    const medtl_conv_shape *s = &node->u.conv;
    size_t size = medtl_conv_scratch_size(s);

    if (training) {
        size = larger(size, backward_data_scratch(s) + input_size(s));
        size = larger(size, medtl_conv_backward_weight_scratch_size(s));
    }
    return size;
}

static void forward_item(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item % run->count, tile = item / run->count;
    const float *bias = run->node->parameter_count > 1 ? run->parameters[1] : NULL;
    const float *residual = run->node->input_count > 1 ? medtl_image_of(run->x[1], n) : NULL;

    medtl_conv_forward_tile(&run->node->u.conv, run->packed, bias, residual, run->node->relu,
                            medtl_image_of(run->x[0], n), medtl_image_of(run->y, n), tile,
                            run->scratch + worker * run->scratch_stride);
}

/* One stage of a few images of a convolution on blocks. */
typedef struct stage {
    const medtl_node_run *run;
    medtl_blocked_call call;
    size_t number;
} stage;

static void stage_item(void *context, size_t item, size_t worker)
{
    const stage *s = context;
    medtl_blocked_call call = s->call;

    call.scratch = s->run->scratch + worker * s->run->scratch_stride;
    medtl_blocked_run(s->run->conv, &call, s->number, item);
}

static void forward_blocked(const medtl_node_run *run)
{
    const bool residual = run->node->input_count > 1;
    stage s = {.run = run,
               .call = {.packed = run->packed,
                        .bias = run->node->parameter_count > 1 ? run->parameters[1] : NULL,
                        .scale = run->parameters[2],
                        .shift = run->parameters[3],
                        .input_factors = run->conv->input_norm ? run->parameters[0] : NULL,
                        .relu = run->node->relu,
                        .x_stride = run->x[0].stride,
                        .y_stride = run->y.stride,
                        .residual_stride = residual ? run->x[1].stride : 0,
                        .shared = run->shared}};

    for (size_t n = 0; n < run->count; n += s.call.count) {
        s.call.count = run->count - n < run->conv->images ? run->count - n : run->conv->images;
        s.call.x = medtl_image_of(run->x[0], n);
        s.call.y = medtl_image_of(run->y, n);
        s.call.residual = residual ? medtl_image_of(run->x[1], n) : NULL;
        for (s.number = 0; s.number < medtl_blocked_stages(run->conv); s.number++)
            medtl_pool_for(run->pool, medtl_blocked_items(run->conv, s.number, s.call.count),
                           stage_item, &s);
    }
}

static void forward(const medtl_node_run *run)
{
    if (run->conv != NULL) {
        if (run->training_conv != NULL)
            medtl_conv_training_pack(run);
        forward_blocked(run);
        return;
    }
    medtl_pool_for(run->pool, run->count * medtl_conv_tile_count(&run->node->u.conv), forward_item,
                   (void *)run);
}

static void weight_item(void *context, size_t tile, size_t worker)
{
    const medtl_node_run *run = context;

    medtl_conv_backward_weight_tile(
        &run->node->u.conv, run->count, run->x[0].data, run->x[0].stride, run->dy.data,
        run->dy.stride, run->gradients[0], tile, run->scratch + worker * run->scratch_stride);
}

static void bias_item(void *context, size_t channel, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t plane = medtl_shape_plane(run->node->shape);
    double sum = 0.0;

    (void)worker;
    for (size_t n = 0; n < run->count; n++)
        sum += medtl_loops_get()->sum(medtl_image_of(run->dy, n) + channel * plane, plane);
    run->gradients[1][channel] = (float)sum;
}

static void data_item(void *context, size_t item, size_t worker)
{
    const medtl_node_run *run = context;
    const size_t n = item % run->count, tile = item / run->count;

    medtl_conv_backward_data_tile(&run->node->u.conv, run->packed_backward,
                                  medtl_image_of(run->dy, n), medtl_image_of(run->dx[0], n), tile,
                                  run->scratch + worker * run->scratch_stride);
}

/* The kernel overwrites, so a gradient that is to be added is made aside, an image at a time. */
static void add_data_item(void *context, size_t n, size_t worker)
{
    const medtl_node_run *run = context;
    const medtl_conv_shape *s = &run->node->u.conv;
    const size_t tiles = medtl_conv_backward_data_tile_count(s);
    float *scratch = run->scratch + worker * run->scratch_stride;
    float *aside = scratch + backward_data_scratch(s);

    for (size_t tile = 0; tile < tiles; tile++)
        medtl_conv_backward_data_tile(s, run->packed_backward, medtl_image_of(run->dy, n), aside,
                                      tile, scratch);
    medtl_give_gradient(medtl_image_of(run->dx[0], n), aside, input_size(s), true);
}

static void backward(const medtl_node_run *run)
{
    const medtl_conv_shape *s = &run->node->u.conv;
    const size_t weights =
        s->channels_out * (s->channels_in / s->groups) * s->kernel_h * s->kernel_w;

    if (run->training_conv != NULL) {
        medtl_conv_training_backward(run);
        return;
    }
    medtl_node_mask_relu(run);
    memset(run->gradients[0], 0, weights * sizeof(float));
    medtl_pool_for(run->pool, medtl_conv_backward_weight_tile_count(s), weight_item, (void *)run);
    if (run->node->parameter_count > 1) {
        if (run->before_norm) /* exactly zero; rounding noise would be blown up by Adam */
            memset(run->gradients[1], 0, s->channels_out * sizeof(float));
        else
            medtl_pool_for(run->pool, s->channels_out, bias_item, (void *)run);
    }
    if (run->dx[0].data == NULL)
        return;
    if (run->add[0])
        medtl_pool_for(run->pool, run->count, add_data_item, (void *)run);
    else
        medtl_pool_for(run->pool, run->count * medtl_conv_backward_data_tile_count(s), data_item,
                       (void *)run);
}

const medtl_node_ops medtl_node_conv = {.kind = "conv2d",
                                        .takes_relu = true,
                                        .plan = plan,
                                        .scratch_size = scratch_size,
                                        .forward = forward,
                                        .backward = backward};

size_t medtl_graph_conv(medtl_graph *graph, size_t x, medtl_conv_options options, const char *name,
                        ...)
{
    const size_t dilation = options.dilation > 0 ? options.dilation : 1;
    const size_t groups = options.groups > 0 ? options.groups : 1;
    const size_t kernel_w = options.kernel_w > 0 ? options.kernel_w : options.kernel;
    const size_t pad_w = options.kernel_w > 0 ? options.pad_w : options.pad;
    medtl_node node = {.ops = &medtl_node_conv, .inputs = {x}, .input_count = 1};
    va_list arguments;
    medtl_node *added;

    node.u.conv = (medtl_conv_shape){.channels_out = options.channels,
                                     .kernel_h = options.kernel,
                                     .kernel_w = kernel_w,
                                     .stride_h = options.stride,
                                     .stride_w = options.stride,
                                     .dilation_h = dilation,
                                     .dilation_w = dilation,
                                     .pad_top = options.pad,
                                     .pad_left = pad_w,
                                     .pad_bottom = options.pad + options.pad_more,
                                     .pad_right = pad_w + options.pad_more,
                                     .groups = groups};
    va_start(arguments, name);
    vsnprintf(node.name, sizeof node.name, name, arguments);
    va_end(arguments);
    added = medtl_graph_append(graph, &node);
    if (added == NULL)
        return 0;
    medtl_graph_declare(graph, "weight", MEDTL_PARAMETER_WEIGHT, graph->conv_initialiser,
                        (const size_t[]){options.channels, added->u.conv.channels_in / groups,
                                         options.kernel, kernel_w},
                        4);
    if (options.bias)
        medtl_graph_declare(graph, "bias", MEDTL_PARAMETER_BIAS, MEDTL_INIT_ZERO, &options.channels,
                            1);
    return graph->node_count - 1;
}

size_t medtl_graph_token_linear(medtl_graph *graph, size_t x, size_t channels, const char *name,
                                ...)
{
    medtl_node node = {.ops = &medtl_node_conv, .inputs = {x}, .input_count = 1};
    va_list arguments;
    medtl_node *added;

    node.u.conv = (medtl_conv_shape){.channels_out = channels,
                                     .kernel_h = 1,
                                     .kernel_w = 1,
                                     .stride_h = 1,
                                     .stride_w = 1,
                                     .dilation_h = 1,
                                     .dilation_w = 1,
                                     .groups = 1};
    va_start(arguments, name);
    vsnprintf(node.name, sizeof node.name, name, arguments);
    va_end(arguments);
    added = medtl_graph_append(graph, &node);
    if (added == NULL)
        return 0;
    medtl_graph_declare(graph, "weight", MEDTL_PARAMETER_WEIGHT, graph->linear_weight_initialiser,
                        (const size_t[]){channels, added->u.conv.channels_in}, 2);
    medtl_graph_declare(graph, "bias", MEDTL_PARAMETER_BIAS, graph->linear_bias_initialiser,
                        &channels, 1);
    return graph->node_count - 1;
}

/* What the rest of the core calls: the arithmetic of items, and the way to the running instruction set. */
#include "conv.h"

#include "conv_choose.h"
#include "int8.h"

#include <stdio.h>
#include <string.h>

const medtl_blocked_kernels *medtl_blocked_kernels_get(void)
{
#if defined(MEDTL_KERNELS_X86)
    const char *name = medtl_kernels_name();

    if (strcmp(name, medtl_blocked_avx512.name) == 0)
        return &medtl_blocked_avx512;
    if (strcmp(name, medtl_blocked_avx2.name) == 0)
        return &medtl_blocked_avx2;
#endif
    return &medtl_blocked_portable;
}

bool medtl_blocked_choose(const medtl_conv_shape *shape, const medtl_blocked_part *parts,
                          size_t part_count, bool plain_input, medtl_blocked_conv *conv)
{
    return medtl_blocked_choose_for(shape, parts, part_count, plain_input,
                                    &medtl_blocked_kernels_get()->width, conv);
}

bool medtl_blocked_choose_algorithm(const medtl_conv_shape *shape, bool plain_input,
                                    medtl_blocked_algorithm algorithm, size_t outputs,
                                    medtl_blocked_conv *conv)
{
    return medtl_blocked_choose_algorithm_for(shape, plain_input, algorithm, outputs,
                                              &medtl_blocked_kernels_get()->width, conv);
}

void medtl_blocked_describe(const medtl_blocked_conv *conv, char *text, size_t size)
{
    const medtl_conv_shape *s = &conv->shape;

    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD)
        snprintf(text, size, "winograd F(%zux%zu,%zux%zu)%s%s by %s", conv->h.outputs,
                 conv->w.outputs, conv->h.window, conv->w.window,
                 conv->h.ahead + conv->w.ahead > 0 ? " split" : "",
                 s->stride_h > 1 ? " of phases" : "",
                 conv->order == MEDTL_WINOGRAD_TILES ? "tiles" : "points");
    else if (conv->algorithm == MEDTL_BLOCKED_DEPTHWISE)
        snprintf(text, size, "depthwise");
    else if (conv->algorithm == MEDTL_BLOCKED_INT8)
        snprintf(text, size, "%sint8 %s", conv->input_norm ? "norm and " : "",
                 conv->flat ? "product" : "direct");
    else
        snprintf(text, size, "%s%s", conv->input_norm ? "norm and " : "",
                 conv->flat ? "product" : "direct");
}

void medtl_blocked_pack(const medtl_blocked_conv *conv, const float *const *weight, float *packed)
{
    medtl_blocked_view views[MEDTL_CONV_MOST_PARTS];
    const size_t items = medtl_blocked_pack_items(conv);

    for (size_t i = 0; i < conv->part_count; i++)
        views[i] = medtl_blocked_plain_view(conv, i, weight[i]);
    for (size_t item = 0; item < items; item++)
        medtl_blocked_pack_item(conv, views, packed, item);
}

medtl_blocked_view medtl_blocked_plain_view(const medtl_blocked_conv *conv, size_t part,
                                            const float *weight)
{
    const medtl_blocked_part *p = &conv->parts[part];
    const size_t taps = p->kernel_h * p->kernel_w;

    return (medtl_blocked_view){.data = weight,
                                .out = conv->shape.channels_in / conv->shape.groups * taps,
                                .in = taps,
                                .row = (ptrdiff_t)p->kernel_w,
                                .column = 1};
}

medtl_blocked_pack_range medtl_blocked_pack_range_at(const medtl_blocked_conv *conv, size_t item)
{
    medtl_blocked_group group;
    medtl_blocked_pack_range range = {0, 0, conv->shape.channels_out};

    if (conv->algorithm == MEDTL_BLOCKED_DEPTHWISE)
        return range;
    group = medtl_blocked_group_at(conv, item);
    range = (medtl_blocked_pack_range){group.part, group.first, group.channels};
    for (size_t i = 0; i < group.part; i++)
        range.first -= conv->parts[i].channels;
    return range;
}

size_t medtl_blocked_pack_items(const medtl_blocked_conv *conv)
{
    return conv->algorithm == MEDTL_BLOCKED_DEPTHWISE ? 1 : medtl_blocked_groups(conv);
}

void medtl_blocked_pack_item(const medtl_blocked_conv *conv, const medtl_blocked_view *views,
                             float *packed, size_t item)
{
    if (conv->algorithm == MEDTL_BLOCKED_INT8)
        medtl_int8_pack_item(conv, views, packed, item);
    else
        medtl_blocked_kernels_get()->pack(conv, views, packed, item);
}

size_t medtl_blocked_stages(const medtl_blocked_conv *conv)
{
    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD)
        return conv->order == MEDTL_WINOGRAD_TILES ? 1 : 3;
    return conv->algorithm != MEDTL_BLOCKED_DEPTHWISE && conv->staged ? 2 : 1;
}

static size_t winograd_items(const medtl_blocked_conv *conv, size_t stage, size_t count)
{
    if (conv->order == MEDTL_WINOGRAD_TILES)
        return medtl_divide_up(medtl_winograd_tiles(conv, count), conv->tile_block);
    if (stage == 0)
        return medtl_winograd_phases(conv) * conv->steps * count;
    return stage == 1 ? medtl_winograd_points(conv)
                      : conv->shape.channels_out / MEDTL_BLOCK * count;
}

size_t medtl_blocked_items(const medtl_blocked_conv *conv, size_t stage, size_t count)
{
    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD)
        return winograd_items(conv, stage, count);
    if (conv->algorithm == MEDTL_BLOCKED_DEPTHWISE)
        return count * (conv->shape.channels_out / MEDTL_BLOCK);
    if (conv->staged && stage == 0)
        return count * conv->steps;
    return conv->chunks * count * conv->bands;
}

void medtl_blocked_run(const medtl_blocked_conv *conv, const medtl_blocked_call *call, size_t stage,
                       size_t item)
{
    if (conv->algorithm == MEDTL_BLOCKED_INT8)
        medtl_int8_run(conv, call, stage, item);
    else
        medtl_blocked_kernels_get()->run(conv, call, stage, item);
}

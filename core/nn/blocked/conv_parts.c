#include "conv_parts.h"

#include "int8.h"

static void fill_point(medtl_blocked_conv *conv, size_t part, size_t point)
{
    const medtl_conv_shape *s = &conv->shape;
    const medtl_blocked_part *p = &conv->parts[part];
    const size_t v = point / conv->w.points, h = point % conv->w.points;
    medtl_winograd_point *to = &conv->point[part][point];

    *to = (medtl_winograd_point){0};
    if (point > 0)
        to->before = (unsigned short)(to[-1].before + to[-1].sources);
    for (size_t i = 0; i < conv->h.sources; i++) {
        if (!medtl_winograd_counts(&conv->h, &conv->h.source[i], v, s->kernel_h, p->kernel_h))
            continue;
        for (size_t j = 0; j < conv->w.sources; j++)
            if (medtl_winograd_counts(&conv->w, &conv->w.source[j], h, s->kernel_w, p->kernel_w))
                to->number[to->sources++] = (unsigned char)(i * MEDTL_WINOGRAD_SOURCES + j);
    }
}

void medtl_winograd_fill_points(medtl_blocked_conv *conv)
{
    for (size_t part = 0; part < conv->part_count; part++)
        for (size_t point = 0; point < medtl_winograd_points(conv); point++)
            fill_point(conv, part, point);
}

size_t medtl_winograd_products(const medtl_blocked_conv *conv, const medtl_blocked_part *part)
{
    const medtl_winograd_point *last =
        &conv->point[part - conv->parts][medtl_winograd_points(conv) - 1];

    return (size_t)last->before + last->sources;
}

size_t medtl_blocked_weights(const medtl_blocked_conv *conv, const medtl_blocked_part *part)
{
    const medtl_conv_shape *s = &conv->shape;

    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD)
        return medtl_winograd_products(conv, part) * s->channels_in;
    return s->kernel_h * s->kernel_w * (s->channels_in / s->groups);
}

size_t medtl_blocked_groups(const medtl_blocked_conv *conv)
{
    size_t groups = 0;

    for (size_t i = 0; i < conv->part_count; i++)
        groups += medtl_divide_up(conv->parts[i].channels, conv->group);
    return groups;
}

medtl_blocked_group medtl_blocked_group_at(const medtl_blocked_conv *conv, size_t index)
{
    medtl_blocked_group g = {0};
    const medtl_blocked_part *part = conv->parts;

    for (; index >= medtl_divide_up(part->channels, conv->group); part++, g.part++) {
        index -= medtl_divide_up(part->channels, conv->group);
        g.first += part->channels;
        g.packed += part->channels * medtl_blocked_weights(conv, part);
    }
    g.first += index * conv->group;
    g.packed += index * conv->group * medtl_blocked_weights(conv, part);
    g.channels = part->channels - index * conv->group;
    if (g.channels > conv->group)
        g.channels = conv->group;
    return g;
}

size_t medtl_blocked_phases(const medtl_blocked_conv *conv)
{
    return conv->staged && conv->shape.kernel_w > 1 ? conv->shape.stride_w : 1;
}

size_t medtl_blocked_packed_size(const medtl_blocked_conv *conv)
{
    size_t sum = 0;

    if (conv->algorithm == MEDTL_BLOCKED_INT8)
        return medtl_int8_packed_size(conv);
    for (size_t i = 0; i < conv->part_count; i++)
        sum += conv->parts[i].channels * medtl_blocked_weights(conv, &conv->parts[i]);
    return sum;
}

static size_t winograd_pitches(const medtl_blocked_conv *conv, size_t blocks_of_16, size_t tiles)
{
    return medtl_winograd_points(conv) * blocks_of_16 * medtl_winograd_pitch(tiles);
}

size_t medtl_blocked_shared_size(const medtl_blocked_conv *conv, size_t count)
{
    if (conv->algorithm == MEDTL_BLOCKED_INT8) /* bytes, 16 at a time */
        return count * conv->steps * conv->stage_plane / sizeof(float);
    if (conv->algorithm == MEDTL_BLOCKED_DIRECT && conv->staged)
        return count * conv->steps * conv->stage_plane;
    if (conv->algorithm == MEDTL_BLOCKED_WINOGRAD && conv->order == MEDTL_WINOGRAD_POINTS) {
        const size_t tiles = medtl_winograd_tiles(conv, count);

        return winograd_pitches(conv, conv->steps * medtl_winograd_phases(conv),
                                tiles + medtl_winograd_reach(conv)) +
               winograd_pitches(conv, conv->shape.channels_out / MEDTL_BLOCK, tiles);
    }
    return 0;
}

size_t medtl_blocked_scratch_size(const medtl_blocked_conv *conv)
{
    if (conv->algorithm == MEDTL_BLOCKED_INT8)
        return 0;
    if (conv->input_norm)
        return conv->steps * medtl_winograd_pitch(conv->band);
    if (conv->algorithm != MEDTL_BLOCKED_WINOGRAD || conv->order != MEDTL_WINOGRAD_TILES)
        return 0;
    return winograd_pitches(conv, conv->steps * medtl_winograd_phases(conv),
                            conv->tile_block + medtl_winograd_reach(conv)) +
           winograd_pitches(conv, conv->group / MEDTL_BLOCK, conv->tile_block);
}

/* Weights in the order in which the products read them, transformed in double where Winograd's method asks for it. */
#ifndef MEDTL_NN_BLOCKED_PACK_H
#define MEDTL_NN_BLOCKED_PACK_H

#include "conv_parts.h"
#include "product.h"
#include "winograd_points.h"

#include <stdint.h>

/* Where a view's weight of tap (i, j) lies, for channels 0. */
static const float *view_tap(const medtl_blocked_view *view, size_t i, size_t j)
{
    return view->data + (ptrdiff_t)i * view->row + (ptrdiff_t)j * view->column;
}

/* [group][block of steps][tap][step][channel of step][output channel of group] */
static void pack_direct_group(const medtl_blocked_conv *c, const medtl_blocked_group *g,
                              const medtl_blocked_view *view, float *packed)
{
    const medtl_conv_shape *s = &c->shape;
    const size_t taps = s->kernel_h * s->kernel_w;

    for (size_t first = 0; first < c->steps; first += c->block_steps) {
        const size_t from = first * c->depth,
                     end = minimum(first + c->block_steps, c->steps) * c->depth;

        for (size_t tap = 0; tap < taps; tap++) {
            const float *weight = view_tap(view, tap / s->kernel_w, tap % s->kernel_w) +
                                  (g->first - view->first) * view->out;

            for (size_t in = from; in < end; in++)
                for (size_t i = 0; i < g->channels; i++)
                    *packed++ = weight[i * view->out + in * view->in];
        }
    }
}

static void pack_depthwise(const medtl_blocked_conv *c, const float *weight, float *packed)
{
    const size_t taps = c->shape.kernel_h * c->shape.kernel_w;

    for (size_t block = 0; block < c->shape.channels_out; block += BLOCK)
        for (size_t tap = 0; tap < taps; tap++)
            for (size_t i = 0; i < BLOCK; i++)
                *packed++ = weight[(block + i) * taps + tap];
}

/* G[point][window tap]. */
typedef struct weight_transform {
    double g[WINOGRAD_MOST_POINTS][MEDTL_WINOGRAD_WINDOW];
} weight_transform;

static weight_transform transform_of(const medtl_winograd_axis *axis)
{
    weight_transform t = {{{0}}};
    const size_t finite = axis->points - 1;

    if (axis->points == 1) {
        t.g[0][0] = 1.0;
        return t;
    }
    for (size_t p = 0; p < finite; p++) {
        double value = 1.0;

        for (size_t q = 0; q < finite; q++)
            if (q != p)
                value /= (double)winograd_point[p] - (double)winograd_point[q];
        for (size_t j = 0; j < axis->window; j++, value *= (double)winograd_point[p])
            t.g[p][j] = value;
    }
    t.g[finite][axis->window - 1] = 1.0;
    return t;
}

typedef double wide[BLOCK]; /* of 16 output channels */

/* half[j][k] = sum over i of g[point][i] * weight[k][tap i][tap j], j being a window tap of source h. */
static void transform_columns(const medtl_blocked_conv *c, const medtl_blocked_part *part,
                              const medtl_winograd_source *v, const medtl_winograd_source *h,
                              const double *g, const wide *taps, wide *half)
{
    for (size_t j = 0; j < c->w.window; j++) {
        const int column = medtl_winograd_tap(h, j, c->shape.kernel_w, part->kernel_w);

        memset(half[j], 0, sizeof half[j]);
        for (size_t i = 0; i < c->h.window && column >= 0; i++) {
            const int row = medtl_winograd_tap(v, i, c->shape.kernel_h, part->kernel_h);

            if (row < 0 || g[i] == 0.0)
                continue;
            for (size_t k = 0; k < BLOCK; k++)
                half[j][k] += g[i] * taps[(size_t)row * part->kernel_w + (size_t)column][k];
        }
    }
}

static void transform_row(size_t window, const double *g, const wide *half, float *to)
{
    wide sum = {0};

    for (size_t j = 0; j < window; j++)
        if (g[j] != 0.0)
            for (size_t k = 0; k < BLOCK; k++)
                sum[k] += g[j] * half[j][k];
    for (size_t k = 0; k < BLOCK; k++)
        to[k] = (float)sum[k];
}

/* Where each (point, source) of a group lies: floats before the first channel's weights; SIZE_MAX: left out. */
typedef struct packed_places {
    size_t at[WINOGRAD_MOST_POINTS * WINOGRAD_MOST_POINTS]
             [MEDTL_WINOGRAD_SOURCES * MEDTL_WINOGRAD_SOURCES];
} packed_places;

static void find_places(const medtl_blocked_conv *c, const medtl_blocked_group *g, packed_places *p)
{
    const medtl_winograd_point *points = c->point[g->part];

    memset(p, 0xff, sizeof *p);
    for (size_t point = 0; point < medtl_winograd_points(c); point++)
        for (size_t i = 0; i < points[point].sources; i++)
            p->at[point][points[point].number[i]] =
                (points[point].before + i) * c->shape.channels_in * g->channels;
}

/* One input channel and 16 output channels: all points of all sources. */
static void pack_block(const medtl_blocked_conv *c, const medtl_blocked_part *part,
                       const packed_places *places, const weight_transform *gv,
                       const weight_transform *gh, const wide *taps, float *to)
{
    wide half[MEDTL_WINOGRAD_WINDOW];

    for (size_t i = 0; i < c->h.sources; i++)
        for (size_t j = 0; j < c->w.sources; j++)
            for (size_t v = 0; v < c->h.points; v++) {
                transform_columns(c, part, &c->h.source[i], &c->w.source[j], gv->g[v], taps, half);
                for (size_t h = 0; h < c->w.points; h++) {
                    const size_t at =
                        places->at[v * c->w.points + h][i * MEDTL_WINOGRAD_SOURCES + j];

                    if (at != SIZE_MAX)
                        transform_row(c->w.window, gh->g[h], half, to + at);
                }
            }
}

/* `first`: channels of the parts before. */
static void pack_winograd_group(const medtl_blocked_conv *c, const medtl_blocked_group *g,
                                const medtl_blocked_view *view, size_t first, float *packed)
{
    const medtl_blocked_part *part = &c->parts[g->part];
    const size_t taps = part->kernel_h * part->kernel_w;
    const weight_transform gv = transform_of(&c->h), gh = transform_of(&c->w);
    wide kernel[8 * 8];
    packed_places places;

    find_places(c, g, &places);
    for (size_t in = 0; in < c->shape.channels_in; in++)
        for (size_t k = 0; k < g->channels; k += BLOCK) {
            for (size_t tap = 0; tap < taps; tap++) {
                const float *weight = view_tap(view, tap / part->kernel_w, tap % part->kernel_w) +
                                      (g->first - first - view->first + k) * view->out +
                                      in * view->in;

                for (size_t i = 0; i < BLOCK; i++)
                    kernel[tap][i] = (double)weight[i * view->out];
            }
            pack_block(c, part, &places, &gv, &gh, (const wide *)kernel,
                       packed + in * g->channels + k);
        }
}

static void pack_group(const medtl_blocked_conv *c, const medtl_blocked_view *views, float *packed,
                       size_t item)
{
    const medtl_blocked_group g = medtl_blocked_group_at(c, item);
    size_t first = 0;

    for (size_t i = 0; i < g.part; i++)
        first += c->parts[i].channels;
    if (c->algorithm == MEDTL_BLOCKED_WINOGRAD)
        pack_winograd_group(c, &g, &views[g.part], first, packed + g.packed);
    else if (c->algorithm == MEDTL_BLOCKED_DIRECT)
        pack_direct_group(c, &g, &views[0], packed + g.packed);
    else
        pack_depthwise(c, views[0].data, packed); /* its only group */
}

#endif

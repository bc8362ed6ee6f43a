/* The order in which weights are packed for the products. */
#ifndef MEDTL_NN_KERNELS_PACK_H
#define MEDTL_NN_KERNELS_PACK_H

#include "kernels_product.h"

/* Weights of one group and output phase, packed as [panel][in channel][tap][row of the panel]; the last
 * panel has half the rows if no more are needed. */
static size_t phase_depth(const medtl_conv_plan *p, size_t row_slot, size_t slot)
{
    return p->in_channels * medtl_conv_phase_taps(&p->h, row_slot) * medtl_conv_phase_taps(&p->w, slot);
}

static size_t packed_size(const medtl_conv_plan *p)
{
    return p->groups * p->padded_channels * p->in_channels * p->h.taps * p->w.taps;
}

/* w[out][in][taps] as the pass sees it; for the data gradient the roles of out and in are exchanged. */
INLINE float weight_at(const medtl_conv_plan *p, const float *weight, size_t group, size_t out, size_t in,
                       size_t kh, size_t kw)
{
    const size_t taps = p->h.taps * p->w.taps, tap = kh * p->w.taps + kw;

    if (p->h.transposed)
        return weight[((group * p->in_channels + in) * p->out_channels + out) * taps + tap];
    return weight[((group * p->out_channels + out) * p->in_channels + in) * taps + tap];
}

static float *pack_panel(const medtl_conv_plan *p, const float *weight, size_t group, size_t first,
                         size_t rows, size_t row_slot, size_t slot, float *packed)
{
    for (size_t in = 0; in < p->in_channels; in++)
        for (size_t i = 0; i < medtl_conv_phase_taps(&p->h, row_slot); i++)
            for (size_t j = 0; j < medtl_conv_phase_taps(&p->w, slot); j++)
                for (size_t r = 0; r < rows; r++)
                    *packed++ = first + r >= p->out_channels
                                    ? 0.0f
                                    : weight_at(p, weight, group, first + r, in,
                                                medtl_conv_phase_tap(&p->h, row_slot, i),
                                                medtl_conv_phase_tap(&p->w, slot, j));
    return packed;
}

static void pack(const medtl_conv_plan *p, const float *weight, float *packed)
{
    for (size_t group = 0; group < p->groups; group++)
        for (size_t row_slot = 0; row_slot < p->h.out_slots; row_slot++)
            for (size_t slot = 0; slot < p->w.out_slots; slot++)
                for (size_t first = 0; first < p->padded_channels; first += p->tile_rows) {
                    packed = pack_panel(p, weight, group, first,
                                        panel_rows(p->tile_rows, p->padded_channels - first), row_slot,
                                        slot, packed);
                }
}

#endif

/* The order in which weights are packed for the products. */
#ifndef MEDTL_NN_KERNELS_PACK_H
#define MEDTL_NN_KERNELS_PACK_H

#include "kernels_product.h"

/* Weights of one group and output phase, packed as [panel][in channel][tap][row of the panel]; the last
 * panel has half the rows if no more are needed. */
static size_t phase_depth(const medtl_conv_plan *p, size_t row_slot, size_t slot)
{
    return p->in_channels * medtl_conv_phase_taps(&p->h, row_slot) *
           medtl_conv_phase_taps(&p->w, slot);
}

static size_t packed_size(const medtl_conv_plan *p)
{
    return p->groups * p->padded_channels * p->in_channels * p->h.taps * p->w.taps;
}

/* w[out][in][taps] as the pass sees it: for the data gradient the roles of out and in are exchanged. */
static float *pack_panel(const medtl_conv_plan *p, const float *weight, size_t first, size_t rows,
                         size_t row_slot, size_t slot, float *packed)
{
    const size_t taps = p->h.taps * p->w.taps, present = minimum(rows, p->out_channels - first);
    const size_t out_step = p->h.transposed ? taps : p->in_channels * taps;
    const size_t in_step = p->h.transposed ? p->out_channels * taps : taps;

    for (size_t in = 0; in < p->in_channels; in++)
        for (size_t i = 0; i < medtl_conv_phase_taps(&p->h, row_slot); i++)
            for (size_t j = 0; j < medtl_conv_phase_taps(&p->w, slot); j++) {
                const float *from = weight + first * out_step + in * in_step +
                                    medtl_conv_phase_tap(&p->h, row_slot, i) * p->w.taps +
                                    medtl_conv_phase_tap(&p->w, slot, j);

                if (present == ROWS) /* nearly always: a loop of constant length */
                    for (size_t r = 0; r < ROWS; r++)
                        packed[r] = from[r * out_step];
                else
                    for (size_t r = 0; r < rows; r++)
                        packed[r] = r < present ? from[r * out_step] : 0.0f;
                packed += rows;
            }
    return packed;
}

static void pack(const medtl_conv_plan *p, const float *weight, float *packed)
{
    const size_t group_weights = p->out_channels * p->in_channels * p->h.taps * p->w.taps;

    for (size_t group = 0; group < p->groups; group++, weight += group_weights)
        for (size_t row_slot = 0; row_slot < p->h.out_slots; row_slot++)
            for (size_t slot = 0; slot < p->w.out_slots; slot++)
                for (size_t first = 0; first < p->padded_channels; first += p->tile_rows)
                    packed = pack_panel(p, weight, first,
                                        panel_rows(p->tile_rows, p->padded_channels - first),
                                        row_slot, slot, packed);
}

#endif

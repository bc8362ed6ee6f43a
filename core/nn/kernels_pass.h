/* One tile of the forward pass or of the data gradient, from staging to the output. */
#ifndef MEDTL_NN_KERNELS_PASS_H
#define MEDTL_NN_KERNELS_PASS_H

#include "kernels_finish.h"
#include "kernels_pack.h"
#include "kernels_stage.h"

/* Offsets of one phase's taps for one block of channels: the first channel's, then shifted by whole channels. */
static void fill_phase_offsets(const medtl_conv_plan *p, size_t row_slot, size_t slot,
                               size_t *offset)
{
    const size_t rows = medtl_conv_phase_taps(&p->h, row_slot),
                 columns = medtl_conv_phase_taps(&p->w, slot);
    const size_t channel = p->h.in_slots * p->w.in_slots * p->plane;

    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            offset[i * columns + j] = tap_offset(&p->h, &p->w, p->pitch, p->plane,
                                                 medtl_conv_phase_tap(&p->h, row_slot, i),
                                                 medtl_conv_phase_tap(&p->w, slot, j));
    for (size_t i = rows * columns; i < p->block_channels * rows * columns; i++)
        offset[i] = offset[i - rows * columns] + channel;
}

/* Phase after phase. */
static void fill_offsets(const medtl_conv_plan *p, size_t *offset)
{
    for (size_t row_slot = 0; row_slot < p->h.out_slots; row_slot++)
        for (size_t slot = 0; slot < p->w.out_slots; slot++) {
            fill_phase_offsets(p, row_slot, slot, offset);
            offset += p->block_channels * medtl_conv_phase_taps(&p->h, row_slot) *
                      medtl_conv_phase_taps(&p->w, slot);
        }
}

/* The products of one block of staged channels, for every phase. */
static void multiply_phases(const medtl_conv_plan *p, const tile_extent *t, const float *packed,
                            size_t channel, size_t channels, const float *staged,
                            const size_t *offset, float *result)
{
    product work = {.b = staged,
                    .result_pitch = p->result_pitch,
                    .result_rows = t->channel_end - t->channel_first,
                    .result_columns = (t->rows - 1) * p->pitch + p->w.count,
                    .add = channel != 0};

    for (size_t row_slot = 0; row_slot < p->h.out_slots; row_slot++)
        for (size_t slot = 0; slot < p->w.out_slots; slot++) {
            const size_t depth = phase_depth(p, row_slot, slot), taps = depth / p->in_channels;

            /* Only the last panel may have fewer rows, so full panels say where this one begins. */
            work.a_panel = p->tile_rows * depth;
            work.depth_first = channel * taps;
            work.depth = channels * taps;
            work.offset = offset;
            work.result = result;
            work.a = packed + t->channel_first * depth;
            multiply(&work, p->tile_rows);
            packed += p->padded_channels * depth;
            offset += p->block_channels * taps;
            result += p->block_rows * p->result_pitch;
        }
}

static void run_group(const medtl_conv_plan *p, const tile_extent *t, size_t group,
                      const float *packed, const float *in, const finish *f, float *staged,
                      const size_t *offset, float *result)
{
    const size_t in_plane = p->h.in * p->w.in;

    packed += group * (packed_size(p) / p->groups);
    in += group * p->in_channels * in_plane;
    for (size_t c = 0; c < p->in_channels; c += p->block_channels) {
        const size_t channels = minimum(p->block_channels, p->in_channels - c);

        stage_channels(&p->h, &p->w, p->pitch, p->plane, p->h.first + (ptrdiff_t)t->row_first,
                       t->rows, in + c * in_plane, channels, staged);
        multiply_phases(p, t, packed, c, channels, staged, offset, result);
    }
    finish_channels(p, f, group, t, result);
}

static void run_tile(const medtl_conv_plan *p, const float *packed, const float *in,
                     const finish *f, size_t tile, float *scratch)
{
    const tile_extent t = tile_at(p, tile);
    float *staged = scratch, *result = scratch + p->staged_size;
    size_t *offset = (size_t *)(void *)(result + p->result_size);

    /* Register tiles read past the last plane; what they make of it is dropped, but it must be numbers,
     * as NaN and denormals may be slow. */
    zero_floats(staged + p->staged_size - p->slack, p->slack);
    fill_offsets(p, offset);
    for (size_t group = t.group_first; group < t.group_end; group++)
        run_group(p, &t, group, packed, in, f, staged, offset, result);
}

#endif

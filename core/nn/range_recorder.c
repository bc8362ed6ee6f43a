#include "range_recorder.h"

#include "blocked/conv.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A value's bin: sign, exponent and the first bits of its fraction. */
enum { FRACTION_BITS = 6, SHIFT = 23 - FRACTION_BITS, HALF = 1 << (8 + FRACTION_BITS) };

struct medtl_range_recorder {
    medtl_network *network;
    size_t count; /* of the network's parameters */
    uint64_t **
        bins; /* of each, [2 * HALF]: from zero upwards, then from zero downwards; NULL: not seen */
    bool failed;
};

medtl_status medtl_range_recorder_create(medtl_network *network, medtl_range_recorder **out,
                                         medtl_error *err)
{
    medtl_range_recorder *r = calloc(1, sizeof *r);

    *out = NULL;
    if (r != NULL) {
        r->network = network;
        r->count = medtl_network_parameter_count(network);
        r->bins = calloc(r->count + 1, sizeof *r->bins);
    }
    if (r == NULL || r->bins == NULL) {
        free(r);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for recording ranges");
    }
    *out = r;
    return MEDTL_OK;
}

void medtl_range_recorder_destroy(medtl_range_recorder *recorder)
{
    if (recorder == NULL)
        return;
    for (size_t i = 0; i < recorder->count; i++)
        free(recorder->bins[i]);
    free(recorder->bins);
    free(recorder);
}

static void count_value(uint64_t *bins, float value)
{
    uint32_t pattern;

    memcpy(&pattern, &value, sizeof pattern);
    bins[pattern >> SHIFT]++;
}

/* What the convolution's own norm makes of it is what will be in whole numbers. */
static void count_normalised(const medtl_node_run *run, const float *x, uint64_t *bins)
{
    const medtl_conv_shape *s = &run->conv->shape;
    const float *scale = run->parameters[0], *shift = scale + s->channels_in;
    const size_t pixels = s->height_in * s->width_in;

    for (size_t c = 0; c < s->channels_in; c++)
        for (size_t i = 0; i < pixels; i++) {
            const size_t at = (c / MEDTL_BLOCK * pixels + i) * MEDTL_BLOCK + c % MEDTL_BLOCK;
            const float v = x[at] * scale[c] + shift[c];

            count_value(bins, run->conv->input_relu && v < 0.0f ? 0.0f : v);
        }
}

void medtl_range_recorder_watch(void *recorder, const medtl_node_run *run)
{
    medtl_range_recorder *r = recorder;
    const size_t index = run->node->parameters[0]; /* of the network that the plan was made of */
    uint64_t *bins;

    if (run->conv == NULL || run->conv->part_count != 1 || run->conv->plain_input ||
        run->conv->shape.groups != 1 || index >= r->count)
        return;
    if (r->bins[index] == NULL)
        r->bins[index] = calloc((size_t)2 * HALF, sizeof **r->bins);
    if ((bins = r->bins[index]) == NULL) {
        r->failed = true;
        return;
    }
    for (size_t n = 0; n < run->count; n++) {
        const float *x = medtl_image_of(run->x[0], n);
        const size_t size = medtl_shape_size(run->in[0]);

        if (run->conv->input_norm)
            count_normalised(run, x, bins);
        else
            for (size_t i = 0; i < size; i++)
                count_value(bins, x[i]);
    }
}

/* The outer edge of the last bin that may not be cut off. @param bins  Of one sign. */
static float edge_of(const uint64_t *bins, double most)
{
    const size_t infinite = (size_t)255 << FRACTION_BITS;
    double beyond = 0.0;
    uint32_t pattern;
    float edge;

    for (size_t i = infinite; i-- > 1;) {
        beyond += (double)bins[i];
        if (beyond > most) {
            pattern = (uint32_t)(i + 1) << SHIFT;
            memcpy(&edge, &pattern, sizeof edge);
            return edge;
        }
    }
    return 0.0f;
}

medtl_status medtl_range_recorder_finish(const medtl_range_recorder *recorder, double cut,
                                         medtl_ranges *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    *out = (medtl_ranges){NULL, 0};
    if (recorder->failed)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for recording ranges");
    for (size_t i = 0; i < recorder->count && status == MEDTL_OK; i++) {
        const uint64_t *bins = recorder->bins[i];
        double all = 0.0;
        float low, high;

        for (size_t b = 0; bins != NULL && b < (size_t)2 * HALF; b++)
            all += (double)bins[b];
        if (bins == NULL)
            continue;
        high = edge_of(bins, cut * all);
        low = -edge_of(bins + HALF, cut * all);
        if (high - low > 0.0f) /* else its input is always zero, and it stays as it is */
            status = medtl_ranges_add(out, medtl_network_parameter(recorder->network, i)->name, low,
                                      high, err);
    }
    if (status == MEDTL_OK && out->count == 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "the network has no convolution that whole numbers would do");
    if (status != MEDTL_OK)
        medtl_ranges_clear(out);
    return status;
}

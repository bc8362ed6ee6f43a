/* From modality values to 0 .. 1: PS3.3 C.11.2. */
#include "steps.h"

#include <math.h>
#include <stdlib.h>

static const double tail = 0.005; /* share of pixels beyond each end of the percentile range */

static medtl_voi between(double low, double high)
{
    return (medtl_voi){MEDTL_VOI_KIND_EXACT, low + (high - low) / 2.0, high - low, NULL};
}

medtl_voi medtl_voi_full_range(const medtl_image *image, const unsigned char *seen)
{
    const size_t codes = medtl_code_count(image->type);
    double low = INFINITY, high = -INFINITY;

    for (uint32_t code = 0; code < codes; code++)
        if (seen[code]) {
            const double value = medtl_modality_value(image, medtl_code_value(image->type, code));

            low = fmin(low, value);
            high = fmax(high, value);
        }
    return low <= high ? between(low, high) : between(0.0, 0.0);
}

medtl_voi medtl_voi_of_image(const medtl_image *image, const unsigned char *seen)
{
    static const medtl_voi_kind kinds[] = {[MEDTL_VOI_LINEAR] = MEDTL_VOI_KIND_LINEAR,
                                           [MEDTL_VOI_LINEAR_EXACT] = MEDTL_VOI_KIND_EXACT,
                                           [MEDTL_VOI_SIGMOID] = MEDTL_VOI_KIND_SIGMOID};
    const double center = image->window_center, width = image->window_width;
    const bool linear = image->voi_function == MEDTL_VOI_LINEAR;

    if (image->has_window && fabs(center) < 1e300 && width < 1e300 &&
        (linear ? width >= 1.0 : width > 0.0))
        return (medtl_voi){kinds[image->voi_function], center, width, NULL};
    if (image->voi_lut.entries != NULL && image->voi_lut.count > 0)
        return (medtl_voi){MEDTL_VOI_KIND_TABLE, 0.0, 0.0, &image->voi_lut};
    return medtl_voi_full_range(image, seen);
}

typedef struct bin {
    double value;
    uint32_t count;
} bin;

static int by_value(const void *a, const void *b)
{
    const double x = ((const bin *)a)->value, y = ((const bin *)b)->value;

    return (x > y) - (x < y);
}

/* The value at which the running count first exceeds `rank`, from one end of the sorted bins. */
static double value_at(const bin *bins, size_t count, bool from_top, double rank)
{
    double sum = 0.0;

    for (size_t i = 0; i < count; i++) {
        const bin *b = &bins[from_top ? count - 1 - i : i];

        sum += b->count;
        if (sum > rank)
            return b->value;
    }
    return bins[from_top ? 0 : count - 1].value;
}

medtl_status medtl_voi_percentile(const medtl_image *image, const uint32_t *counts, medtl_voi *out,
                                  medtl_error *err)
{
    const size_t codes = medtl_code_count(image->type);
    bin *bins = malloc(codes * sizeof *bins);
    size_t used = 0;
    double total = 0.0;

    if (bins == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a histogram");
    /* In the order of stored values the bins are mostly sorted already; a modality LUT may fall. */
    for (uint32_t code = 0; code < codes; code++)
        if (counts[code] > 0) {
            bins[used].value = medtl_modality_value(image, medtl_code_value(image->type, code));
            bins[used++].count = counts[code];
            total += counts[code];
        }
    qsort(bins, used, sizeof *bins, by_value);
    *out = used == 0 ? between(0.0, 0.0)
                     : between(value_at(bins, used, false, tail * total),
                               value_at(bins, used, true, tail * total));
    free(bins);
    return MEDTL_OK;
}

static double clamp(double x) { return !(x > 0.0) ? 0.0 : x > 1.0 ? 1.0 : x; }

double medtl_voi_apply(const medtl_voi *voi, double value)
{
    const double c = voi->center, w = voi->width;

    switch (voi->kind) {
    case MEDTL_VOI_KIND_LINEAR:
        if (value <= c - 0.5 - (w - 1.0) / 2.0)
            return 0.0;
        if (value > c - 0.5 + (w - 1.0) / 2.0)
            return 1.0;
        return clamp((value - (c - 0.5)) / (w - 1.0) + 0.5);
    case MEDTL_VOI_KIND_EXACT:
        if (w == 0.0) /* a range of one value */
            return value < c ? 0.0 : value > c ? 1.0 : 0.5;
        return clamp((value - c) / w + 0.5);
    case MEDTL_VOI_KIND_SIGMOID:
        return clamp(1.0 / (1.0 + exp(-4.0 * (value - c) / w)));
    case MEDTL_VOI_KIND_TABLE: {
        const unsigned bits = voi->lut->bits < 8 ? 8 : voi->lut->bits > 16 ? 16 : voi->lut->bits;

        return clamp(medtl_lut_entry(voi->lut, value) / (double)((1u << bits) - 1u));
    }
    }
    return 0.0;
}

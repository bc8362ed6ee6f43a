/* From stored values to modality values: PS3.3 C.11.1. */
#include "steps.h"

#include <math.h>

uint16_t medtl_lut_entry(const medtl_lut *lut, double value)
{
    const double index = round(value) - lut->first;

    if (!(index > 0.0))
        return lut->entries[0];
    if (index >= (double)lut->count - 1.0)
        return lut->entries[lut->count - 1];
    return lut->entries[(uint32_t)index];
}

static bool has_table(const medtl_lut *lut) { return lut->entries != NULL && lut->count > 0; }

double medtl_modality_value(const medtl_image *image, int32_t stored)
{
    const double slope = image->rescale_slope, intercept = image->rescale_intercept;

    if (has_table(&image->modality_lut))
        return medtl_lut_entry(&image->modality_lut, stored);
    /* Far enough below DBL_MAX that differences of two values stay finite. */
    if (slope == 0.0 || !(fabs(slope) < 1e300) || !(fabs(intercept) < 1e300))
        return stored;
    return slope * stored + intercept;
}

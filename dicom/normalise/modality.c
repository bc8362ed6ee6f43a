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

/* X-rays are weakened exponentially, so that the logarithm of what came through is linear in what stopped them: what
 * images for presentation show. Dead detector elements would have infinite weight; no breast lets less than a
 * thousandth of the detector's range through. */
static double log_of_exposure(const medtl_image *image, double counted)
{
    const double least = ldexp(1.0, image->bits_stored) / 1000.0;

    return log(fmax(counted, least));
}

static double rescaled(const medtl_image *image, int32_t stored)
{
    const double slope = image->rescale_slope, intercept = image->rescale_intercept;

    if (has_table(&image->modality_lut))
        return medtl_lut_entry(&image->modality_lut, stored);
    /* Far enough below DBL_MAX that differences of two values stay finite. */
    if (slope == 0.0 || !(fabs(slope) < 1e300) || !(fabs(intercept) < 1e300))
        return stored;
    return slope * stored + intercept;
}

double medtl_modality_value(const medtl_image *image, int32_t stored)
{
    const double value = rescaled(image, stored);

    return image->counts_exposure ? log_of_exposure(image, value) : value;
}

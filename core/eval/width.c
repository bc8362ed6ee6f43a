#include "width.h"

#include <math.h>
#include <stdbool.h>

static bool has_none(const medtl_interval *i) { return !isnan(i->low) && i->low == i->high; }

medtl_interval medtl_interval_with_width(medtl_interval resampled)
{
    if (has_none(&resampled))
        resampled.low = resampled.high = (double)NAN;
    return resampled;
}

medtl_interval medtl_interval_of_share(medtl_interval resampled, size_t groups)
{
    const double least = groups > 0 ? pow(0.025, 1.0 / (double)groups) : (double)NAN;

    if (!has_none(&resampled))
        return resampled;
    if (resampled.value == 1.0)
        return (medtl_interval){1.0, least, 1.0};
    if (resampled.value == 0.0)
        return (medtl_interval){0.0, 0.0, 1.0 - least};
    return medtl_interval_with_width(resampled);
}

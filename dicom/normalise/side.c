/* Which way the breast points. */
#include "steps.h"

bool medtl_side_flips(const medtl_breast *breast, medtl_laterality laterality)
{
    /* Digital mammograms reach 0.5 and more. Films whose chest wall was trimmed along the muscle may be
     * as low as this on either side. */
    const double clear = 0.15;

    if (breast->wall > clear || breast->wall < -clear)
        return breast->wall > 0.0;
    if (laterality == MEDTL_LATERALITY_RIGHT || laterality == MEDTL_LATERALITY_LEFT)
        return laterality == MEDTL_LATERALITY_RIGHT;
    return breast->wall > 0.0;
}

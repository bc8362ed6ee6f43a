/* Which way the breast points. */
#include "steps.h"

bool medtl_side_flips(const medtl_breast *breast, medtl_laterality laterality)
{
    /* A half disc leans by 0.08 of its width. */
    const double clear = 0.005;

    if (breast->found && breast->lean > clear)
        return true;
    if (breast->found && breast->lean < -clear)
        return false;
    return laterality == MEDTL_LATERALITY_RIGHT;
}

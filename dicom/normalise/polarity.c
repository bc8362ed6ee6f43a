/* Whether low values are white. */
#include "steps.h"

bool medtl_is_inverted(const medtl_image *image)
{
    return image->photometric == MEDTL_MONOCHROME1 || image->inverse_presentation_lut;
}

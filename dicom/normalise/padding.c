/* Stored values that stand for "no image here": PS3.3 C.7.5.1.1.2. */
#include "steps.h"

bool medtl_is_padding(const medtl_image *image, int32_t stored)
{
    const int32_t a = image->padding_first, b = image->padding_last;

    return image->has_padding && stored >= (a < b ? a : b) && stored <= (a < b ? b : a);
}

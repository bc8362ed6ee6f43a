/* Stored values as table indices. */
#include "steps.h"

#include <string.h>

size_t medtl_code_count(medtl_pixel_type type)
{
    return type == MEDTL_PIXEL_U8 || type == MEDTL_PIXEL_S8 ? 256 : MEDTL_CODES;
}

int32_t medtl_code_value(medtl_pixel_type type, uint32_t code)
{
    switch (type) {
    case MEDTL_PIXEL_S8:
        return code < 0x80 ? (int32_t)code : (int32_t)code - 0x100;
    case MEDTL_PIXEL_S16:
        return code < 0x8000 ? (int32_t)code : (int32_t)code - 0x10000;
    default:
        return (int32_t)code;
    }
}

bool medtl_codes_seen(const medtl_image *image, unsigned char *seen)
{
    const size_t count = (size_t)image->rows * image->columns * image->samples;
    const size_t codes = medtl_code_count(image->type);
    bool any = false;

    memset(seen, 0, codes);
    if (codes == 256) {
        const uint8_t *pixels = image->pixels;

        for (size_t i = 0; i < count; i++)
            seen[pixels[i]] = 1;
    } else {
        const uint16_t *pixels = image->pixels;

        for (size_t i = 0; i < count; i++)
            seen[pixels[i]] = 1;
    }
    for (uint32_t code = 0; code < codes; code++) {
        if (seen[code] && medtl_is_padding(image, medtl_code_value(image->type, code)))
            seen[code] = 0;
        any = any || seen[code];
    }
    return any;
}

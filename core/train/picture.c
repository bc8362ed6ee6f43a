#include "picture.h"

#include "picture_decoders.h"

#include <stdlib.h>
#include <string.h>

medtl_picture_kind medtl_picture_recognise(const unsigned char *bytes, size_t size)
{
    if (size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return MEDTL_PICTURE_PNG;
    if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return MEDTL_PICTURE_JPEG;
    if (size >= 3 && bytes[0] == 'P' && memchr("2356", bytes[1], 4) != NULL &&
        memchr(" \t\r\n", bytes[2], 4) != NULL)
        return MEDTL_PICTURE_PNM;
    return MEDTL_PICTURE_UNKNOWN;
}

medtl_status medtl_picture_allocate(uint64_t rows, uint64_t columns, uint16_t samples,
                                    uint16_t bits, const char *name, medtl_picture *out,
                                    medtl_error *err)
{
    if (rows == 0 || columns == 0 || rows > MEDTL_PICTURE_SIDE_LIMIT ||
        columns > MEDTL_PICTURE_SIDE_LIMIT || rows * columns > MEDTL_PICTURE_PIXEL_LIMIT)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: %llu x %llu pixels are beyond the limits", name,
                          (unsigned long long)columns, (unsigned long long)rows);
    out->rows = (uint32_t)rows;
    out->columns = (uint32_t)columns;
    out->samples = samples;
    out->bits = bits;
    out->pixels = calloc((size_t)(rows * columns) * samples, bits > 8 ? 2 : 1);
    if (out->pixels == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for %llu x %llu pixels", name,
                          (unsigned long long)columns, (unsigned long long)rows);
    return MEDTL_OK;
}

medtl_status medtl_picture_decode(const unsigned char *bytes, size_t size, const char *name,
                                  medtl_picture *out, medtl_error *err)
{
    medtl_status status = MEDTL_E_UNSUPPORTED;

    memset(out, 0, sizeof *out);
    switch (medtl_picture_recognise(bytes, size)) {
    case MEDTL_PICTURE_PNG:
        status = medtl_picture_decode_png(bytes, size, name, out, err);
        break;
    case MEDTL_PICTURE_JPEG:
        status = medtl_picture_decode_jpeg(bytes, size, name, out, err);
        break;
    case MEDTL_PICTURE_PNM:
        status = medtl_picture_decode_pnm(bytes, size, name, out, err);
        break;
    case MEDTL_PICTURE_UNKNOWN:
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: not PNG, JPEG, PGM or PPM", name);
        break;
    }
    if (status != MEDTL_OK)
        medtl_picture_clear(out);
    return status;
}

void medtl_picture_clear(medtl_picture *picture)
{
    free(picture->pixels);
    memset(picture, 0, sizeof *picture);
}

/* The frame of stored values: making one and letting it go. Filling it is a reader's work. */
#include "medtl/image.h"

#include <stdlib.h>

static size_t bytes_per_sample(medtl_pixel_type type)
{
    return type == MEDTL_PIXEL_U8 || type == MEDTL_PIXEL_S8 ? 1 : 2;
}

medtl_status medtl_image_create(uint32_t rows, uint32_t columns, uint16_t samples,
                                medtl_pixel_type type, uint16_t bits_stored, medtl_image **out,
                                medtl_error *err)
{
    const size_t sample_bytes = bytes_per_sample(type);
    medtl_image *image;

    *out = NULL;
    if (rows == 0 || columns == 0 || (samples != 1 && samples != 3) || bits_stored == 0 ||
        bits_stored > 8 * sample_bytes)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "no image of %u x %u pixels, %u samples of %u bits", rows, columns,
                          samples, bits_stored);
    if ((size_t)rows * columns > SIZE_MAX / samples / sample_bytes)
        return medtl_fail(err, MEDTL_E_MEMORY, "an image of %u x %u pixels is too large", rows,
                          columns);
    image = calloc(1, sizeof *image);
    if (image != NULL)
        image->pixels = calloc((size_t)rows * columns * samples, sample_bytes);
    if (image == NULL || image->pixels == NULL) {
        free(image);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an image of %u x %u pixels", rows,
                          columns);
    }
    image->rows = rows;
    image->columns = columns;
    image->samples = samples;
    image->bits_stored = bits_stored;
    image->type = type;
    image->photometric = samples == 3 ? MEDTL_RGB : MEDTL_MONOCHROME2;
    image->rescale_slope = 1.0;
    *out = image;
    return MEDTL_OK;
}

void medtl_image_destroy(medtl_image *image)
{
    if (image == NULL)
        return;
    free(image->pixels);
    free(image->modality_lut.entries);
    free(image->voi_lut.entries);
    for (int i = 0; i < 3; i++)
        free(image->palette[i].entries);
    free(image->icc_profile);
    free(image);
}

/* What the network sees, as a picture for people. */
#include "core/base/file.h"
#include "steps.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

static unsigned char to_byte(float x)
{
    return !(x > 0.0f) ? 0 : x >= 1.0f ? 255 : (unsigned char)lroundf(255.0f * x);
}

/* CHW to interleaved bytes, mean and sd undone. */
static void fill(const float *input, const medtl_normaliser *n, unsigned char *bytes)
{
    const size_t count = (size_t)n->height * n->width;

    for (uint32_t c = 0; c < n->channels; c++)
        for (size_t i = 0; i < count; i++)
            bytes[i * n->channels + c] = to_byte(input[c * count + i] * n->sd[c] + n->mean[c]);
}

medtl_status medtl_normalised_write_png(const float *input, const medtl_normaliser *normaliser,
                                        const char *path, medtl_error *err)
{
    png_image picture = {.version = PNG_IMAGE_VERSION};
    medtl_status status = medtl_normaliser_check(normaliser, err);
    unsigned char *pixels = NULL, *file = NULL;
    png_alloc_size_t size = 0;

    if (status != MEDTL_OK)
        return status;
    picture.width = normaliser->width;
    picture.height = normaliser->height;
    picture.format = normaliser->channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    size = PNG_IMAGE_PNG_SIZE_MAX(picture);
    pixels = malloc(PNG_IMAGE_SIZE(picture));
    file = malloc(size);
    if (pixels == NULL || file == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a picture", path);
        goto done;
    }
    fill(input, normaliser, pixels);
    if (!png_image_write_to_memory(&picture, file, &size, 0, pixels, 0, NULL))
        status =
            medtl_fail(err, MEDTL_E_INTERNAL, "%s: cannot make a PNG: %s", path, picture.message);
    else
        status = medtl_file_replace(path, file, size, err);

done:
    png_image_free(&picture);
    free(file);
    free(pixels);
    return status;
}

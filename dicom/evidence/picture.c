/* The image as people see it, made by the normaliser: the same gray values, the same colours. */
#include "shapes.h"

#include <math.h>
#include <stdlib.h>

static uint32_t reduced(uint32_t size, double scale)
{
    const double length = floor((double)size * scale + 0.5);

    return length < 1.0 ? 1 : (uint32_t)length;
}

medtl_status medtl_picture_read(const medtl_instance *instance, uint32_t frame, bool to_srgb,
                                medtl_voi_choice voi, uint32_t longest, medtl_picture *out,
                                medtl_error *err)
{
    const medtl_facts *facts = medtl_instance_facts(instance);
    const uint32_t side = facts->rows > facts->columns ? facts->rows : facts->columns;
    const double scale = side > longest ? (double)longest / (double)side : 1.0;
    const medtl_normaliser shown = {.channels = 3,
                                    .height = reduced(facts->rows, scale),
                                    .width = reduced(facts->columns, scale),
                                    .voi = voi,
                                    .crop = MEDTL_CROP_NONE,
                                    .side = MEDTL_SIDE_KEEP,
                                    .fit = MEDTL_FIT_STRETCH,
                                    .color_constancy = MEDTL_COLOR_CONSTANCY_NONE,
                                    .sd = {1.0f, 1.0f, 1.0f}};
    const size_t count = (size_t)shown.height * shown.width;
    float *planes = calloc(3 * count, sizeof *planes);
    unsigned char *pixels = malloc(3 * count);
    medtl_status status;

    *out = (medtl_picture){NULL, 0, 0};
    if (planes == NULL || pixels == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a picture of %u x %u",
                            (unsigned)shown.height, (unsigned)shown.width);
        goto done;
    }
    status = medtl_image_read_input(instance, frame, to_srgb, &shown, planes, NULL, NULL, err);
    if (status != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++)
            pixels[3 * i + c] =
                (unsigned char)lroundf(255.0f * fminf(fmaxf(planes[c * count + i], 0.0f), 1.0f));
    *out = (medtl_picture){pixels, shown.height, shown.width};
    pixels = NULL;

done:
    free(pixels);
    free(planes);
    return status;
}

void medtl_picture_clear(medtl_picture *picture)
{
    if (picture == NULL)
        return;
    free(picture->pixels);
    *picture = (medtl_picture){NULL, 0, 0};
}

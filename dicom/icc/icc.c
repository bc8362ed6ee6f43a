/* Colours by an ICC profile to sRGB, with Little CMS: its own context, so that neither its plug-ins nor its error
 * handler are shared with the host. */
#include "dicom/normalise/steps.h"
#include "medtl/image.h"

#include <lcms2.h>
#include <math.h>
#include <stdlib.h>

typedef struct conversion {
    cmsContext context;
    cmsHPROFILE from, to;
    cmsHTRANSFORM transform;
} conversion;

static void close_conversion(conversion *c)
{
    if (c->transform != NULL)
        cmsDeleteTransform(c->transform);
    if (c->from != NULL)
        cmsCloseProfile(c->from);
    if (c->to != NULL)
        cmsCloseProfile(c->to);
    if (c->context != NULL)
        cmsDeleteContext(c->context);
}

static medtl_status open_conversion(const medtl_image *image, conversion *c, medtl_error *err)
{
    if ((c->context = cmsCreateContext(NULL, NULL)) == NULL ||
        (c->to = cmsCreate_sRGBProfileTHR(c->context)) == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for an ICC profile");
    c->from = image->icc_profile_size > UINT32_MAX
                  ? NULL
                  : cmsOpenProfileFromMemTHR(c->context, image->icc_profile,
                                             (cmsUInt32Number)image->icc_profile_size);
    if (c->from == NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "the ICC Profile (0028,2000) is damaged");
    if (cmsGetColorSpace(c->from) != cmsSigRgbData)
        return medtl_fail(err, MEDTL_E_FORMAT, "the ICC Profile (0028,2000) is not for RGB");
    c->transform = cmsCreateTransformTHR(c->context, c->from, TYPE_RGB_FLT, c->to, TYPE_RGB_FLT,
                                         INTENT_PERCEPTUAL, cmsFLAGS_NOCACHE);
    return c->transform != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_FORMAT,
                            "the ICC Profile (0028,2000) describes no conversion to sRGB");
}

static void put_sample(medtl_image *image, size_t at, float value)
{
    const double top = image->type == MEDTL_PIXEL_U8 ? 255.0 : 65535.0;
    const double sample = !(value > 0.0f) ? 0.0 : value >= 1.0f ? top : floor(value * top + 0.5);

    if (image->type == MEDTL_PIXEL_U8)
        ((uint8_t *)image->pixels)[at] = (uint8_t)sample;
    else
        ((uint16_t *)image->pixels)[at] = (uint16_t)sample;
}

/* Row by row: the source reads true colour, YCbCr and palettes alike. */
static medtl_status convert(const medtl_source *source, cmsHTRANSFORM transform, medtl_image *to,
                            medtl_error *err)
{
    const size_t columns = to->columns;
    float *planes = malloc(3 * columns * sizeof *planes);
    float *pixels = malloc(3 * columns * sizeof *pixels);
    medtl_status status = MEDTL_OK;

    if (planes == NULL || pixels == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a row of colours");
    for (uint32_t y = 0; status == MEDTL_OK && y < to->rows; y++) {
        medtl_source_row(source, y, 0, to->columns, planes);
        for (size_t x = 0; x < columns; x++)
            for (size_t c = 0; c < 3; c++)
                pixels[3 * x + c] = planes[c * columns + x];
        cmsDoTransform(transform, pixels, pixels, to->columns);
        for (size_t i = 0; i < 3 * columns; i++)
            put_sample(to, 3 * columns * y + i, pixels[i]);
    }
    free(planes);
    free(pixels);
    return status;
}

/* The pixels change hands; everything else that the image says of itself stays. */
static void take_pixels(medtl_image *image, medtl_image *converted)
{
    void *old = image->pixels;

    image->pixels = converted->pixels;
    converted->pixels = old;
    image->samples = 3;
    image->type = converted->type;
    image->bits_stored = converted->bits_stored;
    image->photometric = MEDTL_RGB;
    for (int i = 0; i < 3; i++) {
        free(image->palette[i].entries);
        image->palette[i] = (medtl_lut){0};
    }
    free(image->icc_profile);
    image->icc_profile = NULL;
    image->icc_profile_size = 0;
}

medtl_status medtl_image_to_srgb(medtl_image *image, medtl_error *err)
{
    const bool palette = image->photometric == MEDTL_PALETTE_COLOR;
    const bool wide = palette ? image->palette[0].bits > 8 : image->bits_stored > 8;
    medtl_image *converted = NULL;
    medtl_source source = {0};
    conversion c = {0};
    medtl_status status;

    if (image->icc_profile == NULL || medtl_image_is_gray(image))
        return MEDTL_OK;
    if ((status = open_conversion(image, &c, err)) == MEDTL_OK &&
        (status = medtl_source_create(image, true, &source, err)) == MEDTL_OK &&
        (status = medtl_image_create(image->rows, image->columns, 3,
                                     wide ? MEDTL_PIXEL_U16 : MEDTL_PIXEL_U8, wide ? 16 : 8,
                                     &converted, err)) == MEDTL_OK)
        status = convert(&source, c.transform, converted, err);
    if (status == MEDTL_OK)
        take_pixels(image, converted);
    medtl_source_destroy(&source);
    medtl_image_destroy(converted);
    close_conversion(&c);
    return status;
}

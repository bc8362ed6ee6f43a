/* An image as rows of values from 0 to 1, whatever its pixels are. */
#include "steps.h"

#include <stdlib.h>

bool medtl_image_is_gray(const medtl_image *image)
{
    return image->photometric == MEDTL_MONOCHROME1 || image->photometric == MEDTL_MONOCHROME2;
}

static bool is_signed(const medtl_image *image)
{
    return image->type == MEDTL_PIXEL_S8 || image->type == MEDTL_PIXEL_S16;
}

static medtl_status check(const medtl_image *image, medtl_error *err)
{
    const bool three = image->photometric == MEDTL_RGB || image->photometric == MEDTL_YBR_FULL;
    const unsigned limit = medtl_code_count(image->type) == 256 ? 8 : 16;

    if (image->rows == 0 || image->columns == 0 || image->pixels == NULL)
        return medtl_fail(err, MEDTL_E_FORMAT, "the image has no pixels");
    if (image->samples != (three ? 3 : 1))
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%u samples per pixel do not fit the photometric interpretation",
                          image->samples);
    if (image->bits_stored == 0 || image->bits_stored > limit)
        return medtl_fail(err, MEDTL_E_FORMAT, "%u bits stored in samples of %u",
                          image->bits_stored, limit);
    if (three && is_signed(image))
        return medtl_fail(err, MEDTL_E_FORMAT, "colour samples are signed");
    if (image->photometric == MEDTL_PALETTE_COLOR)
        for (int i = 0; i < 3; i++)
            if (image->palette[i].entries == NULL || image->palette[i].count == 0)
                return medtl_fail(err, MEDTL_E_FORMAT, "palette colour without three palettes");
    return MEDTL_OK;
}

static void fill_palettes(medtl_source *source)
{
    const medtl_image *image = source->image;
    const size_t codes = medtl_code_count(image->type);

    for (int plane = 0; plane < 3; plane++) {
        medtl_voi entries = {MEDTL_VOI_KIND_TABLE, 0.0, 0.0, &image->palette[plane]};
        float *table = source->tables + (size_t)plane * codes;

        for (uint32_t code = 0; code < codes; code++)
            table[code] = (float)medtl_voi_apply(&entries, medtl_code_value(image->type, code));
    }
}

/* All three samples of true colour share one scale. */
static void fill_samples(medtl_source *source)
{
    const size_t codes = medtl_code_count(source->image->type);
    const float top = (float)((1u << source->image->bits_stored) - 1u);

    for (uint32_t code = 0; code < codes; code++)
        source->tables[code] = (float)code < top ? (float)code / top : 1.0f;
}

medtl_status medtl_source_create(const medtl_image *image, bool color, medtl_source *out,
                                 medtl_error *err)
{
    const size_t tables = image->photometric == MEDTL_PALETTE_COLOR ? 3 : 1;
    const medtl_status status = check(image, err);

    *out = (medtl_source){.image = image, .planes = color && !medtl_image_is_gray(image) ? 3 : 1};
    if (status != MEDTL_OK)
        return status;
    out->tables = calloc(tables * medtl_code_count(image->type), sizeof *out->tables);
    if (out->tables == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table of values");
    if (image->photometric == MEDTL_PALETTE_COLOR)
        fill_palettes(out);
    else if (!medtl_image_is_gray(image))
        fill_samples(out);
    return MEDTL_OK;
}

void medtl_source_destroy(medtl_source *source)
{
    free(source->tables);
    source->tables = NULL;
}

void medtl_source_set_gray(medtl_source *source, const unsigned char *seen, const medtl_voi *voi)
{
    const medtl_image *image = source->image;
    const bool inverted = medtl_is_inverted(image);
    const size_t codes = medtl_code_count(image->type);

    for (uint32_t code = 0; code < codes; code++) {
        double x = 0.0; /* padding, and what does not occur */

        if (seen[code]) {
            x = medtl_voi_apply(voi,
                                medtl_modality_value(image, medtl_code_value(image->type, code)));
            x = inverted ? 1.0 - x : x;
        }
        source->tables[code] = (float)x;
    }
}

/* `count` samples, `stride` apart, through a table. */
static void look_up(const medtl_image *image, size_t at, size_t stride, const float *table,
                    uint32_t count, float *out)
{
    if (medtl_code_count(image->type) == 256) {
        const uint8_t *pixels = (const uint8_t *)image->pixels + at;

        for (uint32_t i = 0; i < count; i++)
            out[i] = table[pixels[i * stride]];
    } else {
        const uint16_t *pixels = (const uint16_t *)image->pixels + at;

        for (uint32_t i = 0; i < count; i++)
            out[i] = table[pixels[i * stride]];
    }
}

/* True colour becomes luminance a stretch at a time, so that one plane needs no room for three. */
enum { STRETCH = 256 };

static void color_stretch(const medtl_source *source, size_t pixel, uint32_t count, float *r,
                          float *g, float *b)
{
    const medtl_image *image = source->image;
    float *const out[3] = {r, g, b};

    for (size_t plane = 0; plane < 3; plane++)
        if (image->photometric == MEDTL_PALETTE_COLOR)
            look_up(image, pixel, 1, source->tables + plane * medtl_code_count(image->type), count,
                    out[plane]);
        else
            look_up(image, 3 * pixel + plane, 3, source->tables, count, out[plane]);
    if (image->photometric == MEDTL_YBR_FULL) {
        const float top = (float)((1u << image->bits_stored) - 1u);

        medtl_ybr_to_rgb((float)(1u << (image->bits_stored - 1)) / top, count, r, g, b);
    }
}

void medtl_source_row(const medtl_source *source, uint32_t row, uint32_t first, uint32_t count,
                      float *out)
{
    const size_t pixel = (size_t)row * source->image->columns + first;
    float g[STRETCH], b[STRETCH];

    if (medtl_image_is_gray(source->image)) {
        look_up(source->image, pixel, 1, source->tables, count, out);
        return;
    }
    if (source->planes == 3) {
        color_stretch(source, pixel, count, out, out + count, out + 2 * (size_t)count);
        return;
    }
    for (uint32_t done = 0; done < count; done += STRETCH) {
        const uint32_t part = count - done < STRETCH ? count - done : STRETCH;

        color_stretch(source, pixel + done, part, out + done, g, b);
        medtl_luminance(part, out + done, g, b, out + done);
    }
}

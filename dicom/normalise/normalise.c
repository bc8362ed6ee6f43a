/* The order of the steps. What a step does is in its own file. */
#include "steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_INPUT = 4096 };

medtl_status medtl_normaliser_check(const medtl_normaliser *n, medtl_error *err)
{
    if (n->channels != 1 && n->channels != 3)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "normaliser: %u channels, not 1 or 3",
                          n->channels);
    if (n->height == 0 || n->width == 0 || n->height > LARGEST_INPUT || n->width > LARGEST_INPUT)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "normaliser: an input of %u x %u pixels, not 1 to %d", n->width,
                          n->height, LARGEST_INPUT);
    if ((unsigned)n->voi > MEDTL_VOI_PERCENTILE || (unsigned)n->crop > MEDTL_CROP_CENTER ||
        (unsigned)n->side > MEDTL_SIDE_LEFT || (unsigned)n->fit > MEDTL_FIT_STRETCH ||
        (unsigned)n->color_constancy > MEDTL_COLOR_CONSTANCY_SHADES_OF_GRAY)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "normaliser: a choice that does not exist");
    for (int c = 0; c < 3; c++)
        if (!isfinite(n->mean[c]) || !isfinite(n->sd[c]) || !(n->sd[c] > 0.0f))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "normaliser: mean %g and sd %g of channel %d",
                              (double)n->mean[c], (double)n->sd[c], c);
    return MEDTL_OK;
}

/* What is worked out of one image on the way. */
typedef struct work {
    const medtl_image *image;
    const medtl_normaliser *normaliser;
    medtl_source source;
    unsigned char *seen; /* gray only */
    medtl_breast breast; /* without mask where nobody asks for it */
    medtl_box box;
    bool flipped;
} work;

static medtl_status start_gray(work *w, medtl_error *err)
{
    medtl_voi range;

    w->seen = malloc(MEDTL_CODES);
    if (w->seen == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a table of values");
    if (!medtl_codes_seen(w->image, w->seen))
        return medtl_fail(err, MEDTL_E_FORMAT, "every pixel is padding");
    range = medtl_voi_full_range(w->image, w->seen);
    medtl_source_set_gray(&w->source, w->seen, &range);
    return MEDTL_OK;
}

/* The mask is found before the VOI is applied, so that a narrow window cannot eat the skin line. */
static medtl_status locate(work *w, medtl_outline *outline, medtl_error *err)
{
    const medtl_normaliser *n = w->normaliser;
    medtl_source luminance = w->source;
    medtl_status status = MEDTL_OK;

    luminance.planes = 1;
    if (n->crop == MEDTL_CROP_BREAST || n->side == MEDTL_SIDE_LEFT)
        status = medtl_breast_find(&luminance, &w->breast, outline, err);
    if (status != MEDTL_OK)
        return status;
    if (n->crop == MEDTL_CROP_BREAST)
        w->box = w->breast.box;
    else if (n->crop == MEDTL_CROP_CENTER)
        w->box = medtl_center_box(w->image->rows, w->image->columns, n->width, n->height);
    else
        w->box = (medtl_box){0.0, 0.0, w->image->columns, w->image->rows};
    w->flipped = n->side == MEDTL_SIDE_LEFT && medtl_side_flips(&w->breast, w->image->laterality);
    return MEDTL_OK;
}

/* Pixels whose centre is inside the box. */
static void count_box(const work *w, uint32_t *counts)
{
    const medtl_image *image = w->image;
    const size_t codes = medtl_code_count(image->type);

    memset(counts, 0, codes * sizeof *counts);
    for (uint32_t y = (uint32_t)(w->box.y0 + 0.5); y < image->rows && y + 0.5 < w->box.y1; y++)
        for (uint32_t x = (uint32_t)(w->box.x0 + 0.5); x < image->columns && x + 0.5 < w->box.x1;
             x++) {
            const size_t at = (size_t)y * image->columns + x;

            counts[codes == 256 ? ((const uint8_t *)image->pixels)[at]
                                : ((const uint16_t *)image->pixels)[at]]++;
        }
    for (uint32_t code = 0; code < codes; code++)
        if (!w->seen[code])
            counts[code] = 0;
}

static medtl_status percentile(const work *w, medtl_voi *voi, medtl_error *err)
{
    uint32_t *counts = malloc(MEDTL_CODES * sizeof *counts);
    medtl_status status;

    if (counts == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a histogram");
    if (w->normaliser->crop == MEDTL_CROP_BREAST)
        medtl_breast_histogram(w->image, &w->breast, counts);
    else
        count_box(w, counts);
    status = medtl_voi_percentile(w->image, counts, voi, err);
    if (status == MEDTL_OK &&
        !(voi->width > 0.0)) /* nearly all pixels alike: better the few others than nothing */
        *voi = medtl_voi_full_range(w->image, w->seen);
    free(counts);
    return status;
}

static medtl_status apply_voi(work *w, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    medtl_voi voi = {0};

    switch (w->normaliser->voi) {
    case MEDTL_VOI_IMAGE:
        voi = medtl_voi_of_image(w->image, w->seen);
        break;
    case MEDTL_VOI_FULL_RANGE:
        voi = medtl_voi_full_range(w->image, w->seen);
        break;
    case MEDTL_VOI_PERCENTILE:
        status = percentile(w, &voi, err);
        break;
    }
    if (status == MEDTL_OK)
        medtl_source_set_gray(&w->source, w->seen, &voi);
    return status;
}

static void mirror(float *row, uint32_t width)
{
    for (uint32_t a = 0, b = width - 1; a < b; a++, b--) {
        const float value = row[a];

        row[a] = row[b];
        row[b] = value;
    }
}

static void standardise(const medtl_normaliser *n, uint32_t planes, float *out)
{
    const size_t count = (size_t)n->height * n->width;

    /* From the last channel, so that a repeated gray plane is changed after it has been copied. */
    for (uint32_t c = n->channels; c-- > 0;) {
        const float *from = out + (planes == 1 ? 0 : c) * count;

        for (size_t i = 0; i < count; i++)
            out[c * count + i] = (from[i] - n->mean[c]) / n->sd[c];
    }
}

static medtl_status draw(const work *w, const medtl_placement *inner, float *out, medtl_error *err)
{
    const medtl_normaliser *n = w->normaliser;
    const size_t plane = (size_t)n->height * n->width;
    medtl_status status;

    memset(out, 0, n->channels * plane * sizeof *out);
    status = medtl_resize(&w->source, &w->box, inner->width, inner->height,
                          out + (size_t)inner->y * n->width + inner->x, n->width, plane, err);
    if (status != MEDTL_OK)
        return status;
    if (w->flipped)
        for (uint32_t p = 0; p < w->source.planes; p++)
            for (uint32_t y = inner->y; y < inner->y + inner->height; y++)
                mirror(out + p * plane + (size_t)y * n->width + inner->x, inner->width);
    if (n->color_constancy == MEDTL_COLOR_CONSTANCY_SHADES_OF_GRAY && w->source.planes == 3)
        medtl_shades_of_gray(out, plane, n->width, inner);
    standardise(n, w->source.planes, out);
    return MEDTL_OK;
}

medtl_status medtl_normalise(const medtl_image *image, const medtl_normaliser *normaliser,
                             float *out, medtl_geometry *geometry, medtl_outline *breast,
                             medtl_error *err)
{
    work w = {.image = image, .normaliser = normaliser};
    const bool gray = medtl_image_is_gray(image);
    medtl_placement inner;
    medtl_status status;

    if (breast != NULL)
        breast->count = 0;
    if ((status = medtl_normaliser_check(normaliser, err)) != MEDTL_OK ||
        (status = medtl_source_create(image, normaliser->channels == 3, &w.source, err)) !=
            MEDTL_OK ||
        (gray && (status = start_gray(&w, err)) != MEDTL_OK) ||
        (status = locate(&w, breast, err)) != MEDTL_OK ||
        (gray && (status = apply_voi(&w, err)) != MEDTL_OK))
        goto done;
    inner = medtl_fit_box(&w.box, normaliser->fit, normaliser->width, normaliser->height);
    status = draw(&w, &inner, out, err);
    if (status == MEDTL_OK && geometry != NULL)
        *geometry = (medtl_geometry){
            w.box.x0,
            w.box.y0,
            w.box.x1,
            w.box.y1,
            w.flipped,
            {inner.x, inner.y, (double)inner.x + inner.width, (double)inner.y + inner.height}};

done:
    medtl_breast_destroy(&w.breast);
    free(w.seen);
    medtl_source_destroy(&w.source);
    return status;
}

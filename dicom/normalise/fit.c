/* Which part of the image, and where it goes in the input. */
#include "steps.h"

#include <math.h>

medtl_box medtl_center_box(uint32_t rows, uint32_t columns, uint32_t width, uint32_t height)
{
    const bool wide = (uint64_t)columns * height > (uint64_t)rows * width;
    const double w = wide ? (double)rows * width / height : columns;
    const double h = wide ? rows : (double)columns * height / width;

    return (medtl_box){(columns - w) / 2.0, (rows - h) / 2.0, (columns + w) / 2.0,
                       (rows + h) / 2.0};
}

static uint32_t whole_pixels(double size, uint32_t limit)
{
    const double rounded = floor(size + 0.5);

    return rounded < 1.0 ? 1 : rounded > limit ? limit : (uint32_t)rounded;
}

medtl_placement medtl_fit_box(const medtl_box *box, medtl_fit fit, uint32_t width, uint32_t height)
{
    const double w = box->x1 - box->x0, h = box->y1 - box->y0, scale = fmin(width / w, height / h);
    medtl_placement place = {0, 0, width, height};

    if (fit == MEDTL_FIT_LETTERBOX) {
        place.width = whole_pixels(w * scale, width);
        place.height = whole_pixels(h * scale, height);
        place.x = (width - place.width) / 2;
        place.y = (height - place.height) / 2;
    }
    return place;
}

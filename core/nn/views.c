#include "views.h"

#include <string.h>

enum {
    MIRROR_X = MEDTL_VIEW_MIRROR_X,
    MIRROR_Y = MEDTL_VIEW_MIRROR_Y,
    TRANSPOSE = MEDTL_VIEW_TRANSPOSE
};

static const struct kind {
    const char *name;
    size_t count;
    unsigned char changes[MEDTL_MOST_VIEWS];
} kinds[] = {
    [MEDTL_VIEWS_ONE] = {"one", 1, {0}},
    [MEDTL_VIEWS_FLIP_X] = {"flip-x", 2, {0, MIRROR_X}},
    [MEDTL_VIEWS_FLIP_Y] = {"flip-y", 2, {0, MIRROR_Y}},
    [MEDTL_VIEWS_FLIPS] = {"flips", 4, {0, MIRROR_X, MIRROR_Y, MIRROR_X | MIRROR_Y}},
    [MEDTL_VIEWS_SYMMETRIES] = {"symmetries", 8, {0, 1, 2, 3, 4, 5, 6, 7}},
};

const char *medtl_views_name(medtl_views views) { return kinds[views].name; }

bool medtl_views_parse(const char *word, medtl_views *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(word, kinds[i].name) == 0) {
            *out = (medtl_views)i;
            return true;
        }
    return false;
}

size_t medtl_views_count(medtl_views views) { return kinds[views].count; }

unsigned medtl_view_changes(medtl_views views, size_t index) { return kinds[views].changes[index]; }

bool medtl_views_fit(medtl_views views, size_t height, size_t width)
{
    return views != MEDTL_VIEWS_SYMMETRIES || height == width;
}

void medtl_view_draw(medtl_views views, size_t index, size_t channels, size_t height, size_t width,
                     const float *in, float *out)
{
    const unsigned change = kinds[views].changes[index];

    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++) {
                const size_t row = change & MIRROR_Y ? height - 1 - y : y;
                const size_t column = change & MIRROR_X ? width - 1 - x : x;

                out[(c * height + y) * width + x] =
                    in[c * height * width +
                       (change & TRANSPOSE ? column * width + row : row * width + column)];
            }
}

void medtl_views_mean(medtl_views views, const float *logits, size_t classes, float *out)
{
    const size_t count = kinds[views].count;

    for (size_t i = 0; i < classes; i++) {
        double sum = 0.0;

        for (size_t v = 0; v < count; v++)
            sum += (double)logits[v * classes + i];
        out[i] = (float)(sum / (double)count);
    }
}

/* Bilinear enlarging of a heat map. */
#include "medtl/model.h"

/* Where along one side an output pixel's centre lies: between two pixels of the map, or beyond the outermost. */
typedef struct between {
    size_t low, high;
    double share; /* of `high` */
} between;

static between find(size_t at, size_t from, size_t to)
{
    const double place = ((double)at + 0.5) * (double)from / (double)to - 0.5;
    between b = {0, 0, 0.0};

    if (place <= 0.0)
        return b;
    b.low = (size_t)place;
    if (b.low + 1 >= from) {
        b.low = b.high = from - 1;
        return b;
    }
    b.high = b.low + 1;
    b.share = place - (double)b.low;
    return b;
}

void medtl_heat_map_enlarge(const float *map, size_t height, size_t width, float *out,
                            size_t out_height, size_t out_width)
{
    for (size_t y = 0; y < out_height; y++) {
        const between row = find(y, height, out_height);

        for (size_t x = 0; x < out_width; x++) {
            const between column = find(x, width, out_width);
            const float *low = map + row.low * width, *high = map + row.high * width;
            const double above = (double)low[column.low] * (1.0 - column.share) +
                                 (double)low[column.high] * column.share;
            const double below = (double)high[column.low] * (1.0 - column.share) +
                                 (double)high[column.high] * column.share;

            out[y * out_width + x] = (float)(above * (1.0 - row.share) + below * row.share);
        }
    }
}

/* Products over rows of pixels, cut into register tiles. */
#ifndef MEDTL_NN_BLOCKED_PRODUCT_H
#define MEDTL_NN_BLOCKED_PRODUCT_H

#include "register_tile.h"

/* The register tiles of one product, and how far the weights that come next have been fetched. */
typedef struct tiling {
    product p;
    const tile_function *tiles;
    size_t most, depth; /* pixels of a tile; channels of a step */
    size_t ahead_tile;  /* weights that a register tile fetches */
} tiling;

static void run_tile(tiling *t, tile_function tile, const float *x, const float *x2, size_t at,
                     size_t at2)
{
    const tile_pixels pixels = {x, x2, at, at2};

    tile(&t->p, &pixels);
    if (t->p.ahead.floats > t->ahead_tile) {
        t->p.ahead.from += t->ahead_tile;
        t->p.ahead.floats -= t->ahead_tile;
    } else {
        t->p.ahead_step = 0;
    }
}

/* The tiles of a row of `count` pixels: as equal as possible, since a small one wastes registers. */
static void product_row(tiling *t, const float *x, size_t at, size_t count)
{
    size_t left = (count + t->most - 1) / t->most;

    while (left > 0) {
        const size_t pixels = (count + left - 1) / left;

        run_tile(t, t->tiles[pixels - 1], x, x + pixels / 2 * t->depth, at,
                 at + pixels / 2 * BLOCK);
        x += pixels * t->depth;
        at += pixels * BLOCK;
        count -= pixels;
        left--;
    }
}

/* Rows of exactly 7 pixels, two by two where the register tile has 14. */
static void product_rows_of_7(tiling *t, const float *x, size_t x_row, size_t at, size_t y_row,
                              size_t rows)
{
    for (; rows >= 2; rows -= 2) {
        run_tile(t, t->tiles[13], x, x + x_row, at, at + y_row);
        x += 2 * x_row;
        at += 2 * y_row;
    }
    if (rows > 0)
        product_row(t, x, at, 7);
}

/* Every step fetches its share of the weights ahead, so that they come while there is work. */
static void share_ahead(tiling *t, size_t tile_count)
{
    const size_t steps = t->p.sources * t->p.steps;

    if (t->p.ahead.floats == 0 || steps == 0)
        return;
    t->p.ahead_step = (t->p.ahead.floats / steps / tile_count + 15) / 16 * 16;
    t->ahead_tile = t->p.ahead_step * steps;
}

#if defined(HAVE_SPLIT_TILES)
/* The same of several rows together. */
static void product_split_rows(tiling *t, const float *x, size_t x_row, size_t at, size_t y_row,
                               size_t rows, size_t count)
{
    size_t left = rows * count, column = 0;

    for (size_t tiles = (left + MOST_PIXELS - 1) / MOST_PIXELS; tiles > 0; tiles--) {
        const size_t pixels = (left + tiles - 1) / tiles, half = minimum(pixels, count - column);

        run_tile(t, half < pixels ? split_tiles[pixels][half] : t->tiles[pixels - 1],
                 x + column * BLOCK, x + x_row, at + column * BLOCK, at + y_row);
        left -= pixels;
        if ((column += pixels) >= count) {
            column -= count;
            x += x_row;
            at += y_row;
        }
    }
}
#endif

/* `rows` rows of `count` pixels; y's rows are `y_row` floats apart. */
static void product_rows(const product *p, size_t channels, size_t depth, const float *x,
                         size_t x_row, size_t at, size_t y_row, size_t rows, size_t count)
{
    const int vectors = (int)(channels / VECTOR);
    tiling t = {*p, depth == 1 ? tiles_1[vectors] : tiles_16[vectors], pixels_of(vectors), depth,
                0};

    share_ahead(&t, rows * ((count + t.most - 1) / t.most));
    if (t.most == 14 && count == 7) {
        product_rows_of_7(&t, x, x_row, at, y_row, rows);
        return;
    }
#if defined(HAVE_SPLIT_TILES)
    if (depth == BLOCK && rows > 1 && count > MOST_PIXELS && count % MOST_PIXELS != 0) {
        product_split_rows(&t, x, x_row, at, y_row, rows, count);
        return;
    }
#endif
    for (size_t r = 0; r < rows; r++)
        product_row(&t, x + r * x_row, at + r * y_row, count);
}

#endif

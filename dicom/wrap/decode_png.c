/* PNG to samples as they are stored: palettes become colours, bits below 8 become 8, no gamma is applied. */
#include "decode.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 65535 }; /* Rows and Columns have 16 bits */

typedef struct source {
    const unsigned char *bytes;
    size_t left;
} source;

static void read_bytes(png_structp png, png_bytep to, png_size_t count)
{
    source *from = png_get_io_ptr(png);

    if (count > from->left)
        png_error(png, "ends early");
    memcpy(to, from->bytes, count);
    from->bytes += count;
    from->left -= count;
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_error(png_structp png, png_const_charp text)
{
    (void)text; /* may quote what the file says */
    png_longjmp(png, 1);
}

static void ask_for_samples(png_structp png, png_infop info, bool gray)
{
    const bool color = (png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR) != 0;

    png_set_expand(png);
    if (color || png_get_valid(png, info, PNG_INFO_tRNS) != 0)
        png_set_scale_16(png); /* colour is stored with 8 bits */
    else
        png_set_swap(png);
    if (color && gray)
        png_set_rgb_to_gray_fixed(png, PNG_ERROR_ACTION_NONE, 29900, 58700); /* BT.601 */
    (void)png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

static medtl_status read_rows(png_structp png, png_infop info, medtl_raster *out, png_bytepp *rows,
                              medtl_error *err)
{
    const size_t stride = png_get_rowbytes(png, info);

    out->rows = png_get_image_height(png, info);
    out->columns = png_get_image_width(png, info);
    out->samples = png_get_channels(png, info);
    out->bits = png_get_bit_depth(png, info);
    if (out->rows > MOST_SIDE || out->columns > MOST_SIDE)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "a PNG of %u x %u pixels", out->rows,
                          out->columns);
    out->size = stride * out->rows;
    out->bytes = malloc(out->size);
    *rows = malloc(out->rows * sizeof **rows);
    if (out->bytes == NULL || *rows == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a picture");
    for (size_t y = 0; y < out->rows; y++)
        (*rows)[y] = out->bytes + y * stride;
    png_read_image(png, *rows);
    png_read_end(png, NULL);
    return MEDTL_OK;
}

/* A picture may have an alpha channel that says nothing. One that says something cannot be stored. */
static medtl_status drop_alpha(medtl_raster *picture, medtl_error *err)
{
    const size_t bytes = picture->bits / 8;
    const size_t before = picture->samples * bytes, after = before - bytes;
    const size_t pixels = (size_t)picture->rows * picture->columns;

    for (size_t i = 0; i < pixels; i++) {
        for (size_t b = after; b < before; b++)
            if (picture->bytes[i * before + b] != 0xFF)
                return medtl_fail(err, MEDTL_E_UNSUPPORTED, "the PNG is transparent in places");
        memmove(picture->bytes + i * after, picture->bytes + i * before, after);
    }
    picture->samples--;
    picture->size = pixels * after;
    return MEDTL_OK;
}

medtl_status medtl_decode_png(const unsigned char *bytes, size_t size, bool gray, medtl_raster *out,
                              medtl_error *err)
{
    source from = {bytes, size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    png_bytepp volatile kept = NULL; /* survives the jump */
    medtl_status status;

    *out = (medtl_raster){0, 0, 0, 0, NULL, 0};
    if (info == NULL) {
        png_destroy_read_struct(&png, NULL, NULL);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a picture");
    }
    if (setjmp(png_jmpbuf(png)) != 0) {
        status = medtl_fail(err, MEDTL_E_FORMAT, "the PNG is damaged");
    } else {
        png_set_read_fn(png, &from, read_bytes);
        png_read_info(png, info);
        ask_for_samples(png, info, gray);
        status = read_rows(png, info, out, (png_bytepp *)&kept, err);
        if (status == MEDTL_OK && out->samples % 2 == 0)
            status = drop_alpha(out, err);
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(kept);
    if (status != MEDTL_OK) {
        free(out->bytes);
        out->bytes = NULL;
    }
    return status;
}

/* PNG through libpng, from memory. libpng reports errors by longjmp: everything that must survive
 * it lives in one struct outside of the function that calls setjmp. */
#include "picture_decoders.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct decoding {
    const unsigned char *bytes;
    size_t size, at;
    char message[120]; /* of the library */
    png_structp png;
    png_infop info;
    png_bytep *rows;
} decoding;

static void on_error(png_structp png, png_const_charp text)
{
    decoding *d = png_get_error_ptr(png);

    strncpy(d->message, text, sizeof d->message - 1);
    png_longjmp(png, 1);
}

/* Remarks on ancillary chunks (profiles, times) do not touch the pixels. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void on_read(png_structp png, png_bytep out, size_t count)
{
    decoding *d = png_get_io_ptr(png);

    if (count > d->size - d->at)
        png_error(png, "the file ends early");
    memcpy(out, d->bytes + d->at, count);
    d->at += count;
}

/* Ask for gray or RGB of 8 or 16 bits. */
static void set_transforms(png_structp png, png_infop info)
{
    const png_byte color = png_get_color_type(png, info);
    const uint16_t probe = 1;

    if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_bit_depth(png, info) == 16 && *(const unsigned char *)&probe == 1)
        png_set_swap(png); /* PNG is big endian */
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

static medtl_status decode(decoding *d, const char *name, medtl_picture *out, medtl_error *err)
{
    medtl_status status;
    size_t stride;

    if (setjmp(png_jmpbuf(d->png)) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: damaged PNG: %s", name, d->message);
    png_set_read_fn(d->png, d, on_read);
    png_set_user_limits(d->png, MEDTL_PICTURE_SIDE_LIMIT, MEDTL_PICTURE_SIDE_LIMIT);
    png_set_chunk_malloc_max(d->png, 8 << 20);
    png_read_info(d->png, d->info);
    set_transforms(d->png, d->info);
    status = medtl_picture_allocate(png_get_image_height(d->png, d->info),
                                    png_get_image_width(d->png, d->info),
                                    (uint16_t)png_get_channels(d->png, d->info),
                                    (uint16_t)png_get_bit_depth(d->png, d->info), name, out, err);
    if (status != MEDTL_OK)
        return status;
    stride = png_get_rowbytes(d->png, d->info);
    if ((out->samples != 1 && out->samples != 3) ||
        stride != (size_t)out->columns * out->samples * (out->bits > 8 ? 2 : 1))
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: unexpected PNG layout", name);
    d->rows = calloc(out->rows, sizeof *d->rows);
    if (d->rows == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", name);
    for (uint32_t y = 0; y < out->rows; y++)
        d->rows[y] = (png_bytep)out->pixels + y * stride;
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
    return MEDTL_OK;
}

medtl_status medtl_picture_decode_png(const unsigned char *bytes, size_t size, const char *name,
                                      medtl_picture *out, medtl_error *err)
{
    decoding d = {.bytes = bytes, .size = size};
    medtl_status status;

    d.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &d, on_error, on_warning);
    if (d.png != NULL)
        d.info = png_create_info_struct(d.png);
    status = d.info != NULL ? decode(&d, name, out, err)
                            : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", name);
    free(d.rows);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    return status;
}

#include "core/train/picture.h"

#include "core/base/exif.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* Pictures are made with the libraries' own writers; what they must become is known by construction. */
typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

static void append(png_structp png, png_bytep data, size_t size)
{
    bytes *b = png_get_io_ptr(png);

    b->data = realloc(b->data, b->size + size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void flush(png_structp png) { (void)png; }

static bytes make_png(int color, int depth, int interlace, uint32_t width, uint32_t height,
                      const unsigned char *rows, size_t stride, const png_color *palette,
                      int colors)
{
    bytes out = {NULL, 0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_bytep pointers[64];

    for (uint32_t y = 0; y < height; y++)
        pointers[y] = (png_bytep)(uintptr_t)(rows + y * stride);
    png_set_write_fn(png, &out, append, flush);
    png_set_IHDR(png, info, width, height, depth, color, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (palette != NULL)
        png_set_PLTE(png, info, palette, colors);
    png_write_info(png, info);
    png_write_image(png, pointers);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return out;
}

static bytes make_jpeg(J_COLOR_SPACE space, int components, bool progressive,
                       unsigned char value[4])
{
    enum { SIDE = 40 };
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    bytes out = {NULL, 0};
    unsigned long size = 0;
    unsigned char row[SIDE * 4];
    JSAMPROW pointer = row;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out.data, &size);
    jpeg.image_width = jpeg.image_height = SIDE;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int i = 0; i < SIDE * components; i++)
        row[i] = value[i % components];
    while (jpeg.next_scanline < SIDE)
        jpeg_write_scanlines(&jpeg, &pointer, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    out.size = size;
    return out;
}

static medtl_picture decode(bytes b)
{
    medtl_picture picture;
    medtl_error err = {0};

    cr_assert_eq(medtl_picture_decode(b.data, b.size, "p", &picture, &err), MEDTL_OK, "%s",
                 err.message);
    return picture;
}

/* No cut of a file and no flipped byte may crash or leak; a cut one must be refused. */
static void survives_damage(bytes b)
{
    medtl_picture picture;

    for (size_t size = 0; size < b.size; size++) {
        unsigned char *copy =
            malloc(size + 1); /* of its own size, so that ASan sees each step beyond */

        memcpy(copy, b.data, size);
        cr_assert_neq(medtl_picture_decode(copy, size, "p", &picture, NULL), MEDTL_OK,
                      "cut at %zu of %zu", size, b.size);
        cr_assert_null(picture.pixels);
        free(copy);
    }
    for (size_t i = 0; i < b.size; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            b.data[i] ^= (unsigned char)(1 << bit);
            (void)medtl_picture_decode(b.data, b.size, "p", &picture, NULL);
            medtl_picture_clear(&picture);
            b.data[i] ^= (unsigned char)(1 << bit);
        }
}

Test(picture, png_gray_8)
{
    const unsigned char rows[6] = {0, 128, 255, 10, 20, 30};
    bytes b = make_png(PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, 3, 2, rows, 3, NULL, 0);
    medtl_picture p = decode(b);

    cr_assert(p.rows == 2 && p.columns == 3 && p.samples == 1 && p.bits == 8);
    cr_assert_arr_eq(p.pixels, rows, sizeof rows);
    medtl_picture_clear(&p);
    survives_damage(b);
    free(b.data);
}

Test(picture, png_gray_16_in_the_machine_s_order)
{
    const unsigned char rows[4] = {0x12, 0x34, 0xff, 0x00}; /* big endian, as the file has it */
    bytes b = make_png(PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE, 2, 1, rows, 4, NULL, 0);
    medtl_picture p = decode(b);

    cr_assert(p.bits == 16 && p.samples == 1);
    cr_assert_eq(((uint16_t *)p.pixels)[0], 0x1234);
    cr_assert_eq(((uint16_t *)p.pixels)[1], 0xff00);
    medtl_picture_clear(&p);
    free(b.data);
}

Test(picture, png_bits_palette_alpha_and_interlace)
{
    const unsigned char bit_row[1] = {0xa0}, index_row[3] = {2, 0, 1};
    const unsigned char rgba[8] = {1, 2, 3, 0, 4, 5, 6, 255};
    const png_color palette[3] = {{255, 0, 0}, {0, 255, 0}, {9, 8, 7}};
    const unsigned char colors[9] = {9, 8, 7, 255, 0, 0, 0, 255, 0};
    unsigned char square[16 * 16];
    bytes b = make_png(PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE, 3, 1, bit_row, 1, NULL, 0);
    medtl_picture p = decode(b);

    cr_assert_arr_eq(p.pixels, ((unsigned char[]){255, 0, 255}), 3, "1 bit is scaled to 8");
    medtl_picture_clear(&p);
    free(b.data);
    b = make_png(PNG_COLOR_TYPE_PALETTE, 8, PNG_INTERLACE_NONE, 3, 1, index_row, 3, palette, 3);
    p = decode(b);
    cr_assert(p.samples == 3 && memcmp(p.pixels, colors, sizeof colors) == 0);
    medtl_picture_clear(&p);
    survives_damage(b);
    free(b.data);
    b = make_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, PNG_INTERLACE_NONE, 2, 1, rgba, 8, NULL, 0);
    p = decode(b);
    cr_assert_arr_eq(p.pixels, ((unsigned char[]){1, 2, 3, 4, 5, 6}), 6, "alpha is dropped");
    medtl_picture_clear(&p);
    free(b.data);
    for (size_t i = 0; i < sizeof square; i++)
        square[i] = (unsigned char)(i * 37);
    b = make_png(PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_ADAM7, 16, 16, square, 16, NULL, 0);
    p = decode(b);
    cr_assert_arr_eq(p.pixels, square, sizeof square);
    medtl_picture_clear(&p);
    survives_damage(b);
    free(b.data);
}

Test(picture, jpeg_gray_and_color_baseline_and_progressive)
{
    unsigned char value[4] = {200, 60, 30, 0};

    for (int i = 0; i < 4; i++) {
        const bool color = i % 2 == 1;
        bytes b = make_jpeg(color ? JCS_RGB : JCS_GRAYSCALE, color ? 3 : 1, i >= 2, value);
        medtl_picture p = decode(b);

        cr_assert(p.rows == 40 && p.columns == 40 && p.bits == 8 && p.samples == (color ? 3 : 1));
        for (size_t k = 0; k < 40u * 40u * p.samples; k++)
            cr_assert(abs(((unsigned char *)p.pixels)[k] - value[k % p.samples]) <= 3);
        medtl_picture_clear(&p);
        survives_damage(b);
        free(b.data);
    }
}

Test(picture, a_cmyk_jpeg_is_refused_by_name)
{
    unsigned char value[4] = {1, 2, 3, 4};
    bytes b = make_jpeg(JCS_CMYK, 4, false, value);
    medtl_picture p;
    medtl_error err = {0};

    cr_assert_eq(medtl_picture_decode(b.data, b.size, "x.jpg", &p, &err), MEDTL_E_UNSUPPORTED);
    cr_assert_str_eq(err.message, "x.jpg: a CMYK JPEG");
    free(b.data);
}

/* A gray JPEG with one more segment behind its first two bytes. */
static bytes jpeg_with_segment(unsigned char marker, const unsigned char *content, size_t size)
{
    unsigned char value[4] = {120, 0, 0, 0};
    const unsigned char head[4] = {0xff, marker, (unsigned char)((size + 2) >> 8),
                                   (unsigned char)(size + 2)};
    bytes plain = make_jpeg(JCS_GRAYSCALE, 1, false, value), out;

    out.size = plain.size + sizeof head + size;
    out.data = malloc(out.size);
    memcpy(out.data, plain.data, 2);
    memcpy(out.data + 2, head, sizeof head);
    memcpy(out.data + 2 + sizeof head, content, size);
    memcpy(out.data + 2 + sizeof head + size, plain.data + 2, plain.size - 2);
    free(plain.data);
    return out;
}

/* Segments by hand, as Exif 2.32 (4.5.2, 4.6.2) and TIFF 6.0 lay them out: "Exif", 2 zeros; byte order, 42, place of the
 * directory; number of entries; of each its tag, type (3: 16 bits), count and value. */
#define EXIF_II      "Exif\0\0II\x2a\0\x08\0\0\0"
#define EXIF_MM      "Exif\0\0MM\0\x2a\0\0\0\x08"
#define II_TURNED(n) "\x12\x01\x03\0\x01\0\0\0" n "\0\0\0"
#define MM_TURNED(n) "\x01\x12\0\x03\0\0\0\x01\0" n "\0\0"
#define II_WIDTH     "\0\x01\x03\0\x01\0\0\0\x06\0\0\0"
#define LETTERS(s)   s, sizeof(s) - 1

struct exif_case {
    char label[48];
    unsigned char segment[64];
    unsigned size, expected;
};

ParameterizedTestParameters(picture, exif_says_how_the_pixels_lie)
{
    static struct exif_case cases[] = {
        {"no Exif", LETTERS("http://ns.adobe.com/xap/1.0/"), 1},
        {"as they are", LETTERS(EXIF_II "\x01\0" II_TURNED("\x01")), 1},
        {"a quarter turn", LETTERS(EXIF_II "\x01\0" II_TURNED("\x06")), 6},
        {"the other byte order", LETTERS(EXIF_MM "\0\x01" MM_TURNED("\x08")), 8},
        {"the second entry", LETTERS(EXIF_II "\x02\0" II_WIDTH II_TURNED("\x03")), 3},
        {"a number of some cameras", LETTERS(EXIF_II "\x01\0" II_TURNED("\0")), 1},
        {"the last number", LETTERS(EXIF_II "\x01\0" II_TURNED("\x08")), 8},
        {"beyond the last", LETTERS(EXIF_II "\x01\0" II_TURNED("\x09")), 1},
        {"no such entry", LETTERS(EXIF_II "\x01\0" II_WIDTH), 1},
        {"no entries", LETTERS(EXIF_II "\0\0" II_TURNED("\x06")), 1},
        {"more entries than bytes", LETTERS(EXIF_II "\xff\xff" II_WIDTH), 1},
        {"a cut entry", LETTERS(EXIF_II "\x01\0\x12\x01\x03\0\x01\0\0\0\x06"), 1},
        {"a cut number of entries", LETTERS(EXIF_II "\x01"), 1},
        {"a directory at the end", LETTERS("Exif\0\0II\x2a\0\x0a\0\0\0\x01\0"), 1},
        {"a directory far beyond", LETTERS("Exif\0\0II\x2a\0\xff\xff\xff\xff\x01\0"), 1},
        {"a directory just beyond", LETTERS("Exif\0\0II\x2a\0\xfe\xff\xff\xff\x01\0"), 1},
        {"only the name", LETTERS("Exif\0\0"), 1},
        {"half the name", LETTERS("Exi"), 1},
        {"nothing", LETTERS(""), 1},
    };
    return cr_make_param_array(struct exif_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct exif_case *c, picture, exif_says_how_the_pixels_lie)
{
    unsigned char *exact = malloc(c->size > 0 ? c->size : 1); /* so that ASan sees a step beyond */
    bytes b = jpeg_with_segment(0xe1, c->segment, c->size);
    medtl_picture p;
    medtl_error err = {0};
    char expected[80];

    memcpy(exact, c->segment, c->size);
    cr_assert_eq(medtl_exif_orientation(exact, c->size), c->expected, "%s", c->label);
    free(exact);
    cr_assert_eq(medtl_picture_decode(b.data, b.size, "x.jpg", &p, &err),
                 c->expected == 1 ? MEDTL_OK : MEDTL_E_UNSUPPORTED, "%s", c->label);
    if (c->expected != 1) { /* the words of dcm-medtl wrap */
        snprintf(expected, sizeof expected,
                 "x.jpg: is turned by its Exif orientation (%u); turn its pixels first",
                 c->expected);
        cr_assert_str_eq(err.message, expected);
        cr_assert_null(p.pixels);
    }
    medtl_picture_clear(&p);
    free(b.data);
}

Test(picture, an_orientation_elsewhere_than_in_app1_turns_nothing)
{
    static const unsigned char turned[] = EXIF_II "\x01\0" II_TURNED("\x06");
    bytes b = jpeg_with_segment(0xe2, turned, sizeof turned - 1);
    medtl_picture p = decode(b);

    cr_assert(p.rows == 40 && p.columns == 40);
    medtl_picture_clear(&p);
    free(b.data);
}

Test(picture, a_turned_jpeg_survives_damage)
{
    static const unsigned char turned[] = EXIF_II "\x02\0" II_WIDTH II_TURNED("\x06");
    bytes b = jpeg_with_segment(0xe1, turned, sizeof turned - 1);

    survives_damage(b);
    free(b.data);
}

struct pnm_case {
    char text[40];
    unsigned size; /* of text: it may hold zeros */
    unsigned short rows, columns, samples, bits, first, last;
};

ParameterizedTestParameters(picture, pnm_as_netpbm_describes_it)
{
    static struct pnm_case cases[] = {
        {"P2\n# remark\n2 1\n255\n7 200\n", 26, 1, 2, 1, 8, 7, 200},
        {"P2 2 1 15 0 15", 14, 1, 2, 1, 8, 0, 255},
        {"P2 1 2 1023 0 1023", 18, 2, 1, 1, 16, 0, 65535},
        {"P3 1 1 255 1 2 3", 16, 1, 1, 3, 8, 1, 3},
        {"P5 2 1 255\n\x07\xc8", 13, 1, 2, 1, 8, 7, 200},
        {"P5 1 1 65535\n\x12\x34", 15, 1, 1, 1, 16, 0x1234, 0x1234},
        {"P6 1 1 255\n\x01\x02\x03", 14, 1, 1, 3, 8, 1, 3},
    };
    return cr_make_param_array(struct pnm_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct pnm_case *c, picture, pnm_as_netpbm_describes_it)
{
    const bytes b = {(unsigned char *)c->text, c->size};
    medtl_picture p = decode(b);
    const size_t last = (size_t)p.rows * p.columns * p.samples - 1;

    cr_assert(p.rows == c->rows && p.columns == c->columns && p.samples == c->samples &&
                  p.bits == c->bits,
              "%.10s", c->text);
    cr_assert_eq(p.bits > 8 ? ((uint16_t *)p.pixels)[0] : ((uint8_t *)p.pixels)[0], c->first);
    cr_assert_eq(p.bits > 8 ? ((uint16_t *)p.pixels)[last] : ((uint8_t *)p.pixels)[last], c->last);
    medtl_picture_clear(&p);
}

struct bad_case {
    char text[48];
    medtl_status expected;
};

ParameterizedTestParameters(picture, what_is_no_picture_is_refused)
{
    static struct bad_case cases[] = {
        {"", MEDTL_E_UNSUPPORTED},
        {"hello", MEDTL_E_UNSUPPORTED},
        {"P4 1 1 1", MEDTL_E_UNSUPPORTED},
        {"P5 2 1 255\nx", MEDTL_E_FORMAT}, /* one of two pixels */
        {"P5 0 1 255\n", MEDTL_E_FORMAT},
        {"P5 99999 99999 255\nx", MEDTL_E_FORMAT},
        {"P5 20000 20000 255\nx", MEDTL_E_FORMAT},
        {"P5 4294967297 1 255\nx", MEDTL_E_FORMAT}, /* would wrap to 1 */
        {"P5 1 1 0\nx", MEDTL_E_FORMAT},
        {"P5 1 1 65536\nxx", MEDTL_E_FORMAT},
        {"P5 1 1 100\n\x7f", MEDTL_E_FORMAT}, /* beyond its own maximum */
        {"P2 1 1 255 -1", MEDTL_E_FORMAT},
        {"P2 1 1 255", MEDTL_E_FORMAT},
        {"P5 # only a remark", MEDTL_E_FORMAT},
        {"\x89PNG\r\n\x1a\n", MEDTL_E_FORMAT},
        {"\xff\xd8\xff", MEDTL_E_FORMAT},
    };
    return cr_make_param_array(struct bad_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_case *c, picture, what_is_no_picture_is_refused)
{
    medtl_picture p;
    medtl_error err = {0};

    cr_assert_eq(
        medtl_picture_decode((const unsigned char *)c->text, strlen(c->text), "p", &p, &err),
        c->expected, "%s", c->text);
    cr_assert_null(p.pixels);
    cr_assert_eq(strncmp(err.message, "p: ", 3), 0, "%s", err.message);
}

/* The steps of the normaliser, in the order in which normalise.c takes them. Each is a file of its own
 * and works on plain values, so that each can be tested by hand.
 *
 * A gray image has at most 65,536 different stored values. Everything that happens to a value before
 * pixels are mixed (rescale, padding, VOI, polarity) is therefore worked out once for each value and kept
 * in a table; the resampler reads stored pixels through it, and no copy of the picture is ever made. */
#ifndef MEDTL_NORMALISE_STEPS_H
#define MEDTL_NORMALISE_STEPS_H

#include "medtl/image.h"

/** Part of an image in pixels, from the top-left corner (not the centre) of pixel 0. */
typedef struct medtl_box {
    double x0, y0, x1, y1;
} medtl_box;

/* ---- codes.c: stored values as table indices -------------------------------------------- */

/** A code is the bit pattern of a stored value, read as unsigned: 0 to 255 or 0 to 65535. Whatever a
 *  decoder left in the pixels, a code is inside a table of MEDTL_CODES entries. */
enum { MEDTL_CODES = 65536 };

size_t medtl_code_count(medtl_pixel_type type); /* 256 or 65536 */
int32_t medtl_code_value(medtl_pixel_type type, uint32_t code);

/** Mark each code that occurs and is not padding. @param[out] seen  0 or 1 for each code of the image's type.
 *  @return false where there is none. */
bool medtl_codes_seen(const medtl_image *image, unsigned char *seen);

/* ---- modality.c, padding.c, polarity.c: one stored value --------------------------------- */

/** Modality LUT, else rescale (PS3.3 C.11.1); then the logarithm where values count exposure. A slope of zero, or one that is not finite or takes values
 *  out of the range of double, is treated as absent. Never NaN, never infinite. */
double medtl_modality_value(const medtl_image *image, int32_t stored);

/** An entry of a table; values outside take its first or last entry (PS3.3 C.11.1.1.1).
 *  @param value  Rounded to the nearest integer. */
uint16_t medtl_lut_entry(const medtl_lut *lut, double value);

/** Pixel Padding Value and Range Limit (PS3.3 C.7.5.1.1.2); the limits may be in either order. */
bool medtl_is_padding(const medtl_image *image, int32_t stored);

/** Whether low values are white: MONOCHROME1 or Presentation LUT Shape INVERSE. Both together mean one
 *  inversion: PS3.3 C.8.11.3 demands INVERSE for MONOCHROME1 in DX and mammography. */
bool medtl_is_inverted(const medtl_image *image);

/* ---- voi.c: modality value -> 0 to 1 ------------------------------------------------------ */

typedef enum medtl_voi_kind {
    MEDTL_VOI_KIND_LINEAR,
    MEDTL_VOI_KIND_EXACT,
    MEDTL_VOI_KIND_SIGMOID,
    MEDTL_VOI_KIND_TABLE
} medtl_voi_kind;

typedef struct medtl_voi {
    medtl_voi_kind kind;
    double center, width;
    const medtl_lut *lut; /* borrowed from the image; for MEDTL_VOI_KIND_TABLE */
} medtl_voi;

/** The whole range of modality values that were seen: [lowest, highest] to [0, 1]; one value alone to 0.5. */
medtl_voi medtl_voi_full_range(const medtl_image *image, const unsigned char *seen);

/** The image's own VOI: its window where it has a usable one (finite; width at least 1 for LINEAR and above
 *  0 for the others, PS3.3 C.11.2.1.2), else its VOI LUT, else the full range. */
medtl_voi medtl_voi_of_image(const medtl_image *image, const unsigned char *seen);

/** From the 0.5 to the 99.5 percentile of the modality values in a histogram of codes. The rule is the same
 *  from both ends, so that an inverted image gives the inverted result.
 *  @param counts  One for each code of the image's type, not all of them zero.
 *  @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status medtl_voi_percentile(const medtl_image *image, const uint32_t *counts, medtl_voi *out,
                                  medtl_error *err);

/** 0 to 1, never NaN. */
double medtl_voi_apply(const medtl_voi *voi, double value);

/* ---- source.c, color.c: an image as rows of values from 0 to 1 ---------------------------- */

/** How stored pixels become values. Immutable while it is read. */
typedef struct medtl_source {
    const medtl_image *image;
    uint32_t planes; /* 1: gray or luminance; 3: red, green, blue */
    float *tables;   /* owned; [1 or 3][codes of the image's type] */
} medtl_source;

/** Checks that the image is consistent (MEDTL_E_FORMAT). A gray source needs medtl_source_set_gray() before
 *  it is read.
 *  @param color  Whether colour shall be kept (3 planes); a gray image has 1 plane in any case. */
medtl_status medtl_source_create(const medtl_image *image, bool color, medtl_source *out,
                                 medtl_error *err);
void medtl_source_destroy(medtl_source *source);
bool medtl_image_is_gray(const medtl_image *image);

/** Fill the table of a gray source: padding 0, else the VOI's value, inverted where the image is. */
void medtl_source_set_gray(medtl_source *source, const unsigned char *seen, const medtl_voi *voi);

/** @param[out] out  [planes][count] values from 0 to 1: columns first .. first + count - 1 of a row. */
void medtl_source_row(const medtl_source *source, uint32_t row, uint32_t first, uint32_t count,
                      float *out);

/** Full-range YCbCr to RGB, the inverse of PS3.3 C.7.6.3.1.2, in place, clamped to 0 to 1. All values are
 *  divided by the largest one; `middle` is what stands for "no colour" on that scale (128/255 for 8 bits). */
void medtl_ybr_to_rgb(float middle, size_t count, float *y_r, float *cb_g, float *cr_b);

/** ITU-R BT.601 luma of RGB. out may be r. */
void medtl_luminance(size_t count, const float *r, const float *g, const float *b, float *out);

/* ---- breast.c and lesion.c with thumbnail.c, threshold.c, region.c, outline.c; side.c ------------------------------ */

/** A small picture of a whole image, at most MEDTL_GRID cells each way. The grid is the same for an image and
 *  for its stretched copy, and so is all that is derived from it. */
enum { MEDTL_GRID = 256 };

typedef struct medtl_thumbnail {
    uint32_t rows, columns; /* at most MEDTL_GRID and at most the image's */
    uint16_t *level;        /* owned; [rows][columns], 0 to 65535 */
} medtl_thumbnail;

medtl_status medtl_thumbnail_create(const medtl_source *source, medtl_thumbnail *out,
                                    medtl_error *err);

/** The level above which a cell is object, not background. @return false where there is no telling. */
medtl_status medtl_background_threshold(const medtl_thumbnail *thumbnail, bool *found,
                                        uint16_t *level, medtl_error *err);

/** Otsu 1979: the level that splits some cells into two classes with the largest variance between them.
 *  @param some        [rows][columns], 0 or 1: which cells count.
 *  @param[out] level  The darker class has at most this level.
 *  @return false where all of them are alike, or there are none. */
bool medtl_otsu_threshold(const medtl_thumbnail *thumbnail, const unsigned char *some,
                          uint16_t *level);

/** Keep in `mask` (0 or 1) only the largest connected region that survives an opening with a square of
 *  2 radius + 1 cells: text, markers and thin lines go. At most MEDTL_GRID rows and columns.
 *  @param[out] area  Cells kept; may be 0. */
medtl_status medtl_largest_region(unsigned char *mask, uint32_t rows, uint32_t columns,
                                  uint32_t radius, uint32_t *area, medtl_error *err);

/** Set what the mask encloses. At most MEDTL_GRID rows and columns. */
medtl_status medtl_fill_holes(unsigned char *mask, uint32_t rows, uint32_t columns,
                              medtl_error *err);

/** Take away what lies within `radius` cells of the mask's edge or of the picture's. */
void medtl_erode(unsigned char *mask, uint32_t rows, uint32_t columns, uint32_t radius);

/** The border of a region: where the thumbnail's level, taken as linear between the middles of cells, meets the
 *  threshold; simplified by a quarter of a cell, or by more where it would not fit otherwise.
 *  @param mask, core  [rows][columns] of the thumbnail, 0 or 1; the core is in one piece, and in the mask.
 *  @param threshold   The cells of the mask are above it.
 *  @param cell_width, cell_height  What the outline is scaled by; (0, 0) is the thumbnail's top-left corner. */
medtl_status medtl_region_trace(const medtl_thumbnail *thumbnail, const unsigned char *mask,
                                const unsigned char *core, uint16_t threshold, double cell_width,
                                double cell_height, medtl_outline *out, medtl_error *err);

/** Where the breast is. */
typedef struct medtl_breast {
    bool found;             /* false: no clear object; the box is the whole image */
    uint32_t rows, columns; /* of the core */
    unsigned char
        *core; /* owned; [rows][columns], 0 or 1: the breast without its outermost cells, in which
                               skin and air mix; all 1 where not found */
    medtl_box box; /* bounding box in image pixels */
    double
        wall; /* -1 to 1: how much more of the box's right edge than of its left the mask touches */
} medtl_breast;

/** @param source        One plane, of the full range, polarity corrected.
 *  @param[out] outline  Where found, the breast's; else without points. NULL: not wanted. */
medtl_status medtl_breast_find(const medtl_source *source, medtl_breast *out,
                               medtl_outline *outline, medtl_error *err);
void medtl_breast_destroy(medtl_breast *breast);

/** Counts of codes among the pixels of the core; padding is not counted. @param[out] counts  One for each code of the
 *  image's type. */
void medtl_breast_histogram(const medtl_image *image, const medtl_breast *breast, uint32_t *counts);

/** Whether to mirror the image so that the chest wall is at the left. A breast is cut off straight at the chest
 *  wall, so the mask touches its box there along a long stretch, and at the nipple along a short one. Where that
 *  is not clear, the chest wall of a right breast is taken to be at the right. */
bool medtl_side_flips(const medtl_breast *breast, medtl_laterality laterality);

/* ---- fit.c, resize.c ------------------------------------------------------------------------ */

/** The largest centred part of an image with the aspect ratio width : height. */
medtl_box medtl_center_box(uint32_t rows, uint32_t columns, uint32_t width, uint32_t height);

/** Where a part of the given size goes in the input: whole pixels, centred. */
typedef struct medtl_placement {
    uint32_t x, y, width, height;
} medtl_placement;
medtl_placement medtl_fit_box(const medtl_box *box, medtl_fit fit, uint32_t width, uint32_t height);

/** Which input pixels make one output pixel along an axis: a triangle of half-width max(1, scale) input
 *  pixels around the output pixel's centre, cut at the image's edges and scaled to sum 1. It is the
 *  antialiased bilinear filter of Pillow and PyTorch. */
typedef struct medtl_taps {
    uint32_t *first, *count; /* owned; per output pixel; count >= 1 */
    float *weights;          /* owned; those of output pixel i begin at offset[i] */
    size_t *offset;          /* owned */
} medtl_taps;

/** @param size      Input pixels along the axis.
 *  @param from, to  The part that fills the output, in input pixels, 0 <= from < to <= size. */
medtl_status medtl_taps_create(uint32_t size, double from, double to, uint32_t outputs,
                               medtl_taps *taps, medtl_error *err);
void medtl_taps_destroy(medtl_taps *taps);

/** Resample a part of the source. @param[out] out  Plane p, row y, column x goes to
 *  out[p * plane_stride + y * row_stride + x]. */
medtl_status medtl_resize(const medtl_source *source, const medtl_box *box, uint32_t width,
                          uint32_t height, float *out, size_t row_stride, size_t plane_stride,
                          medtl_error *err);

/* ---- constancy.c ---------------------------------------------------------------------------- */

/** Shades of grey (Finlayson & Trezzi 2004), p = 6: the light's colour is the Minkowski mean of the pixels;
 *  dividing by it makes the light white. Results are cut at 1.
 *  @param planes  Three planes, plane_stride apart; the part `inner` of rows of `row_stride` is used. */
void medtl_shades_of_gray(float *planes, size_t plane_stride, size_t row_stride,
                          const medtl_placement *inner);

/* ---- number.c -------------------------------------------------------------------------------- */

/** Floats as text, the same in every locale of the host: the shortest decimal that reads back as the same
 *  float. */
enum { MEDTL_NUMBER_SIZE = 32 };
void medtl_number_text(float value, char text[MEDTL_NUMBER_SIZE]);
/** @return the first character after the number, or NULL where there is none. */
const char *medtl_number_parse(const char *text, float *value);

/** MEDTL_E_ARGUMENT with the reason, or MEDTL_OK. In normalise.c. */
medtl_status medtl_normaliser_check(const medtl_normaliser *normaliser, medtl_error *err);

#endif

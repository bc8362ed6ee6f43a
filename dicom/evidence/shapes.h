/* The plain C parts of dicom/evidence: places, pixels, pictures. No DICOM library. */
#ifndef MEDTL_EVIDENCE_SHAPES_H
#define MEDTL_EVIDENCE_SHAPES_H

#include "dicom/shape/shape.h"
#include "medtl/evidence.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- place.c: the input and the image ------------------------------------------------------ */

/** Where a position in the network's input lies in the image. The two are each other's inverse. */
medtl_point medtl_place_in_image(const medtl_geometry *geometry, double u, double v);
/** @return false where the position was not part of the input. */
bool medtl_place_in_input(const medtl_geometry *geometry, double x, double y, double *u, double *v);

/* ---- fill.c ------------------------------------------------------------------------------- */

/** Set the bits of the pixels whose centres are inside a polygon (even-odd rule).
 *  @param bits  rows * columns bits, packed without gaps between rows, the first pixel in the lowest bit of
 *               the first byte (PS3.5 section 8.1.1 for Bits Allocated 1); zeroed by the caller.
 *  @return MEDTL_OK or MEDTL_E_MEMORY. */
medtl_status medtl_polygon_fill(const medtl_point *points, size_t count, uint32_t rows,
                                uint32_t columns, unsigned char *bits, medtl_error *err);

/* ---- overlay.c, draw.c, font.c ------------------------------------------------------------ */

typedef struct medtl_rgb {
    unsigned char r, g, b;
} medtl_rgb;

/** The colour of a share of the largest value, 0 to 1: violet, red, yellow, growing lighter all the way, so
 *  that it also reads without colour vision. */
medtl_rgb medtl_heat_color(double share);

/** How much of the colour covers the picture: nothing at 0, so that what does not matter stays as it is. */
double medtl_heat_opacity(double share);

/** The request's picture with map, outline and legend.
 *  @param rows, columns  Of the image, which the outline counts in. @param[out] out  For medtl_picture_clear(). */
medtl_status medtl_overlay_draw(const medtl_evidence_request *request, uint32_t rows,
                                uint32_t columns, medtl_picture *out, medtl_error *err);

enum { MEDTL_GLYPH_WIDTH = 5, MEDTL_GLYPH_HEIGHT = 7, MEDTL_GLYPH_ADVANCE = 6 };

/** Write a line of text, its top-left corner at (x, y); what leaves the picture is cut off. Small letters are
 *  written as capitals, unknown characters as '?'. */
void medtl_font_write(medtl_picture *picture, uint32_t x, uint32_t y, unsigned scale,
                      medtl_rgb color, const char *text);

void medtl_picture_set(medtl_picture *picture, uint32_t x, uint32_t y, medtl_rgb color);

/** A line between two positions of the picture, `width` pixels wide. */
void medtl_picture_line(medtl_picture *picture, medtl_point from, medtl_point to, double width,
                        medtl_rgb color);

#ifdef __cplusplus
}
#endif
#endif

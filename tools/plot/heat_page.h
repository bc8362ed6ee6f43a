/* A picture, and the same picture under a heat map, with a legend: one page. As plot.h otherwise. */
#ifndef MEDTL_TOOL_PLOT_HEAT_PAGE_H
#define MEDTL_TOOL_PLOT_HEAT_PAGE_H

#include "medtl/error.h"

#include <stddef.h>

typedef struct heat_page {
    const char *title;        /* may be NULL, as the lines may */
    const char *const *lines; /* below the pictures */
    size_t line_count;
    size_t height, width;         /* of both */
    const unsigned char *picture; /* [height][width][3], red green blue */
    const float *heat;            /* [height][width], 0 (nothing) to 1 (most) */
} heat_page;

/** The colour of a heat from 0 to 1: from dark blue over magenta and orange to pale yellow, rising in lightness all the
 *  way, so that it reads in gray, too. @param[out] rgb  0 to 255. */
void heat_colour(double heat, unsigned char rgb[3]);

/** The overlay's strength grows with the heat, so that the picture stays to be seen where there is none. */
medtl_status plot_heat_page(const char *path, const heat_page *page, medtl_error *err);

#endif

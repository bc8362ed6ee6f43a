/* The way between a position in the network's input and one in the image: the normaliser's crop, flip and resize. */
#include "shapes.h"

/* The flip mirrors what was cropped, so in the input it mirrors the part inside the letterbox. */
static double mirrored(const medtl_geometry *g, double u)
{
    return g->flipped ? g->inner[0] + g->inner[2] - u : u;
}

medtl_point medtl_place_in_image(const medtl_geometry *g, double u, double v)
{
    const double across = (mirrored(g, u) - g->inner[0]) / (g->inner[2] - g->inner[0]);
    const double down = (v - g->inner[1]) / (g->inner[3] - g->inner[1]);

    return (medtl_point){(float)(g->x0 + across * (g->x1 - g->x0)),
                         (float)(g->y0 + down * (g->y1 - g->y0))};
}

bool medtl_place_in_input(const medtl_geometry *g, double x, double y, double *u, double *v)
{
    const double across = (x - g->x0) / (g->x1 - g->x0), down = (y - g->y0) / (g->y1 - g->y0);

    *u = mirrored(g, g->inner[0] + across * (g->inner[2] - g->inner[0]));
    *v = g->inner[1] + down * (g->inner[3] - g->inner[1]);
    return across >= 0.0 && across <= 1.0 && down >= 0.0 && down <= 1.0;
}

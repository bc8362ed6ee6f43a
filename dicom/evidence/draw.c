/* Pixels and lines of a picture, and the colours of heat. */
#include "shapes.h"

#include <math.h>

void medtl_picture_set(medtl_picture *picture, uint32_t x, uint32_t y, medtl_rgb color)
{
    unsigned char *pixel;

    if (x >= picture->width || y >= picture->height)
        return;
    pixel = &picture->pixels[3 * ((size_t)y * picture->width + x)];
    pixel[0] = color.r;
    pixel[1] = color.g;
    pixel[2] = color.b;
}

/* A square pen, moved by half a pixel at a time: enough for outlines. */
void medtl_picture_line(medtl_picture *picture, medtl_point from, medtl_point to, double width,
                        medtl_rgb color)
{
    const double dx = (double)to.x - (double)from.x, dy = (double)to.y - (double)from.y;
    const double steps = ceil(2.0 * fmax(fabs(dx), fabs(dy))) + 1.0;

    for (double step = 0.0; step <= steps; step += 1.0) {
        const double x = (double)from.x + dx * step / steps - width / 2.0;
        const double y = (double)from.y + dy * step / steps - width / 2.0;

        for (double down = 0.0; down < width; down += 1.0)
            for (double across = 0.0; across < width; across += 1.0)
                if (x + across >= 0.0 && y + down >= 0.0)
                    medtl_picture_set(picture, (uint32_t)(x + across), (uint32_t)(y + down), color);
    }
}

static unsigned char between(double a, double b, double share)
{
    return (unsigned char)lround(a + (b - a) * share);
}

medtl_rgb medtl_heat_color(double share)
{
    static const double stops[3][3] = {{90, 0, 180}, {225, 35, 90}, {255, 235, 60}};
    const double s = fmin(fmax(share, 0.0), 1.0) * 2.0;
    const int i = s < 1.0 ? 0 : 1;
    const double t = s - i;

    return (medtl_rgb){between(stops[i][0], stops[i + 1][0], t),
                       between(stops[i][1], stops[i + 1][1], t),
                       between(stops[i][2], stops[i + 1][2], t)};
}

/* At most 60 %: the picture below must stay recognisable. */
double medtl_heat_opacity(double share) { return 0.6 * sqrt(fmin(fmax(share, 0.0), 1.0)); }

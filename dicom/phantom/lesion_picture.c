/* A skin lesion of nobody. Places are in heights of the picture, from its centre. */
#include "picture.h"

#include <math.h>

typedef struct rgb {
    double r, g, b;
} rgb;

static const rgb skin = {0.87, 0.68, 0.58};
static const rgb light_brown = {0.66, 0.43, 0.30};
static const rgb dark_brown = {0.30, 0.17, 0.12};

static rgb blend(rgb a, rgb b, double t)
{
    return (rgb){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

static rgb scale(rgb c, double s) { return (rgb){c.r * s, c.g * s, c.b * s}; }

/* 1 inside, 0 outside, over an uneven border. */
static double inside(const medtl_lesion_phantom *l, double x, double y)
{
    const double angle = atan2(y, x), r = sqrt(x * x * 0.8 + y * y * 1.2);
    const double wobble =
        0.12 * sin(2.0 * angle + (double)(l->seed % 7)) + 0.06 * sin(5.0 * angle + 2.0) +
        0.3 * (medtl_phantom_noise(l->seed, 4.0 * x + 9.0, 4.0 * y + 9.0, 4) - 0.5);

    return 1.0 - medtl_phantom_step(0.9, 1.12, r / (l->size * (1.0 + wobble)));
}

/* The net of rete ridges that a dermoscope shows: dark lines around light holes. */
static double network(double x, double y, uint64_t seed)
{
    const double bend = 0.03 * medtl_phantom_noise(seed + 5, 8.0 * x, 8.0 * y, 2);

    return 1.0 - fabs(sin(95.0 * (x + bend))) * fabs(sin(95.0 * (y + bend) + 40.0 * x));
}

/* Hairs: y = height + slope x + bow x^2. */
enum { HAIRS = 5 };

typedef struct hair {
    double height, slope, bow;
} hair;

static void grow(const medtl_lesion_phantom *l, hair hairs[HAIRS])
{
    for (uint32_t i = 0; i < HAIRS; i++) {
        hairs[i].slope = 0.6 * medtl_phantom_grain(l->seed + 31, i, 0);
        hairs[i].height = 0.25 * medtl_phantom_grain(l->seed + 31, i, 1);
        hairs[i].bow = 0.3 * medtl_phantom_grain(l->seed + 31, i, 2);
    }
}

/* 1 on a hair, 0 away from all. */
static double on_hair(const hair *hairs, double x, double y)
{
    double most = 0.0;

    for (int i = 0; i < HAIRS; i++) {
        const hair *h = &hairs[i];
        const double away =
            fabs(y - h->height - h->slope * x - h->bow * x * x) / sqrt(1.0 + h->slope * h->slope);

        most = fmax(most, 1.0 - medtl_phantom_step(0.0015, 0.004, away));
    }
    return most;
}

static rgb color_at(const medtl_lesion_phantom *l, const hair *hairs, double x, double y)
{
    const double mottle = medtl_phantom_noise(l->seed + 3, 12.0 * x + 50.0, 12.0 * y + 50.0, 5);
    const double pigment = medtl_phantom_noise(l->seed + 4, 5.0 * x + 50.0, 5.0 * y + 50.0, 4);
    const double net = l->dermoscope ? 0.25 * network(x, y, l->seed) : 0.0;
    rgb color = scale(skin, 0.9 + 0.2 * mottle);

    color =
        blend(color, blend(light_brown, dark_brown, medtl_phantom_step(0.3, 0.75, pigment + net)),
              inside(l, x, y));
    if (l->hairs)
        color = blend(color, (rgb){0.12, 0.09, 0.08}, 0.85 * on_hair(hairs, x, y));
    if (l->dermoscope)
        color = scale(color, 1.0 - 0.9 * medtl_phantom_step(0.56, 0.72, sqrt(x * x + y * y)));
    return color;
}

static uint8_t to_byte(double value)
{
    return (uint8_t)(255.0 * fmin(1.0, fmax(0.0, value)) + 0.5);
}

void medtl_phantom_lesion(const medtl_lesion_phantom *lesion, uint8_t *pixels)
{
    hair hairs[HAIRS];

    grow(lesion, hairs);
    for (uint32_t y = 0; y < MEDTL_LESION_ROWS; y++)
        for (uint32_t x = 0; x < MEDTL_LESION_COLUMNS; x++) {
            const double px = (x + 0.5 - MEDTL_LESION_COLUMNS / 2.0) / MEDTL_LESION_ROWS;
            const double py = (y + 0.5 - MEDTL_LESION_ROWS / 2.0) / MEDTL_LESION_ROWS;
            const rgb color = color_at(lesion, hairs, px, py);
            const double grain = 0.008 * medtl_phantom_grain(lesion->seed, x, y);

            *pixels++ = to_byte(color.r + grain);
            *pixels++ = to_byte(color.g + grain);
            *pixels++ = to_byte(color.b + grain);
        }
}

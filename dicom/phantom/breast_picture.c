/* A mammogram of nobody. Places are in the unit square of a left breast: u from the chest wall towards the
 * nipple, v from the top. */
#include "picture.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* How far the breast reaches from the chest wall at a height; negative: it does not. */
static double reach(bool mlo, double v)
{
    const double nipple = mlo ? 0.6 : 0.5, below = mlo ? 0.34 : 0.42, most = mlo ? 0.68 : 0.64;

    if (mlo && v < nipple) /* the upper outline runs into the armpit, beyond the picture */
        return 0.3 + (most - 0.3) * pow(sin(0.5 * pi * fmax(0.0, v) / nipple), 1.6);
    if (fabs(v - nipple) >= below)
        return -1.0;
    return most * sqrt(1.0 - (v - nipple) * (v - nipple) / (below * below));
}

/* The outline, worked out once for each row of the picture and for some rows above and below it. */
enum { MARGIN = MEDTL_BREAST_ROWS / 10, OUTLINE = MEDTL_BREAST_ROWS + 2 * MARGIN };

static void trace(bool mlo, double outline[OUTLINE])
{
    for (int i = 0; i < OUTLINE; i++)
        outline[i] = reach(mlo, (i - MARGIN + 0.5) / MEDTL_BREAST_ROWS);
}

/* Compressed thickness, 0 to 1: full inside, falling over the last 0.1 towards the outline. */
static double thickness(const double *outline, double u, uint32_t y)
{
    const double falling = 0.1, depth = outline[MARGIN + y] - u;
    double nearest_squared = depth * depth;

    if (depth <= 0.0)
        return 0.0;
    if (depth >= 4.0 * falling)
        return 1.0;
    /* The distance to the outline, not only along the row. */
    for (uint32_t row = y; row < y + 2 * MARGIN; row += 4) {
        const double dv = ((double)row - (y + MARGIN)) / MEDTL_BREAST_ROWS,
                     du = fmax(0.0, outline[row] - u);

        nearest_squared = fmin(nearest_squared, du * du + dv * dv);
    }
    return sqrt(medtl_phantom_step(-0.1 * falling, falling, sqrt(nearest_squared)));
}

static double pectoral(const medtl_breast_phantom *b, double u, double v)
{
    return b->mlo ? medtl_phantom_step(-0.008, 0.012, 0.36 * (1.0 - v / 0.58) - u) : 0.0;
}

/* Strands of fibroglandular tissue, densest behind the nipple. */
static double glandular(const medtl_breast_phantom *b, double u, double v)
{
    const double du = (u - 0.32) / 0.24, dv = (v - (b->mlo ? 0.58 : 0.5)) / 0.26;
    const double cloud = medtl_phantom_noise(b->seed, 5.0 * u, 7.0 * v, 5);
    const double strands =
        1.0 - fabs(2.0 * medtl_phantom_noise(b->seed + 40, 9.0 * u, 14.0 * v, 4) - 1.0) * 4.0;

    return exp(-du * du - dv * dv) * medtl_phantom_step(0.35, 0.7, cloud) +
           0.22 * fmax(0.0, strands);
}

/* A lobulated mass with a soft edge and a few spicules. */
static double mass(const medtl_breast_phantom *b, double u, double v)
{
    const double du = u - 0.36,
                 dv = (v - (b->mlo ? 0.5 : 0.42)) * MEDTL_BREAST_ROWS / MEDTL_BREAST_COLUMNS;
    const double r = sqrt(du * du + dv * dv);
    double angle, edge, spicules;

    if (!b->mass || r > 0.2)
        return 0.0;
    angle = atan2(dv, du);
    edge = 0.042 + 0.006 * sin(3.0 * angle + 1.0) + 0.004 * sin(7.0 * angle);
    spicules = pow(fabs(sin(6.5 * angle)), 24.0) * exp(-r / 0.03) * 0.4;
    return 1.0 - medtl_phantom_step(0.8 * edge, 1.25 * edge, r) + spicules;
}

/* A cluster of bright specks of one to three pixels. */
static double calcifications(const medtl_breast_phantom *b, double u, double v)
{
    const double center = b->mlo ? 0.62 : 0.56;
    double value = 0.0;

    if (!b->calcifications || fabs(u - 0.3) > 0.13 ||
        fabs(v - center) > 0.11) /* beyond six deviations */
        return 0.0;
    for (uint32_t i = 0; i < 14; i++) {
        const double cu = 0.30 + 0.02 * medtl_phantom_grain(b->seed + 77, i, 0);
        const double cv = center + 0.016 * medtl_phantom_grain(b->seed + 77, i, 1);
        const double x = (u - cu) * MEDTL_BREAST_COLUMNS, y = (v - cv) * MEDTL_BREAST_ROWS;
        const double size = 1.0 + 0.35 * fabs(medtl_phantom_grain(b->seed + 77, i, 2));

        value = fmax(value, exp(-(x * x + y * y) / (size * size)));
    }
    return value;
}

/* The amount of dense material in the ray, in units of a breast twice full of fat. */
static double density(const medtl_breast_phantom *b, const double *outline, uint32_t x, uint32_t y)
{
    const uint32_t from_wall = b->right ? MEDTL_BREAST_COLUMNS - 1 - x : x;
    const double u = (from_wall + 0.5) / MEDTL_BREAST_COLUMNS, v = (y + 0.5) / MEDTL_BREAST_ROWS;
    const double t = thickness(outline, u, y);

    if (t <= 0.0)
        return 0.0;
    return t * (0.55 + 0.12 * medtl_phantom_noise(b->seed + 9, 3.0 * u, 4.0 * v, 3) +
                0.75 * glandular(b, u, v) + 0.62 * pectoral(b, u, v) + 0.6 * mass(b, u, v)) +
           0.9 * calcifications(b, u, v);
}

static uint16_t to_pixel(double value)
{
    return (uint16_t)(fmin(MEDTL_BREAST_MAXIMUM, fmax(0.0, value)) + 0.5);
}

void medtl_phantom_breast(const medtl_breast_phantom *breast, uint16_t *pixels)
{
    double outline[OUTLINE];

    trace(breast->mlo, outline);
    for (uint32_t y = 0; y < MEDTL_BREAST_ROWS; y++)
        for (uint32_t x = 0; x < MEDTL_BREAST_COLUMNS; x++)
            *pixels++ = to_pixel(60.0 + 2100.0 * density(breast, outline, x, y) +
                                 14.0 * medtl_phantom_grain(breast->seed + breast->mlo, x, y));
}

void medtl_phantom_breast_raw(const medtl_breast_phantom *breast, uint16_t *pixels)
{
    double outline[OUTLINE];

    trace(breast->mlo, outline);
    for (uint32_t y = 0; y < MEDTL_BREAST_ROWS; y++)
        for (uint32_t x = 0; x < MEDTL_BREAST_COLUMNS; x++) {
            const double counts =
                3900.0 * exp(-2.0 * density(breast, outline, x, y)); /* Beer's law */

            *pixels++ =
                to_pixel(counts + 0.4 * sqrt(counts) *
                                      medtl_phantom_grain(breast->seed + breast->mlo, x, y));
        }
}

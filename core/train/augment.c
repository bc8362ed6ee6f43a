#include "augment.h"

#include <math.h>
#include <string.h>

enum { BLUR_RADIUS = 96, BLUR_LINE = 8192 }; /* pixels */
static const double DEGREE = 3.14159265358979323846 / 180.0;
/* ITU-R BT.601: what gray a colour is. */
static const double LUMA[3] = {0.299, 0.587, 0.114};

/* -range to +range. Every draw takes one number whatever the range is, so that switching one kind of
 * change off leaves the others as they were. */
static double around_zero(medtl_random *random, double range)
{
    return (2.0 * medtl_random_uniform(random) - 1.0) * range;
}

/* 1 / (1 + range) to 1 + range, both halves equally likely. */
static double around_one(medtl_random *random, double range)
{
    return exp(around_zero(random, log(1.0 + range)));
}

static void multiply(double a[2][2], double b[2][2], double out[2][2])
{
    double result[2][2];

    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            result[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
    memcpy(out, result, sizeof result);
}

static void draw_warp(const medtl_augment *a, size_t height, size_t width, medtl_random *random,
                      medtl_variant *out)
{
    const double angle = around_zero(random, a->rotation) * DEGREE;
    const double share = medtl_random_uniform(random);
    const bool crops = a->area_max > 0.0;
    const double side = crops ? sqrt(a->area_min + share * (a->area_max - a->area_min)) : 1.0;
    const double stretch = sqrt(around_one(random, a->aspect));
    const double shear = tan(around_zero(random, a->shear) * DEGREE);
    const double mirror_x = medtl_random_uniform(random) < a->flip_x ? -1.0 : 1.0;
    const double mirror_y = medtl_random_uniform(random) < a->flip_y ? -1.0 : 1.0;
    double turn[2][2] = {{cos(angle), -sin(angle)}, {sin(angle), cos(angle)}};
    double slant[2][2] = {{1.0, shear}, {0.0, 1.0}};
    double scale[2][2] = {{side * stretch * mirror_x, 0.0}, {0.0, side / stretch * mirror_y}};
    const double slack = side < 1.0 ? (1.0 - side) / 2.0 : 0.0; /* a crop may lie anywhere inside */

    multiply(slant, scale, out->matrix);
    multiply(turn, out->matrix, out->matrix);
    out->shift[0] =
        (around_zero(random, slack) + around_zero(random, a->translate)) * (double)width;
    out->shift[1] =
        (around_zero(random, slack) + around_zero(random, a->translate)) * (double)height;
    out->mirror_border = a->mirror_border >= 0.5;
    out->identity_warp = out->matrix[0][0] == 1.0 && out->matrix[0][1] == 0.0 &&
                         out->matrix[1][0] == 0.0 && out->matrix[1][1] == 1.0 &&
                         out->shift[0] == 0.0 && out->shift[1] == 0.0;
}

/* Saturation, then tint, contrast around the data set's mean and brightness, as one matrix. */
static void draw_color(const medtl_augment *a, size_t channels, const float mean[3],
                       medtl_random *random, medtl_variant *out)
{
    const double saturation = 1.0 + around_zero(random, a->saturation);
    const double contrast = 1.0 + around_zero(random, a->contrast);
    const double brightness = around_zero(random, a->brightness);
    double tint[3];

    memset(out->color, 0, sizeof out->color);
    for (int i = 0; i < 3; i++)
        tint[i] = 1.0 + around_zero(random, a->tint);
    if (channels == 1) {
        out->color[0][0] = contrast;
        out->color[0][3] = (1.0 - contrast) * (double)mean[0] + brightness;
        return;
    }
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            const double kept = i == j ? saturation : 0.0;

            out->color[i][j] = contrast * tint[i] * (kept + (1.0 - saturation) * LUMA[j]);
        }
        out->color[i][3] = (1.0 - contrast) * (double)mean[i] + brightness;
    }
}

static void draw_cut(const medtl_augment *a, size_t height, size_t width, medtl_random *random,
                     medtl_variant *out)
{
    const bool cuts = medtl_random_uniform(random) < a->cutout;
    const double side = a->cutout_side * (0.5 + 0.5 * medtl_random_uniform(random));
    const double x = medtl_random_uniform(random), y = medtl_random_uniform(random);
    const size_t w = (size_t)(side * (double)width), h = (size_t)(side * (double)height);

    memset(out->cut, 0, sizeof out->cut);
    if (!cuts || w == 0 || h == 0)
        return;
    out->cut[0] = (size_t)(x * (double)(width - w + 1));
    out->cut[1] = (size_t)(y * (double)(height - h + 1));
    out->cut[2] = out->cut[0] + w;
    out->cut[3] = out->cut[1] + h;
}

/* Last of all, so that pictures without blur draw what they drew before there was any. */
static void draw_blur(const medtl_augment *a, size_t width, medtl_random *random,
                      medtl_variant *out)
{
    const bool blurs = medtl_random_uniform(random) < a->blur;
    const double share = 0.1 + 0.9 * medtl_random_uniform(random);

    out->blur = blurs ? share * a->blur_sigma * (double)width : 0.0;
}

void medtl_augment_draw(const medtl_augment *augment, size_t channels, size_t height, size_t width,
                        const float mean[3], medtl_random *random, medtl_variant *out)
{
    draw_warp(augment, height, width, random, out);
    draw_color(augment, channels, mean, random, out);
    out->gamma = around_one(random, augment->gamma);
    out->noise = medtl_random_uniform(random) * augment->noise;
    out->noise_seed = medtl_random_bits(random);
    draw_cut(augment, height, width, random, out);
    draw_blur(augment, width, random, out);
}

/* ---- applying ------------------------------------------------------------------------- */

/* Where a coordinate outside 0 .. size-1 is read: its mirror image, edge pixels once (c b a | a b c). */
static ptrdiff_t mirrored(ptrdiff_t at, ptrdiff_t size)
{
    const ptrdiff_t period = 2 * size;

    at %= period;
    if (at < 0)
        at += period;
    return at < size ? at : period - 1 - at;
}

/* The four neighbours of a position: offsets into a plane (-1: black) and their weights. */
typedef struct neighbours {
    ptrdiff_t offset[4];
    float weight[4];
    bool inside; /* all four are in the picture, in the order of memory */
} neighbours;

static neighbours find_neighbours(double x, double y, ptrdiff_t height, ptrdiff_t width,
                                  bool mirror)
{
    const double left = floor(x), top = floor(y);
    const float fx = (float)(x - left), fy = (float)(y - top);
    const ptrdiff_t x0 = (ptrdiff_t)left, y0 = (ptrdiff_t)top;
    neighbours n;

    n.weight[0] = (1.0f - fx) * (1.0f - fy);
    n.weight[1] = fx * (1.0f - fy);
    n.weight[2] = (1.0f - fx) * fy;
    n.weight[3] = fx * fy;
    n.inside = x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height;
    if (n.inside) {
        n.offset[0] = y0 * width + x0;
        n.offset[1] = n.offset[0] + 1;
        n.offset[2] = n.offset[0] + width;
        n.offset[3] = n.offset[2] + 1;
        return n;
    }
    for (int i = 0; i < 4; i++) {
        ptrdiff_t px = x0 + (i & 1), py = y0 + (i >> 1);

        if (mirror) {
            px = mirrored(px, width);
            py = mirrored(py, height);
        }
        n.offset[i] =
            px >= 0 && py >= 0 && px < width && py < height ? py * width + px : (ptrdiff_t)-1;
    }
    return n;
}

static float blend(const uint16_t *plane, const neighbours *n)
{
    float sum = 0.0f;

    if (n->inside)
        return n->weight[0] * plane[n->offset[0]] + n->weight[1] * plane[n->offset[1]] +
               n->weight[2] * plane[n->offset[2]] + n->weight[3] * plane[n->offset[3]];
    for (int i = 0; i < 4; i++)
        if (n->offset[i] >= 0)
            sum += n->weight[i] * plane[n->offset[i]];
    return sum;
}

/* Pixel centres lie at half-integers; both pictures have their origin in the middle. */
static void warp(const medtl_variant *v, size_t channels, size_t height, size_t width,
                 const uint16_t *in, float *out)
{
    const size_t plane = height * width;
    const double cx = (double)width / 2.0, cy = (double)height / 2.0;

    for (size_t row = 0; row < height; row++)
        for (size_t column = 0; column < width; column++) {
            const double dx = (double)column + 0.5 - cx, dy = (double)row + 0.5 - cy;
            const double x = v->matrix[0][0] * dx + v->matrix[0][1] * dy + cx + v->shift[0] - 0.5;
            const double y = v->matrix[1][0] * dx + v->matrix[1][1] * dy + cy + v->shift[1] - 0.5;
            const neighbours n =
                find_neighbours(x, y, (ptrdiff_t)height, (ptrdiff_t)width, v->mirror_border);

            for (size_t c = 0; c < channels; c++)
                out[c * plane + row * width + column] = blend(in + c * plane, &n);
        }
}

static void apply_color(const medtl_variant *v, size_t channels, size_t plane, float *out)
{
    float m[3][4];

    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            m[i][j] = (float)v->color[i][j];
    if (channels == 1) {
        for (size_t i = 0; i < plane; i++)
            out[i] = m[0][0] * out[i] + m[0][3];
        return;
    }
    for (size_t i = 0; i < plane; i++) {
        const float r = out[i], g = out[plane + i], b = out[2 * plane + i];

        out[i] = m[0][0] * r + m[0][1] * g + m[0][2] * b + m[0][3];
        out[plane + i] = m[1][0] * r + m[1][1] * g + m[1][2] * b + m[1][3];
        out[2 * plane + i] = m[2][0] * r + m[2][1] * g + m[2][2] * b + m[2][3];
    }
}

/* One line of values `step` apart, in place; the edge goes on beyond the line. */
static void blur_line(const float *weights, size_t radius, size_t count, size_t step, float *line)
{
    float old[BLUR_LINE + 2 * BLUR_RADIUS];

    for (size_t i = 0; i < count + 2 * radius; i++) {
        const size_t at = i < radius ? 0 : i - radius < count ? i - radius : count - 1;

        old[i] = line[at * step];
    }
    for (size_t i = 0; i < count; i++) {
        float sum = weights[0] * old[i + radius];

        for (size_t k = 1; k <= radius; k++)
            sum += weights[k] * (old[i + radius - k] + old[i + radius + k]);
        line[i * step] = sum;
    }
}

/* A Gaussian cut off at three standard deviations, rows first. */
static void blur_plane(double sigma, size_t height, size_t width, float *plane)
{
    const double reach = ceil(3.0 * sigma);
    const size_t radius = reach < (double)BLUR_RADIUS ? (size_t)reach : BLUR_RADIUS;
    float weights[BLUR_RADIUS + 1];
    double sum = 0.0;

    if (height > BLUR_LINE || width > BLUR_LINE)
        return; /* larger than a data set can be */
    for (size_t k = 0; k <= radius; k++)
        sum += (k > 0 ? 2.0 : 1.0) * exp(-0.5 * (double)(k * k) / (sigma * sigma));
    for (size_t k = 0; k <= radius; k++)
        weights[k] = (float)(exp(-0.5 * (double)(k * k) / (sigma * sigma)) / sum);
    for (size_t y = 0; y < height; y++)
        blur_line(weights, radius, width, 1, plane + y * width);
    for (size_t x = 0; x < width; x++)
        blur_line(weights, radius, height, width, plane + x);
}

/* The sum of four uniform numbers: close to normal, and from one draw of 64 bits. */
static void add_noise(const medtl_variant *v, size_t count, float *out)
{
    const float scale =
        (float)(v->noise * sqrt(3.0) / 65536.0); /* sd of the sum: 65536 / sqrt(3) */
    medtl_random random;

    medtl_random_seed(&random, v->noise_seed);
    for (size_t i = 0; i < count; i++) {
        const uint64_t bits = medtl_random_bits(&random);
        const int32_t sum = (int32_t)(bits & 0xffff) + (int32_t)(bits >> 16 & 0xffff) +
                            (int32_t)(bits >> 32 & 0xffff) + (int32_t)(bits >> 48);

        out[i] += scale * (float)(sum - 131070);
    }
}

static void cut_out(const medtl_variant *v, size_t channels, size_t height, size_t width,
                    const float mean[3], float *out)
{
    for (size_t c = 0; c < channels; c++)
        for (size_t y = v->cut[1]; y < v->cut[3]; y++)
            for (size_t x = v->cut[0]; x < v->cut[2]; x++)
                out[(c * height + y) * width + x] = mean[c];
}

void medtl_variant_apply(const medtl_variant *variant, size_t channels, size_t height, size_t width,
                         const float mean[3], const float sd[3], const uint16_t *in, float *out)
{
    const size_t plane = height * width, count = channels * plane;

    if (variant->identity_warp)
        for (size_t i = 0; i < count; i++)
            out[i] = in[i];
    else
        warp(variant, channels, height, width, in, out);
    for (size_t i = 0; i < count; i++)
        out[i] *= 1.0f / 65535.0f;
    apply_color(variant, channels, plane, out);
    for (size_t i = 0; i < count; i++)
        out[i] = out[i] < 0.0f ? 0.0f : out[i] > 1.0f ? 1.0f : out[i];
    if (variant->gamma != 1.0)
        for (size_t i = 0; i < count; i++)
            out[i] = powf(out[i], (float)variant->gamma);
    for (size_t c = 0; variant->blur > 0.0 && c < channels; c++)
        blur_plane(variant->blur, height, width, out + c * plane);
    if (variant->noise > 0.0)
        add_noise(variant, count, out);
    cut_out(variant, channels, height, width, mean, out);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = c * plane; i < (c + 1) * plane; i++)
            out[i] = (out[i] - mean[c]) / sd[c];
}

/* Colour spaces. */
#include "steps.h"

static float clamp(float x) { return !(x > 0.0f) ? 0.0f : x > 1.0f ? 1.0f : x; }

/* The coefficients follow from Y = 0.299 R + 0.587 G + 0.114 B with Cb = (B - Y) / 1.772 and
 * Cr = (R - Y) / 1.402, of which PS3.3 C.7.6.3.1.2 prints rounded values. */
void medtl_ybr_to_rgb(float middle, size_t count, float *y_r, float *cb_g, float *cr_b)
{
    for (size_t i = 0; i < count; i++) {
        const float y = y_r[i], cb = cb_g[i] - middle, cr = cr_b[i] - middle;

        y_r[i] = clamp(y + 1.402f * cr);
        cb_g[i] = clamp(y - 0.344136f * cb - 0.714136f * cr);
        cr_b[i] = clamp(y + 1.772f * cb);
    }
}

void medtl_luminance(size_t count, const float *r, const float *g, const float *b, float *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
}

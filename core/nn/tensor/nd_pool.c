/* Pooling over windows or over whole planes. */
#include "nd_families.h"
#include "nd_window.h"

#include "core/nn/loops.h"

#include <math.h>

enum { MAX, AVERAGE };

typedef struct state {
    medtl_nd_window window;
    bool count_pads;   /* AveragePool: padded places count as zeros */
    bool column_major; /* Indices of MaxPool: numbered along the columns */
} state;

static medtl_status infer(const medtl_nd_infer *c)
{
    const medtl_nd_type *x = medtl_nd_in(c, 0);
    state *s = medtl_nd_state(c, sizeof *s);
    medtl_nd_type y = *x;
    medtl_status status;

    if (s == NULL)
        return MEDTL_E_MEMORY;
    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK ||
        (status = medtl_nd_window_read(c, NULL, &s->window)) != MEDTL_OK ||
        (status = medtl_nd_window_slide(c, &s->window)) != MEDTL_OK)
        return status;
    s->count_pads = medtl_nd_attribute_int(c->node, "count_include_pad", 0) != 0;
    s->column_major = medtl_nd_attribute_int(c->node, "storage_order", 0) != 0;
    for (size_t d = 0; d < s->window.space; d++)
        y.size[2 + d] = s->window.out[MEDTL_ND_SPACE - s->window.space + d];
    if ((status = medtl_nd_out(c, 0, &y)) != MEDTL_OK)
        return status;
    y.element = MEDTL_ND_INT;
    return medtl_nd_out(c, 1, &y);
}

/* One window: the kernel's part that lies inside, in each dimension. */
typedef struct place {
    size_t first[MEDTL_ND_SPACE], end[MEDTL_ND_SPACE], start[MEDTL_ND_SPACE];
} place;

static size_t source(const medtl_nd_window *w, const place *p, size_t d, size_t tap)
{
    return p->start[d] + tap * w->dilation[d] - w->before[d];
}

static float largest(const medtl_nd_window *w, const place *p, const float *x, size_t *winner)
{
    float best = -HUGE_VALF;

    *winner = source(w, p, 0, p->first[0]) * w->in[1] * w->in[2] +
              source(w, p, 1, p->first[1]) * w->in[2] + source(w, p, 2, p->first[2]);
    for (size_t i = p->first[0]; i < p->end[0]; i++)
        for (size_t j = p->first[1]; j < p->end[1]; j++) {
            const size_t row = (source(w, p, 0, i) * w->in[1] + source(w, p, 1, j)) * w->in[2];

            for (size_t k = p->first[2]; k < p->end[2]; k++) {
                const size_t at = row + source(w, p, 2, k);

                if (x[at] > best || isnan(x[at])) {
                    best = x[at];
                    *winner = at;
                }
            }
        }
    return best;
}

static double sum_of(const medtl_nd_window *w, const place *p, const float *x)
{
    double sum = 0.0;

    for (size_t i = p->first[0]; i < p->end[0]; i++)
        for (size_t j = p->first[1]; j < p->end[1]; j++) {
            const float *row = x + (source(w, p, 0, i) * w->in[1] + source(w, p, 1, j)) * w->in[2];

            for (size_t k = p->first[2]; k < p->end[2]; k++)
                sum += (double)row[source(w, p, 2, k)];
        }
    return sum;
}

/* What an average is divided by: places inside, or inside and padded (but not beyond the padding). */
static size_t divisor(const state *s, const place *p)
{
    const medtl_nd_window *w = &s->window;
    size_t count = 1;

    for (size_t d = 0; d < MEDTL_ND_SPACE; d++) {
        const size_t room = w->in[d] + w->before[d] + w->after[d] - p->start[d];
        const size_t fitting = (room + w->dilation[d] - 1) / w->dilation[d];

        count *= !s->count_pads           ? p->end[d] - p->first[d]
                 : fitting < w->kernel[d] ? fitting
                                          : w->kernel[d];
    }
    return count > 0 ? count : 1;
}

static int64_t index_of(const state *s, size_t plane, size_t at)
{
    const size_t *in = s->window.in;
    const size_t column = at % in[2], row = at / in[2] % in[1], slice = at / in[2] / in[1];

    if (s->column_major)
        at = s->window.space == 3 ? (column * in[1] + row) * in[0] + slice : column * in[1] + row;
    return (int64_t)(plane * medtl_nd_window_volume(in) + at);
}

static void run_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const state *s = call->node->state;
    const medtl_nd_window *w = &s->window;
    const float *x = (const float *)call->in[0] + plane * medtl_nd_window_volume(w->in);
    const size_t volume = medtl_nd_window_volume(w->out);
    float *y = (float *)call->out[0] + plane * volume;
    int64_t *indices = call->node->output_count > 1 ? call->out[1] : NULL;
    place p;

    (void)worker;
    for (size_t i = 0; i < volume; i++) {
        const size_t at[] = {i / w->out[2] / w->out[1], i / w->out[2] % w->out[1], i % w->out[2]};
        size_t winner;

        for (size_t d = 0; d < MEDTL_ND_SPACE; d++) {
            p.start[d] = at[d] * w->stride[d];
            medtl_nd_window_inside(w, d, at[d], &p.first[d], &p.end[d]);
        }
        if (call->node->op->kind == AVERAGE) {
            y[i] = (float)(sum_of(w, &p, x) / (double)divisor(s, &p));
            continue;
        }
        y[i] = largest(w, &p, x, &winner);
        if (indices != NULL)
            indices[plane * volume + i] = index_of(s, plane, winner);
    }
}

static void run(const medtl_nd_call *call)
{
    const medtl_nd_type *x = medtl_nd_in_type(call, 0);

    medtl_nd_for(call, x->size[0] * x->size[1], run_plane, (void *)call);
}

static medtl_status infer_global(const medtl_nd_infer *c)
{
    medtl_nd_type y = *medtl_nd_in(c, 0);
    medtl_status status;

    if ((status = medtl_nd_expect(c, 0, MEDTL_ND_FLOAT)) != MEDTL_OK)
        return status;
    if (y.rank < 2 || medtl_nd_count(&y) == 0)
        return MEDTL_ND_REFUSE(c, "the input is not [images][channels] and planes of some size");
    for (size_t d = 2; d < y.rank; d++)
        y.size[d] = 1;
    return medtl_nd_out(c, 0, &y);
}

static void global_plane(void *context, size_t plane, size_t worker)
{
    const medtl_nd_call *call = context;
    const size_t count =
        medtl_nd_count(medtl_nd_in_type(call, 0)) / medtl_nd_count(medtl_nd_out_type(call, 0));
    const float *x = (const float *)call->in[0] + plane * count;
    float best = x[0];

    (void)worker;
    if (call->node->op->kind == AVERAGE)
        best = (float)(medtl_loops_get()->sum(x, count) / (double)count);
    else
        for (size_t i = 1; i < count; i++)
            best = x[i] > best || isnan(x[i]) ? x[i] : best;
    ((float *)call->out[0])[plane] = best;
}

static void run_global(const medtl_nd_call *call)
{
    medtl_nd_for(call, medtl_nd_count(medtl_nd_out_type(call, 0)), global_plane, (void *)call);
}

#define WINDOW_ATTRIBUTES "kernel_shape:I strides:I pads:I auto_pad:t ceil_mode:i dilations:I "

const medtl_nd_op medtl_nd_pool_ops[] = {
    {"AveragePool", AVERAGE, MEDTL_ND_HEAVY, 1, 1, 1, WINDOW_ATTRIBUTES "count_include_pad:i ",
     infer, NULL, run},
    {"GlobalAveragePool", AVERAGE, 0, 1, 1, 1, "", infer_global, NULL, run_global},
    {"GlobalMaxPool", MAX, 0, 1, 1, 1, "", infer_global, NULL, run_global},
    {"MaxPool", MAX, MEDTL_ND_HEAVY, 1, 1, 2, WINDOW_ATTRIBUTES "storage_order:i ", infer, NULL,
     run},
    {0},
};

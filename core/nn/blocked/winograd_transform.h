/* Winograd's transforms of tiles, one axis at a time; a vector holds channels, so there is nothing to shuffle. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_TRANSFORM_H
#define MEDTL_NN_BLOCKED_WINOGRAD_TRANSFORM_H

#include "core/nn/kernels_vector.h"
#include "winograd_points.h"

/* Vectors `step` floats apart, in lines `line` floats apart. */
typedef struct lines {
    float *data;
    size_t step, line;
} lines;

/* One row of B^T on a line; zeros and ones of the table cost nothing, as everything is unrolled. parity 0 or 1: only
 * even or odd elements; -1: all. */
INLINE vec input_row(const float *row, const vec *in, const int points, const int parity)
{
    vec sum = {0};

    UNROLL
    for (int i = 0; i < points; i++)
        if (row[i] != 0.0f && (parity < 0 || i % 2 == parity))
            sum += row[i] * in[i];
    return sum;
}

/* With an even number of points all finite ones but 0 come in pairs p, -p. Their rows of B^T have the same even and
 * opposite odd parts, or the other way round. */
INLINE void input_line(const float *table, const int points, const float *from, size_t step,
                       float *to, size_t to_step)
{
    vec in[WINOGRAD_MOST_POINTS];

    UNROLL
    for (int i = 0; i < points; i++)
        in[i] = vec_load(from + (size_t)i * step);
    vec_store(to, input_row(table, in, points, -1));
    if (points % 2 == 0) {
        UNROLL
        for (int p = 1; p + 1 < points - 1; p += 2) {
            const vec even = input_row(table + p * points, in, points, 0);
            const vec odd = input_row(table + p * points, in, points, 1);

            vec_store(to + (size_t)p * to_step, even + odd);
            vec_store(to + (size_t)(p + 1) * to_step, even - odd);
        }
    } else {
        UNROLL
        for (int p = 1; p < points - 1; p++)
            vec_store(to + (size_t)p * to_step, input_row(table + p * points, in, points, -1));
    }
    vec_store(to + (size_t)(points - 1) * to_step,
              input_row(table + (points - 1) * points, in, points, -1));
}

INLINE void input_lines_of(const float *table, const int points, const lines *from, const lines *to,
                           size_t count)
{
    for (size_t n = 0; n < count; n++)
        input_line(table, points, from->data + n * from->line, from->step, to->data + n * to->line,
                   to->step);
}

INLINE void copy_lines(const lines *from, const lines *to, size_t count)
{
    for (size_t n = 0; n < count; n++)
        vec_store(to->data + n * to->line, vec_load(from->data + n * from->line));
}

/* to = B^T from, for each of `count` lines. */
static void input_lines(size_t points, const lines *from, const lines *to, size_t count)
{
    switch (points) {
    case 4:
        input_lines_of(&winograd_input_4[0][0], 4, from, to, count);
        break;
    case 5:
        input_lines_of(&winograd_input_5[0][0], 5, from, to, count);
        break;
    case 6:
        input_lines_of(&winograd_input_6[0][0], 6, from, to, count);
        break;
    case 7:
        input_lines_of(&winograd_input_7[0][0], 7, from, to, count);
        break;
    case 8:
        input_lines_of(&winograd_input_8[0][0], 8, from, to, count);
        break;
    default:
        copy_lines(from, to, count);
        break;
    }
}

/* The i-th power of point p, a constant once unrolled. */
INLINE float power(const int p, const int i)
{
    float value = 1.0f;

    for (int k = 0; k < i; k++)
        value *= winograd_point[p];
    return value;
}

/* Row i of A^T on a line: pairs p, -p give their sum where i is even, their difference where it is odd. */
INLINE vec output_row(const vec *in, const vec *sums, const vec *differences, const int points,
                      const int outputs, const int i)
{
    vec y = i == 0 ? in[0] : (vec){0};

    UNROLL
    for (int p = 1; p + 1 < points - 1; p += 2)
        y += power(p, i) * (i % 2 == 0 ? sums[p] : differences[p]);
    if (points % 2 == 1) /* the last finite point has no partner */
        y += power(points - 2, i) * in[points - 2];
    return i == outputs - 1 ? y + in[points - 1] : y;
}

INLINE void output_line(const int points, const int outputs, const float *from, size_t step,
                        float *to, size_t to_step)
{
    vec in[WINOGRAD_MOST_POINTS], sums[WINOGRAD_MOST_POINTS], differences[WINOGRAD_MOST_POINTS];

    UNROLL
    for (int i = 0; i < points; i++)
        in[i] = vec_load(from + (size_t)i * step);
    UNROLL
    for (int p = 1; p + 1 < points - 1; p += 2) {
        sums[p] = in[p] + in[p + 1];
        differences[p] = in[p] - in[p + 1];
    }
    UNROLL
    for (int i = 0; i < outputs; i++)
        vec_store(to + (size_t)i * to_step, output_row(in, sums, differences, points, outputs, i));
}

INLINE void output_lines_of(const int points, const int outputs, const lines *from, const lines *to,
                            size_t count)
{
    for (size_t n = 0; n < count; n++)
        output_line(points, outputs, from->data + n * from->line, from->step,
                    to->data + n * to->line, to->step);
}

/* to = A^T from, for each of `count` lines. */
static void output_lines(size_t points, size_t outputs, const lines *from, const lines *to,
                         size_t count)
{
    switch (points * 8 + outputs) {
    case 4 * 8 + 2:
        output_lines_of(4, 2, from, to, count);
        break;
    case 4 * 8 + 3:
        output_lines_of(4, 3, from, to, count);
        break;
    case 5 * 8 + 2:
        output_lines_of(5, 2, from, to, count);
        break;
    case 5 * 8 + 3:
        output_lines_of(5, 3, from, to, count);
        break;
    case 5 * 8 + 4:
        output_lines_of(5, 4, from, to, count);
        break;
    case 6 * 8 + 2:
        output_lines_of(6, 2, from, to, count);
        break;
    case 6 * 8 + 3:
        output_lines_of(6, 3, from, to, count);
        break;
    case 6 * 8 + 4:
        output_lines_of(6, 4, from, to, count);
        break;
    case 7 * 8 + 3:
        output_lines_of(7, 3, from, to, count);
        break;
    case 7 * 8 + 4:
        output_lines_of(7, 4, from, to, count);
        break;
    case 8 * 8 + 4:
        output_lines_of(8, 4, from, to, count);
        break;
    default:
        copy_lines(from, to, count);
        break;
    }
}

#endif

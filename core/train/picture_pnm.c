/* PGM and PPM, binary (P5, P6) and plain (P2, P3), as netpbm's manual pages describe them. */
#include "picture_decoders.h"

#include <ctype.h>
#include <stdbool.h>

typedef struct reader {
    const unsigned char *next, *end;
} reader;

static void skip_space(reader *r)
{
    while (r->next < r->end && (isspace(*r->next) || *r->next == '#'))
        if (*r->next == '#')
            while (r->next < r->end && *r->next != '\n')
                r->next++;
        else
            r->next++;
}

static bool read_number(reader *r, uint32_t limit, uint32_t *out)
{
    uint32_t value = 0;

    skip_space(r);
    if (r->next == r->end || !isdigit(*r->next))
        return false;
    for (; r->next < r->end && isdigit(*r->next); r->next++) {
        value = value * 10 + (uint32_t)(*r->next - '0');
        if (value > limit)
            return false;
    }
    *out = value;
    return true;
}

/* One sample, most significant byte first where it has two. */
static bool read_sample(reader *r, bool plain, uint32_t maximum, uint32_t *out)
{
    const size_t width = maximum > 255 ? 2 : 1;

    if (plain)
        return read_number(r, maximum, out);
    if ((size_t)(r->end - r->next) < width)
        return false;
    *out = width == 2 ? (uint32_t)r->next[0] << 8 | r->next[1] : r->next[0];
    r->next += width;
    return *out <= maximum;
}

/* Samples run from 0 to `maximum`; stored ones from 0 to 2^bits - 1. */
static bool read_samples(reader *r, bool plain, uint32_t maximum, medtl_picture *out)
{
    const size_t count = (size_t)out->rows * out->columns * out->samples;
    const uint32_t full = out->bits > 8 ? 65535 : 255;
    uint32_t sample = 0;

    for (size_t i = 0; i < count; i++) {
        if (!read_sample(r, plain, maximum, &sample))
            return false;
        sample = (uint32_t)(((uint64_t)sample * full + maximum / 2) / maximum);
        if (out->bits > 8)
            ((uint16_t *)out->pixels)[i] = (uint16_t)sample;
        else
            ((uint8_t *)out->pixels)[i] = (uint8_t)sample;
    }
    return true;
}

medtl_status medtl_picture_decode_pnm(const unsigned char *bytes, size_t size, const char *name,
                                      medtl_picture *out, medtl_error *err)
{
    const bool plain = bytes[1] == '2' || bytes[1] == '3';
    const uint16_t samples = bytes[1] == '3' || bytes[1] == '6' ? 3 : 1;
    reader r = {bytes + 2, bytes + size};
    uint32_t columns = 0, rows = 0, maximum = 0;
    uint64_t least;
    medtl_status status;

    if (!read_number(&r, 1000000, &columns) || !read_number(&r, 1000000, &rows) ||
        !read_number(&r, 65535, &maximum) || maximum == 0 || r.next == r.end || !isspace(*r.next))
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: damaged PGM or PPM header", name);
    r.next++; /* exactly one white space before the samples */
    /* Before memory is taken: a plain sample is a digit at least, and white space between two. */
    least = (uint64_t)rows * columns * samples * (!plain && maximum > 255 ? 2 : 1);
    if (least > (uint64_t)(r.end - r.next) && rows > 0 && columns > 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: the picture ends early", name);
    status = medtl_picture_allocate(rows, columns, samples, maximum > 255 ? 16 : 8, name, out, err);
    if (status == MEDTL_OK && !read_samples(&r, plain, maximum, out))
        status = medtl_fail(err, MEDTL_E_FORMAT,
                            "%s: the picture ends early or a sample exceeds its maximum", name);
    return status;
}

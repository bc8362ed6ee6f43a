#include "raw_dicom.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    unsigned char *at;
    size_t size, capacity;
} bytes;

static void put(bytes *b, const void *data, size_t size)
{
    if (b->size + size > b->capacity) {
        b->capacity = 2 * b->capacity + size + 1024;
        b->at = realloc(b->at, b->capacity);
        if (b->at == NULL)
            abort();
    }
    memcpy(b->at + b->size, data, size);
    b->size += size;
}

static void put_u16(bytes *b, unsigned value)
{
    const unsigned char raw[2] = {(unsigned char)value, (unsigned char)(value >> 8)};

    put(b, raw, 2);
}

static void put_u32(bytes *b, size_t value)
{
    put_u16(b, (unsigned)(value & 0xFFFF));
    put_u16(b, (unsigned)(value >> 16 & 0xFFFF));
}

/* PS3.5 7.1.2: OB and OW have two reserved bytes and a long length. */
static void put_element(bytes *b, unsigned group, unsigned element, const char *vr,
                        const void *data, size_t size, char padding)
{
    const size_t even = size + size % 2;

    put_u16(b, group);
    put_u16(b, element);
    put(b, vr, 2);
    if (vr[0] == 'O') {
        put_u16(b, 0);
        put_u32(b, even);
    } else {
        put_u16(b, (unsigned)even);
    }
    put(b, data, size);
    if (size % 2 == 1)
        put(b, &padding, 1);
}

static void put_text(bytes *b, unsigned group, unsigned element, const char *vr, const char *value)
{
    put_element(b, group, element, vr, value, strlen(value), strcmp(vr, "UI") == 0 ? '\0' : ' ');
}

static void put_us(bytes *b, unsigned group, unsigned element, unsigned value)
{
    const unsigned char raw[2] = {(unsigned char)value, (unsigned char)(value >> 8)};

    put_element(b, group, element, "US", raw, 2, '\0');
}

static const char *or_usual(const char *value, const char *usual)
{
    return value != NULL ? value : usual;
}

static void put_uid(bytes *b, unsigned group, unsigned element, const char *value,
                    const char *usual)
{
    if (or_usual(value, usual)[0] != '\0')
        put_text(b, group, element, "UI", or_usual(value, usual));
}

/* A half disc against the left edge, brighter inside, on black: a breast to the crop, a spot to colour. */
static void fill(const raw_dicom *w, unsigned rows, unsigned columns, unsigned frame,
                 unsigned char *pixels)
{
    const unsigned samples = w->samples == 3 ? 3 : 1;
    const double radius = (0.25 + 0.05 * ((w->seed + frame) % 5)) * rows;

    for (unsigned y = 0; y < rows; y++)
        for (unsigned x = 0; x < columns; x++) {
            const double dy = y - 0.5 * rows, dx = x;
            const double inside = 1.0 - (dx * dx + dy * dy) / (radius * radius);
            const double level = inside > 0.0 ? 0.3 + 0.7 * inside : 0.0;

            for (unsigned s = 0; s < samples; s++) {
                const size_t i = ((size_t)y * columns + x) * samples + s;

                if (samples == 3) {
                    pixels[i] = (unsigned char)(250 * level / (1.0 + s));
                } else {
                    const unsigned value = (unsigned)(4000 * level);

                    pixels[2 * i] = (unsigned char)value;
                    pixels[2 * i + 1] = (unsigned char)(value >> 8);
                }
            }
        }
}

/* PS3.5 A.4: undefined length, an empty offset table, one fragment, a delimiter. */
static void put_fragment(bytes *b, const unsigned char *data, size_t size)
{
    static const unsigned char head[] = {0xE0, 0x7F, 0x10, 0x00, 'O',  'B',  0, 0, 0xFF, 0xFF,
                                         0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0,    0};
    static const unsigned char item[] = {0xFE, 0xFF, 0x00, 0xE0};
    static const unsigned char end[] = {0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0};

    put(b, head, sizeof head);
    put(b, item, sizeof item);
    put_u32(b, size + size % 2);
    put(b, data, size + size % 2); /* the caller has a spare byte */
    put(b, end, sizeof end);
}

static void put_pixels(bytes *b, const raw_dicom *w, unsigned rows, unsigned columns)
{
    const size_t frame = (size_t)rows * columns * (w->samples == 3 ? 3 : 2);
    const size_t frames = w->frames > 0 ? w->frames : 1;
    const size_t size = w->pixel_bytes > 0 ? w->pixel_bytes : frame * frames;
    unsigned char *pixels = calloc(1, size + 1);

    if (pixels == NULL)
        abort();
    for (size_t i = 0; (i + 1) * frame <= size && i < frames; i++)
        fill(w, rows, columns, (unsigned)i, pixels + i * frame);
    if (w->transfer_syntax != NULL)
        put_fragment(b, pixels, size);
    else
        put_element(b, 0x7FE0, 0x0010, w->samples == 3 ? "OB" : "OW", pixels, size, '\0');
    free(pixels);
}

static void put_image(bytes *b, const raw_dicom *w)
{
    const unsigned rows = w->rows > 0 ? w->rows : 48, columns = w->columns > 0 ? w->columns : 40;
    const unsigned bits = w->samples == 3 ? 8 : 16;
    char frames[16];

    put_us(b, 0x0028, 0x0002, w->samples == 3 ? 3 : 1);
    put_text(b, 0x0028, 0x0004, "CS", w->samples == 3 ? "RGB" : "MONOCHROME2");
    if (w->samples == 3)
        put_us(b, 0x0028, 0x0006, 0); /* planar configuration */
    if (w->frames > 0) {
        snprintf(frames, sizeof frames, "%u", w->frames);
        put_text(b, 0x0028, 0x0008, "IS", frames);
    }
    put_us(b, 0x0028, 0x0010, rows);
    put_us(b, 0x0028, 0x0011, columns);
    put_us(b, 0x0028, 0x0100, bits);
    put_us(b, 0x0028, 0x0101, bits == 8 ? 8 : 12);
    put_us(b, 0x0028, 0x0102, bits == 8 ? 7 : 11);
    put_us(b, 0x0028, 0x0103, 0);
    if (!w->no_pixels)
        put_pixels(b, w, rows, columns);
}

void raw_dicom_make(const raw_dicom *w, unsigned char **out, size_t *size)
{
    static const unsigned char preamble[128];
    const char *sop_class = or_usual(w->sop_class, "1.2.840.10008.5.1.4.1.1.1.2");
    bytes meta = {NULL, 0, 0}, file = {NULL, 0, 0};
    unsigned char length[4];

    put_element(&meta, 0x0002, 0x0001, "OB", "\0\1", 2, '\0');
    put_text(&meta, 0x0002, 0x0002, "UI", sop_class);
    put_text(&meta, 0x0002, 0x0003, "UI", or_usual(w->sop, "1.2.3.4.5.1"));
    put_text(&meta, 0x0002, 0x0010, "UI", or_usual(w->transfer_syntax, "1.2.840.10008.1.2.1"));
    put_text(&meta, 0x0002, 0x0012, "UI", "1.2.3.4.99");
    for (int i = 0; i < 4; i++)
        length[i] = (unsigned char)(meta.size >> 8 * i);
    put(&file, preamble, sizeof preamble);
    put(&file, "DICM", 4);
    put_element(&file, 0x0002, 0x0000, "UL", length, 4, '\0');
    put(&file, meta.at, meta.size);
    free(meta.at);

    put_text(&file, 0x0008, 0x0016, "UI", sop_class);
    put_uid(&file, 0x0008, 0x0018, w->sop, "1.2.3.4.5.1");
    put_text(&file, 0x0008, 0x0020, "DA", "20260102");
    if (w->acquired != NULL) {
        put_text(&file, 0x0008, 0x0022, "DA", "20260102");
        put_text(&file, 0x0008, 0x0032, "TM", w->acquired);
    }
    put_text(&file, 0x0008, 0x0060, "CS", or_usual(w->modality, "MG"));
    if (w->event != NULL)
        put_text(&file, 0x0008, 0x3010, "UI", w->event);
    put_text(&file, 0x0010, 0x0010, "PN", "Phantom^Test");
    put_text(&file, 0x0010, 0x0020, "LO", or_usual(w->patient, "PHANTOM"));
    if (w->view != NULL)
        put_text(&file, 0x0018, 0x5101, "CS", w->view);
    put_uid(&file, 0x0020, 0x000D, w->study, "1.2.3");
    put_uid(&file, 0x0020, 0x000E, w->series, "1.2.3.4");
    put_text(&file, 0x0020, 0x0013, "IS", "1");
    if (w->laterality != NULL)
        put_text(&file, 0x0020, 0x0062, "CS", w->laterality);
    put_image(&file, w);
    *out = file.at;
    *size = file.size;
}

bool raw_dicom_write(const raw_dicom *what, const char *path)
{
    unsigned char *data;
    size_t size;
    FILE *stream = fopen(path, "wb");
    bool good;

    if (stream == NULL)
        return false;
    raw_dicom_make(what, &data, &size);
    good = fwrite(data, 1, size, stream) == size;
    free(data);
    return fclose(stream) == 0 && good;
}

/* Decoded pixels against the digests of two independent decoders (DCMTK's and GDCM's command line tools). */
#include "inventory.h"

#include "core/base/digest.h"
#include "dicom/logging.h"
#include "medtl/image.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 400, MOST_FRAMES = 2000 };

typedef struct bytes {
    unsigned char *at;
    size_t size, capacity;
    size_t bits; /* of the last byte, for one-bit pixels */
} bytes;

static void append(bytes *to, unsigned value, unsigned count)
{
    if (to->size + 2 > to->capacity) {
        to->capacity = 2 * to->capacity + 65536;
        to->at = realloc(to->at, to->capacity);
        cr_assert_not_null(to->at);
    }
    for (unsigned i = 0; i < count; i++)
        to->at[to->size++] = (unsigned char)(value >> 8 * i);
}

static void append_bit(bytes *to, unsigned value)
{
    if (to->bits % 8 == 0)
        append(to, 0, 1);
    to->at[to->size - 1] |= (unsigned char)(value << to->bits % 8);
    to->bits++;
}

static unsigned sample_at(const medtl_image *image, size_t pixel, size_t sample)
{
    const size_t i = pixel * image->samples + sample;

    if (image->type == MEDTL_PIXEL_U8 || image->type == MEDTL_PIXEL_S8)
        return ((const uint8_t *)image->pixels)[i];
    return ((const uint16_t *)image->pixels)[i];
}

/* Back to the layout that the decoders' tools wrote. */
static void append_frame(bytes *to, const medtl_image *image, const inventory_row *row)
{
    const size_t pixels = (size_t)image->rows * image->columns;
    const unsigned width = image->type == MEDTL_PIXEL_U8 || image->type == MEDTL_PIXEL_S8 ? 1 : 2;

    if (row->bits_allocated == 1) {
        for (size_t i = 0; i < pixels; i++)
            append_bit(to, sample_at(image, i, 0));
    } else if (row->subsampled) {
        for (size_t i = 0; i < pixels; i += 2) {
            append(to, sample_at(image, i, 0), 1);
            append(to, sample_at(image, i + 1, 0), 1);
            append(to, sample_at(image, i, 1), 1);
            append(to, sample_at(image, i, 2), 1);
        }
    } else if (row->planar) {
        for (size_t plane = 0; plane < image->samples; plane++)
            for (size_t i = 0; i < pixels; i++)
                append(to, sample_at(image, i, plane), width);
    } else {
        for (size_t i = 0; i < pixels; i++)
            for (size_t sample = 0; sample < image->samples; sample++)
                append(to, sample_at(image, i, sample), width);
    }
}

static medtl_status decode_all(const char *path, const inventory_row *row, bytes *to,
                               medtl_error *error)
{
    medtl_instance *instance = NULL;
    medtl_status status = medtl_instance_read(path, NULL, 0, &instance, error);

    if (status != MEDTL_OK)
        return status;
    for (uint32_t frame = 0; status == MEDTL_OK && frame < medtl_instance_facts(instance)->frames;
         frame++) {
        medtl_image *image = NULL;

        status = medtl_image_read(instance, frame, &image, error);
        if (status == MEDTL_OK)
            append_frame(to, image, row);
        medtl_image_destroy(image);
    }
    medtl_instance_destroy(instance);
    return status;
}

/* The tools' pixels may end in one byte of padding, which is what the file had there. */
static bool has_digest(bytes *pixels, const char *expected)
{
    char text[MEDTL_SHA256_TEXT_SIZE];
    bool same;

    medtl_sha256_text(pixels->at, pixels->size, text);
    if (strcmp(text, expected) == 0 || pixels->size % 2 == 0)
        return strcmp(text, expected) == 0;
    append(pixels, 0, 1);
    do {
        medtl_sha256_text(pixels->at, pixels->size, text);
        same = strcmp(text, expected) == 0;
    } while (!same && ++pixels->at[pixels->size - 1] != 0);
    pixels->size--;
    return same;
}

/* What our reader makes of a file, in the words of docs/DECODING.md. */
static const char *answer_of(const char *folder, const inventory_row *row, char *said, size_t size)
{
    char path[4400];
    bytes pixels = {0};
    medtl_error error;
    const char *answer = "other pixels";

    said[0] = '\0';
    snprintf(path, sizeof path, "%s/dicom/%s", folder, row->path);
    if (decode_all(path, row, &pixels, &error) != MEDTL_OK) {
        snprintf(said, size, "%s", error.message + strlen(path) + 2);
        answer = "refused";
    } else if (row->dcmtk[0] != '\0' && has_digest(&pixels, row->dcmtk)) {
        answer = row->agree ? "as both" : "as DCMTK";
    } else if (row->gdcm[0] != '\0' && has_digest(&pixels, row->gdcm)) {
        answer = "as GDCM";
    }
    free(pixels.at);
    return answer;
}

static const char *decoders_of(const inventory_row *row)
{
    if (row->dcmtk[0] == '\0')
        return "GDCM alone";
    return row->gdcm[0] == '\0' ? "DCMTK alone" : row->agree ? "agree" : "differ";
}

/* One line of the table in docs/DECODING.md: | `file` | decoders | medtl | why | */
typedef struct table_line {
    char path[200], decoders[16], answer[16], why[400];
    bool used;
} table_line;

static size_t read_table(table_line *lines, size_t capacity)
{
    char text[1200];
    size_t count = 0;
    FILE *file = fopen(MEDTL_SOURCE_DIR "/docs/DECODING.md", "r");

    cr_assert_not_null(file, "cannot open docs/DECODING.md");
    while (count < capacity && fgets(text, sizeof text, file) != NULL) {
        table_line *line = &lines[count];

        memset(line, 0, sizeof *line);
        if (sscanf(text, "| `%199[^`]` | %15[^|] | %15[^|] | %399[^|]", line->path, line->decoders,
                   line->answer, line->why) != 4)
            continue;
        line->decoders[strcspn(line->decoders, "|") - 1] = '\0';
        line->answer[strcspn(line->answer, "|") - 1] = '\0';
        count++;
    }
    fclose(file);
    return count;
}

static table_line *find_line(table_line *lines, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(lines[i].path, path) == 0)
            return &lines[i];
    return NULL;
}

/* A file on which both decoders agree, and we with them, needs no line; any other has one that is right. */
static bool is_explained(const inventory_row *row, const char *answer, const char *said,
                         table_line *line)
{
    const char *decoders = decoders_of(row);

    if (strcmp(answer, "as both") == 0)
        return line == NULL;
    if (line != NULL)
        line->used = true;
    if (line != NULL && strcmp(line->decoders, decoders) == 0 &&
        strcmp(line->answer, answer) == 0 && strlen(line->why) > 20)
        return true;
    fprintf(stderr, "| `%s` | %s | %s | %s |\n", row->path, decoders, answer, said);
    return false;
}

Test(inventory, every_file_decodes_as_two_decoders_agree_and_each_other_one_is_explained)
{
    const char *folder = shared_data_folder();
    static inventory_row rows[MOST_ROWS];
    static table_line lines[MOST_ROWS];
    size_t compared = 0, agreed = 0, wrong = 0;
    const size_t count = inventory_read(folder, rows, MOST_ROWS);
    const size_t explained = read_table(lines, MOST_ROWS);

    medtl_dicom_quiet_logs();
    for (size_t i = 0; i < count; i++) {
        char said[600];
        table_line *line = find_line(lines, explained, rows[i].path);
        const char *answer;

        if (rows[i].dcmtk[0] == '\0' && rows[i].gdcm[0] == '\0')
            continue;
        compared++;
        answer = answer_of(folder, &rows[i], said, sizeof said);
        agreed += strcmp(answer, "as both") == 0;
        wrong += !is_explained(&rows[i], answer, said, line);
    }
    for (size_t i = 0; i < explained; i++)
        cr_expect(lines[i].used, "docs/DECODING.md explains %s, which needs none", lines[i].path);
    cr_expect_eq(wrong, 0, "%zu of %zu files are not as docs/DECODING.md says", wrong, compared);
    cr_expect_gt(agreed, 130, "only %zu files decode as both decoders do", agreed);
    fprintf(stderr, "%zu files, %zu as both decoders, %zu explained\n", compared, agreed,
            explained);
}

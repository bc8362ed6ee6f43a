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

/* Where we do not give the bytes of either decoder, and why. */
static const struct {
    const char *path, *reason;
} differing[] = {
    {"highdicom/seg_image_sm_dots.dcm", "same pixels; the byte of padding behind them is not zero"},
    {"pydicom-tests/test_files/J2K_pixelrep_mismatch.dcm",
     "the header says signed, the codestream unsigned: we extend the sign of the 13 bits, GDCM does not"},
    {"pydicom-tests/test_files/SC_rgb_rle_32bit.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/SC_rgb_rle_32bit_2frame.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/badVR.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/JPEGLSNearLossless_16.dcm", "refused: has no Study Instance UID"},
    {"pydicom-tests/test_files/SC_rgb_jls_lossy_sample.dcm", "refused: has no Study Instance UID"},
    {"pydicom-tests/test_files/rtdose.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/rtdose_1frame.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/rtdose_expb.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/rtdose_rle.dcm", "refused: 32 bits allocated"},
    {"pydicom-tests/test_files/rtdose_rle_1frame.dcm", "refused: 32 bits allocated"},
};

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

/* The tools' pixels may end in one byte of padding. */
static bool has_digest(bytes *pixels, const char *expected)
{
    char text[MEDTL_SHA256_TEXT_SIZE];

    medtl_sha256_text(pixels->at, pixels->size, text);
    if (strcmp(text, expected) == 0)
        return true;
    append(pixels, 0, 1);
    medtl_sha256_text(pixels->at, pixels->size--, text);
    return strcmp(text, expected) == 0;
}

static const char *known_difference(const char *path)
{
    for (size_t i = 0; i < sizeof differing / sizeof differing[0]; i++)
        if (strcmp(differing[i].path, path) == 0)
            return differing[i].reason;
    return NULL;
}

/* @return true where the file decodes to one of the two digests. */
static bool matches(const char *folder, const inventory_row *row, char *said, size_t size)
{
    char path[4400];
    bytes pixels = {0};
    medtl_error error;
    bool same = false;

    snprintf(path, sizeof path, "%s/dicom/%s", folder, row->path);
    if (decode_all(path, row, &pixels, &error) != MEDTL_OK) {
        snprintf(said, size, "%s", error.message);
    } else {
        same = has_digest(&pixels, row->dcmtk) || has_digest(&pixels, row->gdcm);
        snprintf(said, size, "other pixels");
    }
    free(pixels.at);
    return same;
}

static void compare(bool agreed)
{
    const char *folder = shared_data_folder();
    static inventory_row rows[MOST_ROWS];
    size_t compared = 0, wrong = 0;
    const size_t count = inventory_read(folder, rows, MOST_ROWS);
    char said[600];

    medtl_dicom_quiet_logs();
    for (size_t i = 0; i < count; i++) {
        const bool judged =
            rows[i].agree == agreed && (rows[i].dcmtk[0] != '\0' || rows[i].gdcm[0] != '\0');

        if (!judged)
            continue;
        compared++;
        const bool same = matches(folder, &rows[i], said, sizeof said);
        const char *reason = known_difference(rows[i].path);
        if (same != (reason == NULL)) {
            wrong++;
            fprintf(stderr, "%s: %s (%s)\n", rows[i].path, same ? "matches now" : said,
                    reason == NULL ? "no known difference" : reason);
        }
    }
    cr_expect_eq(wrong, 0, "%zu of %zu files differ", wrong, compared);
    cr_expect_gt(compared, 20, "the table has only %zu such files", compared);
}

Test(inventory, files_on_which_two_decoders_agree_give_the_same_pixels) { compare(true); }

Test(inventory, files_on_which_they_do_not_give_the_pixels_of_one_of_them) { compare(false); }

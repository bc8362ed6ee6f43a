/* The studies, read back with the product's own reader. Other people's tools judge them in validity.sh. */
#include "dicom/phantom/phantom.h"
#include "dicom/phantom/picture.h"
#include "medtl/image.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 5, FILES = 10 };

static char folder[] = "/tmp/medtl-phantom-XXXXXX";

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static void make_folder(void) { cr_assert_not_null(mkdtemp(folder)); }

static void remove_folder(void) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

TestSuite(studies, .init = make_folder, .fini = remove_folder);

struct expected {
    const char *file;
    const char *sop_class, *transfer_syntax, *modality;
    medtl_laterality laterality;
    const char *view;
    medtl_intent intent;
};

/* UIDs from PS3.6 Annex A. */
#define FOR_PRESENTATION  "1.2.840.10008.5.1.4.1.1.1.2"
#define FOR_PROCESSING    "1.2.840.10008.5.1.4.1.1.1.2.1"
#define DERMOSCOPIC       "1.2.840.10008.5.1.4.1.1.77.1.7"
#define VL_PHOTOGRAPHIC   "1.2.840.10008.5.1.4.1.1.77.1.4"
#define SECONDARY_CAPTURE "1.2.840.10008.5.1.4.1.1.7"

static const struct expected table[FILES] = {
    {"PA000001/ST000001/SE000001/IM000001", FOR_PRESENTATION, "1.2.840.10008.1.2.4.70", "MG",
     MEDTL_LATERALITY_RIGHT, "399162004", MEDTL_INTENT_PRESENTATION},
    {"PA000001/ST000001/SE000001/IM000002", FOR_PRESENTATION, "1.2.840.10008.1.2.4.80", "MG",
     MEDTL_LATERALITY_LEFT, "399162004", MEDTL_INTENT_PRESENTATION},
    {"PA000001/ST000001/SE000001/IM000003", FOR_PRESENTATION, "1.2.840.10008.1.2.4.90", "MG",
     MEDTL_LATERALITY_RIGHT, "399368009", MEDTL_INTENT_PRESENTATION},
    {"PA000001/ST000001/SE000001/IM000004", FOR_PRESENTATION, "1.2.840.10008.1.2.4.51", "MG",
     MEDTL_LATERALITY_LEFT, "399368009", MEDTL_INTENT_PRESENTATION},
    {"PA000001/ST000001/SE000002/IM000001", FOR_PROCESSING, "1.2.840.10008.1.2", "MG",
     MEDTL_LATERALITY_LEFT, "399162004", MEDTL_INTENT_PROCESSING},
    {"PA000002/ST000001/SE000001/IM000001", DERMOSCOPIC, "1.2.840.10008.1.2.4.50", "DMS",
     MEDTL_LATERALITY_NONE, "", MEDTL_INTENT_UNKNOWN},
    {"PA000002/ST000001/SE000001/IM000002", DERMOSCOPIC, "1.2.840.10008.1.2.1.99", "DMS",
     MEDTL_LATERALITY_NONE, "", MEDTL_INTENT_UNKNOWN},
    {"PA000002/ST000001/SE000002/IM000001", VL_PHOTOGRAPHIC, "1.2.840.10008.1.2.5", "XC",
     MEDTL_LATERALITY_NONE, "", MEDTL_INTENT_UNKNOWN},
    {"PA000002/ST000001/SE000002/IM000002", VL_PHOTOGRAPHIC, "1.2.840.10008.1.2.1", "XC",
     MEDTL_LATERALITY_NONE, "", MEDTL_INTENT_UNKNOWN},
    {"PA000002/ST000001/SE000003/IM000001", SECONDARY_CAPTURE, "1.2.840.10008.1.2.2", "OT",
     MEDTL_LATERALITY_NONE, "", MEDTL_INTENT_UNKNOWN},
};

static medtl_instance *read_one(const struct expected *e)
{
    medtl_instance *instance = NULL;
    medtl_error err = {0};
    char path[200];

    snprintf(path, sizeof path, "%s/DICOM/%s", folder, e->file);
    cr_assert_eq(medtl_instance_read(path, NULL, 0, &instance, &err), MEDTL_OK, "%s", err.message);
    return instance;
}

static void check_facts(const struct expected *e, const medtl_facts *f)
{
    cr_expect_str_eq(f->sop_class_uid, e->sop_class, "%s", e->file);
    cr_expect_str_eq(f->transfer_syntax_uid, e->transfer_syntax, "%s", e->file);
    cr_expect_str_eq(f->modality, e->modality, "%s", e->file);
    cr_expect_eq(f->laterality, e->laterality, "%s: laterality %d", e->file, (int)f->laterality);
    cr_expect_str_eq(f->view.value, e->view, "%s: view %s", e->file, f->view.value);
    cr_expect_eq(f->intent, e->intent, "%s: intent %d", e->file, (int)f->intent);
    cr_expect(strncmp(f->sop_instance_uid, "2.25.", 5) == 0, "%s", f->sop_instance_uid);
}

/* How far the decoded gray values are from the picture that went in: mean and most. */
static void check_breast(const medtl_image *image, medtl_breast_phantom breast, bool raw,
                         bool inverted, bool padded, double tolerance)
{
    uint16_t *picture = malloc((size_t)MEDTL_BREAST_ROWS * MEDTL_BREAST_COLUMNS * sizeof *picture);
    const uint16_t *pixels = image->pixels;
    double sum = 0.0;
    size_t counted = 0;

    breast.seed =
        medtl_phantom_seed(SEED, breast.right ? MEDTL_PART_RIGHT_BREAST : MEDTL_PART_LEFT_BREAST);
    (raw ? medtl_phantom_breast_raw : medtl_phantom_breast)(&breast, picture);
    for (size_t i = 0; i < (size_t)image->rows * image->columns; i++) {
        const int expected = inverted ? 4095 - picture[i] : picture[i];

        if (padded && (pixels[i] == 0 || expected == 0))
            continue;
        sum += abs(expected - pixels[i]);
        counted++;
    }
    cr_expect(sum / (double)counted <= tolerance, "mean difference %g", sum / (double)counted);
    cr_expect(counted > (size_t)image->rows * image->columns * 8 / 10);
    free(picture);
}

/* The breast fills less than the picture, and is mirrored where it is a right one. */
static void check_normalised(const medtl_image *image, bool right)
{
    const medtl_normaliser n = {1,
                                64,
                                48,
                                MEDTL_VOI_PERCENTILE,
                                MEDTL_CROP_BREAST,
                                MEDTL_SIDE_LEFT,
                                MEDTL_FIT_STRETCH,
                                MEDTL_COLOR_CONSTANCY_NONE,
                                {0, 0, 0},
                                {1, 1, 1}};
    float out[64 * 48];
    medtl_geometry g;
    medtl_error err = {0};

    cr_assert_eq(medtl_normalise(image, &n, out, &g, NULL, &err), MEDTL_OK, "%s", err.message);
    cr_expect_eq(g.flipped, right);
    cr_expect(g.x1 - g.x0 > 0.55 * image->columns && g.x1 - g.x0 < 0.75 * image->columns, "%g",
              g.x1 - g.x0);
    cr_expect(right ? g.x1 == image->columns : g.x0 == 0.0);
}

static void check_mammogram(size_t i, const medtl_image *image)
{
    const bool right = i == 0 || i == 2;
    const medtl_breast_phantom breast = {
        .mlo = i == 2 || i == 3, .right = right, .mass = !right, .calcifications = right};

    cr_expect_eq(image->rows, MEDTL_BREAST_ROWS);
    cr_expect_eq(image->columns, MEDTL_BREAST_COLUMNS);
    cr_expect_eq(image->bits_stored, 12);
    cr_expect_eq(image->photometric, i == 1 || i == 4 ? MEDTL_MONOCHROME1 : MEDTL_MONOCHROME2);
    cr_expect_eq(image->voi_lut.entries != NULL, i == 0);
    cr_expect_eq(image->has_window, i >= 1 && i <= 3);
    cr_expect_eq(image->voi_function, i == 2 ? MEDTL_VOI_SIGMOID : MEDTL_VOI_LINEAR);
    cr_expect_eq(image->has_padding, i == 2);
    check_breast(image, breast, i == 4, i == 1, i == 2,
                 i == 3 ? 12.0 : 0.0); /* 12 of 4095: noise, quality 95 */
    check_normalised(image, right);
}

static void check_photograph(size_t i, const medtl_image *image)
{
    static const medtl_lesion_phantom lesions[] = {{0, 0.20, true, false},
                                                   {0, 0.24, true, true},
                                                   {0, 0.20, false, false},
                                                   {0, 0.24, false, true},
                                                   {0, 0.28, false, false}};
    static const uint64_t numbers[] = {1, 2, 1, 2, 3};
    const size_t count = 3u * MEDTL_LESION_ROWS * MEDTL_LESION_COLUMNS;
    medtl_lesion_phantom lesion = lesions[i - 5];
    uint8_t *picture = malloc(count);
    const uint8_t *pixels = image->pixels;
    double sum = 0.0;

    cr_assert_eq(image->samples, 3);
    cr_assert_eq((size_t)image->rows * image->columns * 3, count);
    lesion.seed = medtl_phantom_seed(SEED, MEDTL_PART_LESION + numbers[i - 5]);
    medtl_phantom_lesion(&lesion, picture);
    for (size_t k = 0; k < count && image->photometric == MEDTL_RGB; k++)
        sum += abs(picture[k] - pixels[k]);
    if (i > 5) /* JPEG baseline comes as YCbCr, and is lossy */
        cr_expect_eq(image->photometric, MEDTL_RGB);
    cr_expect(sum / (double)count <= (i == 5 ? 4.0 : 0.0), "file %zu: mean difference %g", i,
              sum / (double)count);
    free(picture);
}

Test(studies, every_file_says_what_it_is_and_decodes_to_the_picture_that_went_in)
{
    medtl_error err = {0};
    size_t count = 0;

    cr_assert_eq(medtl_phantom_write(folder, SEED, &count, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(count, FILES);
    for (size_t i = 0; i < FILES; i++) {
        medtl_instance *instance = read_one(&table[i]);
        medtl_image *image = NULL;

        check_facts(&table[i], medtl_instance_facts(instance));
        cr_assert_eq(medtl_image_read(instance, 0, &image, &err), MEDTL_OK, "%s", err.message);
        if (i < 5)
            check_mammogram(i, image);
        else
            check_photograph(i, image);
        medtl_image_destroy(image);
        medtl_instance_destroy(instance);
    }
}

Test(studies, a_place_that_cannot_be_written_is_named)
{
    medtl_error err = {0};

    cr_assert_eq(medtl_phantom_write("/proc/nowhere", SEED, NULL, &err), MEDTL_E_IO);
    cr_assert_not_null(strstr(err.message, "/proc/nowhere"));
}

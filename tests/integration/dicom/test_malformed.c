/* Deliberately malformed files: each is refused with a reason or read, none does harm. What "harm" is, the
 * sanitizers' build says; the plain build still finds crashes and silent failures. */
#include "inventory.h"

#include "dicom/logging.h"
#include "medtl/image.h"
#include "medtl/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXPECTED_FILES = 394, FRAMES_TRIED = 3, SECONDS_ALLOWED = 5 };

typedef struct tally {
    size_t files, instances, images;
} tally;

static char folder[] = "/tmp/medtl-malformed-XXXXXX";

static void unpack(void)
{
    const char *data = shared_data_folder();
    char command[9000], archive[4200];

    snprintf(archive, sizeof archive, "%s/dicom-malformed.tar.xz", data);
    if (access(archive, R_OK) != 0)
        cr_skip("no %s", archive);
    cr_assert_not_null(mkdtemp(folder));
    snprintf(command, sizeof command, "tar xJf '%s' -C '%s'", archive, folder);
    cr_assert_eq(system(command), 0, "cannot unpack %s", archive);
}

static void clean_up(void)
{
    char command[200];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (strstr(folder, "XXXXXX") == NULL)
        cr_expect_eq(system(command), 0);
}

static void try_images(const medtl_instance *instance, tally *counts)
{
    for (uint32_t frame = 0; frame < FRAMES_TRIED; frame++) {
        medtl_image *image = NULL;
        medtl_error error = {MEDTL_OK, ""};
        const medtl_status status = medtl_image_read(instance, frame, &image, &error);

        cr_expect_eq(image != NULL, status == MEDTL_OK);
        if (status == MEDTL_OK)
            counts->images++;
        else
            cr_expect_gt(strlen(error.message), strlen(medtl_instance_path(instance)),
                         "a failure without a reason");
        medtl_image_destroy(image);
    }
}

static medtl_status receive(void *context, medtl_scan_item *item)
{
    tally *counts = context;
    const time_t start = time(NULL);

    counts->files++;
    if (item->instance != NULL) {
        counts->instances++;
        try_images(item->instance, counts);
    } else {
        cr_expect_neq(item->status, MEDTL_OK);
        cr_expect_neq(item->status, MEDTL_E_INTERNAL, "%s: %s", item->path, item->reason);
        cr_expect_gt(strlen(item->reason), 5, "%s is refused without a reason", item->path);
    }
    cr_expect_leq(time(NULL) - start, SECONDS_ALLOWED, "%s took too long", item->path);
    medtl_instance_destroy(item->instance);
    return MEDTL_OK;
}

static void scan_all(medtl_reader *reader)
{
    const char *const paths[] = {folder};
    tally counts = {0, 0, 0};
    medtl_error error;

    medtl_dicom_quiet_logs();
    cr_assert_eq(medtl_reader_scan(reader, paths, 1, NULL, 0, receive, &counts, &error), MEDTL_OK,
                 "%s", error.message);
    cr_expect_eq(counts.files, EXPECTED_FILES);
    /* Not a reader that refuses everything: most of these files differ from sound ones in one attribute. */
    cr_expect_gt(counts.instances, EXPECTED_FILES / 2);
    cr_expect_gt(counts.images, 50);
    fprintf(stderr, "%zu files, %zu instances, %zu images\n", counts.files, counts.instances,
            counts.images);
}

Test(malformed, every_file_is_refused_with_a_reason_or_read, .init = unpack, .fini = clean_up)
{
    scan_all(NULL);
}

Test(malformed, none_costs_a_decoding_process, .init = unpack, .fini = clean_up)
{
    const medtl_reader_options options = {.isolate = true};
    medtl_reader *reader = NULL;
    medtl_error error = {MEDTL_OK, ""};

    cr_assert_eq(medtl_reader_create(&options, &reader, &error), MEDTL_OK, "%s", error.message);
    scan_all(reader);
    cr_expect_eq(medtl_reader_lost_children(reader), 0);
    medtl_reader_destroy(reader);
}

/* Threads change nothing but time. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 12 };

TestSuite(order, .init = setup, .fini = teardown);

static void add_studies(void)
{
    for (unsigned i = 0; i < IMAGES; i++) {
        char name[16], sop[32], study[16];

        snprintf(name, sizeof name, "%02u", i);
        snprintf(sop, sizeof sop, "1.2.3.4.5.%u", i + 1);
        snprintf(study, sizeof study, "1.2.%u", i % 3 + 1);
        add_object(name, &(raw_dicom){.sop = sop,
                                      .study = study,
                                      .seed = i,
                                      .rows = 40 + 3 * i,
                                      .samples = i % 4 == 3 ? 3 : 1});
    }
}

static const kept_report *find(const kept *k, const char *sop)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->reports[i].sop, sop) == 0)
            return &k->reports[i];
    cr_assert_fail("no report %s", sop);
    return NULL;
}

Test(order, of_threads_changes_no_bit_of_results_and_reports)
{
    static const size_t threads[] = {1, 2, 5, 40};
    medtl_pipeline *pipeline = load_pipeline();
    kept k[4] = {{.count = 0}};
    medtl_batch *batches[4];

    add_studies();
    for (size_t t = 0; t < 4; t++) {
        const medtl_batch_options options = {.threads = threads[t],
                                             .content_date_time = "20260102030405",
                                             .sink = keep,
                                             .sink_context = &k[t]};
        medtl_error err = {MEDTL_OK, ""};

        batches[t] = batch_of_folder(pipeline);
        cr_assert_eq(medtl_batch_run(batches[t], &options, &err), MEDTL_OK, "%s", err.message);
        cr_assert_eq(medtl_batch_outcome_count(batches[t], MEDTL_OUTCOME_ANALYSED), IMAGES);
        cr_assert_eq(k[t].count, 6);
        for (size_t i = 0; i < IMAGES; i++)
            cr_assert_eq(memcmp(medtl_batch_record(batches[t], i)->probabilities,
                                medtl_batch_record(batches[0], i)->probabilities,
                                2 * sizeof(float)),
                         0, "image %zu with %zu threads", i, threads[t]);
        for (size_t i = 0; i < k[0].count; i++) {
            const kept_report *other = find(&k[t], k[0].reports[i].sop);

            cr_assert_eq(other->size, k[0].reports[i].size);
            cr_assert_eq(memcmp(other->bytes, k[0].reports[i].bytes, other->size), 0);
        }
        for (size_t i = 0; i < medtl_batch_report_count(batches[0]); i++)
            cr_assert_str_eq(medtl_batch_report_at(batches[t], i)->sop_instance_uid,
                             medtl_batch_report_at(batches[0], i)->sop_instance_uid);
    }
    for (size_t t = 0; t < 4; t++) {
        medtl_batch_destroy(batches[t]);
        forget(&k[t]);
    }
    medtl_pipeline_destroy(pipeline);
}

Test(order, of_different_images_gives_different_probabilities)
{
    medtl_pipeline *pipeline = load_pipeline();
    medtl_batch *batch;

    add_object("a", &(raw_dicom){.seed = 0});
    add_object("b", &(raw_dicom){.sop = "1.2.3.4.5.2", .seed = 4});
    batch = batch_of_folder(pipeline);
    cr_assert_eq(medtl_batch_run(batch, NULL, NULL), MEDTL_OK);
    cr_assert_neq(record_of(batch, "a")->probabilities[0], record_of(batch, "b")->probabilities[0]);
    cr_assert_eq(medtl_batch_report_count(batch), 0, "no sink, no report");
    medtl_batch_destroy(batch);
    medtl_pipeline_destroy(pipeline);
}

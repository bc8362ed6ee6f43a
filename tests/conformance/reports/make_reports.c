/* usage: make_reports FOLDER
 * Writes one report for each combination of {mammography, dermoscopy}, {one image, four images, a
 * multi-frame image} and character set (the second Japanese one with one image only), for
 * validators to judge. Content date and time are fixed, so the files are the same every time. */
#include "medtl/report.h"
#include "sample_image.h"
#include "sample_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 4 };

static const struct {
    const char *name, *character_set, *patient_name;
} languages[] = {
    {"ascii", NULL, "Doe^Jane"},
    {"latin1", "ISO_IR 100", "M\xfcller^J\xfcrgen"},
    {"utf8", "ISO_IR 192",
     "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1"},
    /* PS3.5 H.3.1 and H.3.2 */
    {"japanese", "\\ISO 2022 IR 87",
     "Yamada^Tarou=\033$B;3ED\033(B^\033$BB@O:\033(B=\033$B$d$^$@\033(B^\033$B$?$m$&\033(B"},
    {"katakana", "ISO 2022 IR 13\\ISO 2022 IR 87",
     "\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\033$B;3ED\033(J^\033$BB@O:\033(J=\033$B$d$^$@\033(J^\033$B$?$"
     "m$&\033(J"},
};
enum { LANGUAGE_COUNT = sizeof languages / sizeof languages[0], KATAKANA = LANGUAGE_COUNT - 1 };

static const struct {
    const char *name;
    unsigned images, frames;
} layouts[] = {{"one", 1, 1}, {"four", 4, 1}, {"frames", 1, 3}};
static const struct {
    const char *name;
    sample_kind kind;
    const medtl_task *task;
} tasks[] = {{"mammography", SAMPLE_MAMMOGRAM, &sample_mammography},
             {"dermoscopy", SAMPLE_DERMOSCOPY, &sample_dermoscopy}};

static const float seven[] = {0.04f, 0.08f, 0.035f, 0.02f, 0.612f, 0.201f, 0.012f};
static const float two[] = {0.7f, 0.3f};

static bool write_file(const char *path, const medtl_report *report)
{
    FILE *file = fopen(path, "wb");
    const bool written =
        file != NULL && fwrite(report->bytes, 1, report->size, file) == report->size;

    return (file == NULL || fclose(file) == 0) && written;
}

static bool make_report(const char *folder, size_t task, size_t layout, size_t language)
{
    const unsigned images = layouts[layout].images, frames = layouts[layout].frames;
    medtl_instance *instances[MOST_IMAGES] = {NULL};
    medtl_image_result results[MOST_IMAGES];
    medtl_report_request request = {.task = tasks[task].task,
                                    .model_name = "sample-model",
                                    .model_version = "1.0.0",
                                    .model_sha256 = SAMPLE_DIGEST_A,
                                    .software_version = MEDTL_VERSION,
                                    .results = results,
                                    .content_date_time = "20261121120000"};
    medtl_report *report = NULL;
    medtl_error error = {MEDTL_OK, ""};
    char path[4096];
    bool good = true;

    memset(results, 0, sizeof results);
    for (unsigned i = 0; good && i < images; i++) {
        const sample_image image = {.kind = tasks[task].kind,
                                    .number = i,
                                    .frames = frames,
                                    .with_request = i % 2 == 0,
                                    .character_set = languages[language].character_set,
                                    .patient_name = languages[language].patient_name};

        good = (instances[i] = sample_image_read(&image)) != NULL;
    }
    for (unsigned i = 0; i < images * frames; i++)
        results[request.result_count++] =
            (medtl_image_result){instances[i / frames],
                                 i % frames,
                                 tasks[task].kind == SAMPLE_MAMMOGRAM ? two : seven,
                                 {.x0 = 2.5, .y0 = -1.0, .x1 = 30.0, .y1 = 100.0}};
    good = good && medtl_report_create(&request, &report, &error) == MEDTL_OK;
    snprintf(path, sizeof path, "%s/%s-%s-%s.dcm", folder, tasks[task].name, layouts[layout].name,
             languages[language].name);
    if (!good || !write_file(path, report)) {
        fprintf(stderr, "%s: not written: %s\n", path, error.message);
        good = false;
    }
    medtl_report_destroy(report);
    for (unsigned i = 0; i < images; i++)
        medtl_instance_destroy(instances[i]);
    return good;
}

int main(int argc, char **argv)
{
    bool good = argc == 2;

    for (size_t task = 0; good && task < sizeof tasks / sizeof tasks[0]; task++)
        for (size_t layout = 0; good && layout < sizeof layouts / sizeof layouts[0]; layout++)
            for (size_t language = 0; good && language < LANGUAGE_COUNT; language++)
                if (language != KATAKANA || layout == 0) /* judging takes seconds a report */
                    good = make_report(argv[1], task, layout, language);
    if (argc != 2)
        fputs("usage: make_reports FOLDER\n", stderr);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

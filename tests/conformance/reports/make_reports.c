/* usage: make_reports FOLDER
 * Writes reports for validators to judge: every profile x {mammography, dermoscopy} x {finding, none, not
 * analysed, failed, mixed} x character set, and some of other shapes (one image, frames, evidence, listed
 * classes). Nothing in them depends on the clock, so the files are the same every time. */
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
enum { LANGUAGE_COUNT = sizeof languages / sizeof languages[0] };

typedef enum kind { FINDING, NONE, NOT_ANALYSED, FAILED, MIXED, KIND_COUNT } kind;
static const char *const kind_names[KIND_COUNT] = {"finding", "none", "not-analysed", "failed",
                                                   "mixed"};

static const struct {
    const char *name;
    sample_kind kind;
    const medtl_task *task;
} tasks[] = {{"mammography", SAMPLE_MAMMOGRAM, &sample_mammography},
             {"dermoscopy", SAMPLE_DERMOSCOPY, &sample_dermoscopy}};

static const float seven_found[] = {0.04f, 0.08f, 0.035f, 0.02f, 0.612f, 0.201f, 0.012f};
static const float seven_none[] = {0.2f, 0.1f, 0.15f, 0.05f, 0.25f, 0.15f, 0.1f};
static const float two_found[] = {0.7f, 0.3f}, two_none[] = {0.9f, 0.1f};

/* One report to make. */
typedef struct wish {
    size_t task, language;
    medtl_report_profile profile;
    kind kind;
    unsigned images, frames;
    bool explained; /* with an outline, evidence objects and a remark */
    bool follows;   /* names an earlier report */
} wish;

static bool write_file(const char *path, const medtl_report *report)
{
    FILE *file = fopen(path, "wb");
    const bool written =
        file != NULL && fwrite(report->bytes, 1, report->size, file) == report->size;

    return (file == NULL || fclose(file) == 0) && written;
}

static void set_state(medtl_image_result *result, const wish *w, unsigned number)
{
    const bool mammography = tasks[w->task].kind == SAMPLE_MAMMOGRAM;
    const kind what = w->kind == MIXED ? (kind)(number % 4) : w->kind;

    result->probabilities = NULL;
    switch (what) {
    case NOT_ANALYSED:
        result->state = MEDTL_RESULT_NOT_ANALYSED;
        result->reason = MEDTL_REASON_OUT_OF_SCOPE;
        result->reason_text = "a colour image";
        break;
    case FAILED:
        result->state = MEDTL_RESULT_FAILED;
        result->reason = MEDTL_REASON_FORMAT;
        result->reason_text = "Pixel Data (7FE0,0010) is cut short";
        break;
    case NONE:
        result->probabilities = mammography ? two_none : seven_none;
        break;
    default:
        result->probabilities = mammography ? two_found : seven_found;
    }
}

static void explain(medtl_image_result *result)
{
    static const medtl_point outline[] = {{5, 4}, {20, 6}, {28, 19}, {12, 30}, {3.5f, 17}};
    static const medtl_image_flag flag = {{"111210", "DCM", "Motion blur"},
                                          "the edges are not sharp"};
    static const medtl_evidence_object evidence[] = {
        {MEDTL_EVIDENCE_PICTURE, "1.2.840.10008.5.1.4.1.1.7", "2.25.101", "2.25.100"},
        {MEDTL_EVIDENCE_PRESENTATION, "1.2.840.10008.5.1.4.1.1.11.1", "2.25.102", "2.25.110"},
        {MEDTL_EVIDENCE_SEGMENTATION, "1.2.840.10008.5.1.4.1.1.66.4", "2.25.103", "2.25.120"}};

    result->outline = outline;
    result->outline_count = sizeof outline / sizeof outline[0];
    result->flags = &flag;
    result->flag_count = 1;
    result->evidence = evidence;
    result->evidence_count = sizeof evidence / sizeof evidence[0];
}

static medtl_instance *earlier_report(const medtl_report_request *request)
{
    medtl_report_request before = *request;
    medtl_report *report = NULL;
    medtl_instance *instance = NULL;

    before.model_sha256 = SAMPLE_DIGEST_B;
    if (medtl_report_create(&before, &report, NULL) == MEDTL_OK)
        (void)medtl_instance_read_memory(report->bytes, report->size, "earlier", NULL, 0, &instance,
                                         NULL);
    medtl_report_destroy(report);
    return instance;
}

static bool read_images(const wish *w, medtl_instance *instances[MOST_IMAGES])
{
    bool good = true;

    for (unsigned i = 0; good && i < w->images; i++) {
        const sample_image image = {.kind = tasks[w->task].kind,
                                    .number = i,
                                    .frames = w->frames,
                                    .with_request = i % 2 == 0,
                                    .character_set = languages[w->language].character_set,
                                    .patient_name = languages[w->language].patient_name};

        good = (instances[i] = sample_image_read(&image)) != NULL;
    }
    return good;
}

static bool make_report(const char *folder, const wish *w)
{
    medtl_instance *instances[MOST_IMAGES] = {NULL}, *earlier = NULL;
    medtl_image_result results[MOST_IMAGES];
    medtl_task task = *tasks[w->task].task;
    medtl_report_request request = {.task = &task,
                                    .profile = w->profile,
                                    .model_name = "sample-model",
                                    .model_version = "1.0.0",
                                    .model_sha256 = SAMPLE_DIGEST_A,
                                    .software_version = MEDTL_VERSION,
                                    .results = results};
    medtl_report *report = NULL;
    medtl_error error = {MEDTL_OK, ""};
    char path[4096];
    bool good = read_images(w, instances);

    if (tasks[w->task].kind == SAMPLE_MAMMOGRAM)
        task.exam = w->kind == NONE ? MEDTL_EXAM_MAXIMUM : MEDTL_EXAM_MEAN;
    else
        task.min_probability = w->kind == FINDING ? 0.0 : 0.3, task.top_k = w->kind == NONE ? 3 : 0;
    memset(results, 0, sizeof results);
    for (unsigned i = 0; i < w->images * w->frames; i++) {
        medtl_image_result *result = &results[request.result_count++];

        *result =
            (medtl_image_result){.instance = instances[i / w->frames],
                                 .frame = i % w->frames,
                                 .geometry = {.x0 = 2.5, .y0 = -1.0, .x1 = 30.0, .y1 = 100.0}};
        set_state(result, w, i);
        if (w->explained)
            explain(result);
    }
    if (good && w->follows && (earlier = earlier_report(&request)) != NULL) {
        request.predecessors = (const medtl_instance *const *)&earlier;
        request.predecessor_count = 1;
    }
    good = good && medtl_report_create(&request, &report, &error) == MEDTL_OK;
    snprintf(path, sizeof path, "%s/%s-%s-%s-%u%s%s-%s.dcm", folder, tasks[w->task].name,
             medtl_report_profile_name(w->profile), kind_names[w->kind], w->images,
             w->frames > 1 ? "-frames" : "", w->explained ? "-explained" : "",
             languages[w->language].name);
    if (!good || !write_file(path, report)) {
        fprintf(stderr, "%s: not written: %s\n", path, error.message);
        good = false;
    }
    medtl_report_destroy(report);
    medtl_instance_destroy(earlier);
    for (unsigned i = 0; i < w->images; i++)
        medtl_instance_destroy(instances[i]);
    return good;
}

/* Judging takes seconds for each content, whatever the character set: one image where one will do. */
static bool make_all(const char *folder, size_t task, medtl_report_profile profile)
{
    const bool draws = profile != MEDTL_PROFILE_TEXT;
    wish one = {.task = task, .profile = profile, .images = 1, .frames = 1};
    bool good = true;

    for (kind k = FINDING; good && k < KIND_COUNT; k++)
        for (size_t language = 0; good && language < LANGUAGE_COUNT; language++) {
            one.kind = k;
            one.language = language;
            one.images = k == MIXED ? 4 : 1;
            one.follows = k == NONE;
            good = make_report(folder, &one);
        }
    one = (wish){.task = task, .profile = profile, .images = 1, .frames = 3};
    good = good && (!draws || make_report(folder, &one));
    one.frames = 1;
    one.explained = true;
    return good && (!draws || make_report(folder, &one));
}

int main(int argc, char **argv)
{
    static const medtl_report_profile profiles[] = {MEDTL_PROFILE_TID1500, MEDTL_PROFILE_AIR,
                                                    MEDTL_PROFILE_CAD, MEDTL_PROFILE_TEXT};
    bool good = argc == 2;

    for (size_t task = 0; good && task < sizeof tasks / sizeof tasks[0]; task++)
        for (size_t p = 0; good && p < sizeof profiles / sizeof profiles[0]; p++)
            if (profiles[p] != MEDTL_PROFILE_CAD || tasks[task].kind == SAMPLE_MAMMOGRAM)
                good = make_all(argv[1], task, profiles[p]);
    if (argc != 2)
        fputs("usage: make_reports FOLDER\n", stderr);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

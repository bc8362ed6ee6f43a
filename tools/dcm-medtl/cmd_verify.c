/* dcm-medtl verify: the auditor's question, whether a report is what its images give. */
#include "arguments.h"
#include "cmd.h"
#include "deidentifying.h"
#include "pipeline.h"
#include "table.h"
#include "verify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl verify REPORT STUDY... [options]\n"
    "\n"
    "Computes the result of a report of medtl's again, from the images in STUDY (files, folders, a\n"
    "DICOMDIR or a zip archive), and says in a line each whether model, configuration, images,\n"
    "probabilities and all else that the report says agree. Nothing is written.\n"
    "\n"
    "Probabilities agree where they differ by at most 0.01 %, the last digit that a report shows. The\n"
    "patient's and study's attributes in the header are not compared: they come from the images.\n"
    "\n"
    "A de-identified report is compared with --key and the images as they were: what is made of them\n"
    "anew is de-identified in the same way first.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl verify report.dcm study/\n"
    "  dcm-medtl verify report.dcm study/ --config tasks-of-2026/ --json\n"
    "  dcm-medtl verify given-away.dcm study/ --key ~/study.key\n"
    "\n"
    "Exit code: 0 everything agrees; 1 something differs, or could not be compared; 2 wrong command\n"
    "line or configuration; 3 it could not run: no report of medtl's, or no image of its study.\n";

typedef struct arguments {
    option_words config, study;
    bool json;
    const char *report;
    deidentifying how; /* where how.key_file is not NULL */
} arguments;

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_WORD, "report", 0, "REPORT", &a->report, 0, 0, SHAPES_NOTHING,
         "a report that medtl wrote"},
        {OPTION_TEXTS, "config", 0, "PATH", &a->config, 0, 0, SHAPES_NOTHING,
         "task file (XML) or folder of them instead of the default tasks: those that the report was made with; may be given several times"},
        {OPTION_FLAG, "json", 0, "", &a->json, 0, 0, SHAPES_NOTHING, "print JSON instead of text"},
        {OPTION_TEXT, "key", 0, "FILE", &a->how.key_file, 0, 0, SHAPES_NOTHING,
         "the secret that REPORT was de-identified with; STUDY has the images as they were"},
        deidentifying_shift_option(&a->how),
        deidentifying_characteristics_option(&a->how),
        deidentifying_burned_in_option(&a->how),
        {OPTION_WORDS, "study", 0, "STUDY...", &a->study, 0, 0, SHAPES_NOTHING,
         "files, folders, a DICOMDIR or a zip archive"},
    };
    const int code =
        take_arguments("verify", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code < 0 && a->study.count == 0)
        return wrong_usage("verify", "a REPORT and the STUDY that it is on");
    if (code < 0 && a->how.key_file == NULL &&
        (a->how.options.shift_dates || a->how.options.keep_patient_characteristics ||
         a->how.options.allow_burned_in))
        return wrong_usage("verify", "how a report was de-identified is said with --key");
    return code;
}

/* ---- making the report again ---------------------------------------------------------------- */

/* What is looked for, and found, among the reports of a run. */
typedef struct search {
    const medtl_document_facts *facts;
    const char *task;
    const medtl_deidentifier *deidentifier; /* NULL: the report is as it was written */
    medtl_document *again;
} search;

/* Is this UID of a study among the images that of the report? */
static bool is_same_study(const search *s, const char *study_instance_uid)
{
    char uid[MEDTL_UID_SIZE];

    if (s->deidentifier == NULL)
        return strcmp(study_instance_uid, s->facts->study_instance_uid) == 0;
    medtl_deidentify_uid(s->deidentifier, study_instance_uid, uid);
    return strcmp(uid, s->facts->study_instance_uid) == 0;
}

static medtl_status read_again(const search *s, const medtl_batch_report *report,
                               medtl_document **document, medtl_error *err)
{
    static const char name[] = "the recomputed report";
    medtl_deidentified clean;
    medtl_status status;

    if (s->deidentifier == NULL)
        return medtl_document_read_memory(report->bytes, report->size, name, document, err);
    status =
        medtl_deidentify_memory(s->deidentifier, report->bytes, report->size, name, &clean, err);
    if (status != MEDTL_OK)
        return status;
    status = medtl_document_read_memory(clean.bytes, clean.size, name, document, err);
    free(clean.bytes);
    return status;
}

/* What was refused then is refused again: the report did not refer to it. */
static medtl_status take_evidence(const search *s, const medtl_batch_report *object,
                                  medtl_error *err)
{
    medtl_deidentified clean = {0};
    medtl_status status = MEDTL_OK;

    if (s->deidentifier != NULL)
        status = medtl_deidentify_memory(s->deidentifier, object->bytes, object->size,
                                         object->image_path, &clean, err);
    free(clean.bytes);
    return status;
}

static medtl_status take_report(void *context, const medtl_batch_report *report,
                                char location[MEDTL_LOCATION_SIZE], medtl_error *err)
{
    search *s = context;
    medtl_document *document = NULL;
    medtl_status status;

    (void)location;
    if (report->is_evidence)
        return take_evidence(s, report, err);
    if (s->again != NULL || strcmp(report->task->name, s->task) != 0 ||
        !is_same_study(s, report->study_instance_uid))
        return MEDTL_OK;
    if ((status = read_again(s, report, &document, err)) != MEDTL_OK)
        return status;
    if (strcmp(medtl_document_get_facts(document)->sop_class_uid, s->facts->sop_class_uid) == 0)
        s->again = document; /* each profile has a SOP class of its own */
    else
        medtl_document_destroy(document);
    return MEDTL_OK;
}

/* Other studies need not be analysed. */
static bool is_other_study(void *context, const char *study_instance_uid,
                           const char *sop_instance_uid)
{
    (void)sop_instance_uid;
    return !is_same_study(context, study_instance_uid);
}

/* Is there anything of the report's study, but reports? */
static bool has_images(const medtl_batch *batch, const search *s)
{
    for (size_t i = 0; i < medtl_batch_record_count(batch); i++) {
        const medtl_record *record = medtl_batch_record(batch, i);

        if (strcmp(record->modality, "SR") != 0 && is_same_study(s, record->study_instance_uid))
            return true;
    }
    return false;
}

static medtl_status recompute(const arguments *a, const medtl_pipeline *pipeline, search *s,
                              medtl_error *err)
{
    const medtl_batch_options options = {
        .sink = take_report, .sink_context = s, .known = is_other_study, .known_context = s};
    medtl_batch *batch = NULL;
    medtl_status status = medtl_batch_create(pipeline, &batch, err);

    for (size_t i = 0; i < a->study.count && status == MEDTL_OK; i++)
        status = medtl_batch_add_path(batch, a->study.items[i], err);
    if (status == MEDTL_OK)
        status = medtl_batch_run(batch, &options, err);
    if (status == MEDTL_OK) {
        print_failures(stderr, batch);
        if (!has_images(batch, s))
            status =
                medtl_fail(err, MEDTL_E_IO, "%s: no image of its study among the files given%s",
                           a->report, s->deidentifier != NULL ? " by this key" : "");
    }
    medtl_batch_destroy(batch);
    return status;
}

/* ---- the answer --------------------------------------------------------------------------- */

static void print_text(const verification *v)
{
    for (int i = 0; i < VERIFY_SUBJECT_COUNT; i++)
        printf("%-14s %-13s %s\n", verify_subject_name((verify_subject)i),
               verify_answer_name(v->checks[i].answer), v->checks[i].what);
}

static medtl_status print_json(const search *s, const verification *v, medtl_error *err)
{
    json_t *checks = json_object(), *all = NULL;

    for (int i = 0; i < VERIFY_SUBJECT_COUNT && checks != NULL; i++)
        (void)json_object_set_new(checks, verify_subject_name((verify_subject)i),
                                  json_pack("{s:s, s:s%}", "answer",
                                            verify_answer_name(v->checks[i].answer), "what",
                                            v->checks[i].what, strlen(v->checks[i].what)));
    all = json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:o, s:o}", "format", "medtl-verification/1",
                    "study_instance_uid", s->facts->study_instance_uid, "sop_instance_uid",
                    s->facts->sop_instance_uid, "task", s->task, "agrees", verify_all_agrees(v),
                    "values", (json_int_t)v->values, "largest_difference",
                    v->difference == v->difference ? json_real(v->difference) : json_null(),
                    "checks", checks);
    if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0) {
        json_decref(all);
        return medtl_fail(err, MEDTL_E_MEMORY, "cannot write the answer as JSON");
    }
    json_decref(all);
    putchar('\n');
    return MEDTL_OK;
}

static int answer(const arguments *a, const medtl_document *report, const search *s,
                  const verify_reference *here)
{
    medtl_error err = {MEDTL_OK, ""};
    verification v;

    if (verify_compare(report, here, s->again, &v, &err) != MEDTL_OK ||
        (a->json && print_json(s, &v, &err) != MEDTL_OK)) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    if (!a->json)
        print_text(&v);
    return verify_all_agrees(&v) ? EXIT_DONE : EXIT_INCOMPLETE;
}

/* ---- the run ------------------------------------------------------------------------------ */

static medtl_status read_report(const char *path, medtl_document **report, medtl_error *err)
{
    medtl_instance *instance = NULL;
    medtl_status status = medtl_document_read(path, report, err);

    if (status == MEDTL_OK &&
        (status = medtl_instance_read(path, NULL, 0, &instance, err)) == MEDTL_OK &&
        (!medtl_report_is_ours(instance) || verify_stated(*report, "configuration: ") == NULL))
        status = medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: is not a report that medtl wrote", path);
    medtl_instance_destroy(instance);
    return status;
}

/* @return false where no task of this name is configured. */
static bool find_reference(const medtl_pipeline *pipeline, const char *task, verify_reference *here)
{
    for (size_t i = 0; i < medtl_pipeline_task_count(pipeline); i++)
        if (strcmp(medtl_pipeline_task(pipeline, i)->name, task) == 0) {
            here->model_sha256 = medtl_pipeline_model_info(pipeline, i)->sha256;
            here->task_digest = medtl_pipeline_task(pipeline, i)->digest;
            return true;
        }
    return false;
}

int cmd_verify(int argc, char **argv)
{
    arguments a = {.json = false};
    medtl_pipeline *pipeline = NULL;
    medtl_document *report = NULL;
    search s = {.again = NULL};
    verify_reference here;
    medtl_deidentifier *deidentifier = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;
    int code = parse(argc, argv, &a);

    if (code >= 0)
        goto done;
    code = EXIT_CANNOT_RUN;
    if (medtl_dicom_start(&err) != MEDTL_OK || read_report(a.report, &report, &err) != MEDTL_OK ||
        (a.how.key_file != NULL &&
         deidentifying_again(&a.how, NULL, &deidentifier, &err) != MEDTL_OK))
        goto done;
    s.deidentifier = deidentifier;
    status = medtl_pipeline_create(a.config.items, a.config.count, &pipeline, &err);
    if (status != MEDTL_OK) {
        code = exit_code_of(status);
        goto done;
    }
    s.facts = medtl_document_get_facts(report);
    s.task = verify_stated(report, "configuration: ");
    if (recompute(&a, pipeline, &s, &err) == MEDTL_OK)
        code = answer(&a, report, &s, find_reference(pipeline, s.task, &here) ? &here : NULL);

done:
    if (err.status != MEDTL_OK)
        complain("%s", err.message);
    medtl_document_destroy(s.again);
    medtl_pipeline_destroy(pipeline);
    medtl_document_destroy(report);
    medtl_deidentifier_destroy(deidentifier);
    free(a.config.items);
    free(a.study.items);
    return code;
}

/* dcm-medtl deidentify: images and reports without the patient, for a training set or to be given away. */
#include "arguments.h"
#include "cmd.h"
#include "core/base/digest.h"
#include "deidentify_list.h"
#include "deidentifying.h"
#include "doubts.h"
#include "output.h"
#include "progress.h"
#include "reading.h"
#include "report_folder.h"

#include "medtl/study.h"

#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl deidentify PATH... -o OUT [options]\n"
    "\n"
    "Writes images and Structured Reports without what identifies the patient, by the Basic\n"
    "Application Level Confidentiality Profile of DICOM (PS3.15 Annex E), to\n"
    "OUT/<StudyInstanceUID>/<SOPInstanceUID>.dcm under new UIDs. References between the files of a run\n"
    "stay whole. PATH is a file, a folder (searched with all its folders), a DICOMDIR or a zip archive.\n"
    "Pixels are not changed: an image that says that names are burned into its pixels is refused, and\n"
    "images that do not say are counted. Look at them before you give them away.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl deidentify archive/ -o training-set/\n"
    "  dcm-medtl deidentify archive/ -o training-set/ --key ~/study.key --shift-dates\n"
    "\n"
    "The same object in two files is written once; another one under its SOP Instance UID is a failure.\n"
    "\n"
    "Exit code: 0 every DICOM object was written; 1 some were refused or failed, each is named; 2 wrong\n"
    "command line; 3 it could not run.\n";

typedef struct arguments {
    const char *out, *json;
    deidentifying how;
    reading reading; /* for its limits */
    bool quiet;
    option_words paths;
} arguments;

typedef struct run {
    const arguments *arguments;
    medtl_deidentifier *deidentifier;
    medtl_reader *reader; /* of the search, under the same limits */
    deidentify_list list;
    progress_bar bar;
    void *written; /* a tree (tsearch) of written_object */
} run;

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* ---- the command line ------------------------------------------------------------------ */

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "output", 'o', "OUT", &a->out, 0, 0, SHAPES_NOTHING,
         "folder for the new files; made if it is not there"},
        deidentifying_key_option(&a->how),
        deidentifying_shift_option(&a->how),
        deidentifying_characteristics_option(&a->how),
        deidentifying_burned_in_option(&a->how),
        {OPTION_TEXT, "json", 0, "FILE", &a->json, 0, 0, SHAPES_NOTHING,
         "what became of each file, as JSON (\"-\": standard output). It names the inputs beside the outputs: keep it where the inputs are"},
        reading_limit_option(&a->reading),
        {OPTION_FLAG, "quiet", 'q', "", &a->quiet, 0, 0, SHAPES_NOTHING, "print failures only"},
        {OPTION_WORDS, "path", 0, "PATH...", &a->paths, 0, 0, SHAPES_NOTHING,
         "files, folders, DICOMDIRs, zip archives"},
    };
    const int code =
        take_arguments("deidentify", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code >= 0)
        return code;
    if (a->paths.count == 0)
        return wrong_usage("deidentify", "no PATH to look at");
    if (a->out == NULL)
        return wrong_usage("deidentify", "no folder for the new files (-o OUT)");
    return reading_take(&a->reading) ? -1 : EXIT_USAGE;
}

/* ---- what there is --------------------------------------------------------------------- */

static medtl_status on_file(void *context, medtl_scan_item *item)
{
    run *r = context;
    const bool ignored = item->status == MEDTL_E_NOT_DICOM ||
                         (item->status == MEDTL_E_UNSUPPORTED && item->instance == NULL);
    const medtl_progress step = {MEDTL_PHASE_SCAN, r->list.count + 1, 0, item->path};

    medtl_instance_destroy(item->instance);
    if (deidentify_list_add(&r->list, item->path,
                            item->status == MEDTL_OK ? DEIDENTIFY_WRITTEN
                            : ignored                ? DEIDENTIFY_IGNORED
                                                     : DEIDENTIFY_FAILED,
                            item->status == MEDTL_OK ? NULL : item->reason) == NULL)
        return MEDTL_E_MEMORY;
    progress_step(&r->bar, &step);
    return stop ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* The run was stopped: those whose turn did not come have no output. */
static void give_up(run *r, size_t first)
{
    for (size_t i = first; i < r->list.count; i++)
        if (r->list.entries[i].outcome == DEIDENTIFY_WRITTEN) {
            r->list.entries[i].outcome = DEIDENTIFY_FAILED;
            r->list.entries[i].reason = strdup("stopped before its turn");
        }
}

/* Until the search is over, nothing is written. */
static medtl_status search(run *r, medtl_error *err)
{
    const option_words *paths = &r->arguments->paths;
    const medtl_status status = medtl_reader_scan(r->reader, (const char *const *)paths->items,
                                                  paths->count, NULL, 0, on_file, r, err);

    if (status != MEDTL_OK)
        give_up(r, 0);
    return status == MEDTL_E_CANCELLED
               ? medtl_fail(err, status, "stopped in the search: nothing was written")
               : status;
}

/* ---- one object ------------------------------------------------------------------------ */

/* An object that this run wrote, by its new UID: another one of that UID is the same, or a fault of the archive. */
typedef struct written_object {
    char uid[MEDTL_UID_SIZE];
    char digest[MEDTL_SHA256_TEXT_SIZE]; /* of what was written */
    const char *path;                    /* of the input; borrowed from the list */
} written_object;

static int by_uid(const void *a, const void *b)
{
    return strcmp(((const written_object *)a)->uid, ((const written_object *)b)->uid);
}

/* @return the object of the same UID that this run wrote; NULL: none. */
static const written_object *find_written(const run *r, const written_object *object)
{
    written_object *const *found = tfind(object, &r->written, by_uid);

    return found != NULL ? *found : NULL;
}

static medtl_status note_written(run *r, const written_object *object, medtl_error *err)
{
    written_object *copy = malloc(sizeof *copy);

    if (copy != NULL)
        *copy = *object;
    if (copy == NULL || tsearch(copy, &r->written, by_uid) == NULL) {
        free(copy);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    return MEDTL_OK;
}

/* The same bytes come from the same object. What differs must not be dropped in silence, nor take the other's place. */
static medtl_status judge_double(const written_object *earlier, const written_object *object,
                                 deidentify_entry *entry, medtl_error *err)
{
    if (strcmp(earlier->digest, object->digest) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT,
                          "%s: not written: another object of this run has the same SOP Instance "
                          "UID and other content: %s",
                          entry->path, earlier->path);
    entry->outcome = DEIDENTIFY_DOUBLE;
    entry->reason = strdup("another file of this run has the same SOP Instance UID and content");
    return MEDTL_OK;
}

static medtl_status write_object(run *r, const medtl_deidentified *object, deidentify_entry *entry,
                                 medtl_error *err)
{
    const medtl_batch_report file = {.study_instance_uid = object->study_instance_uid,
                                     .sop_instance_uid = object->sop_instance_uid,
                                     .bytes = object->bytes,
                                     .size = object->size};
    char location[MEDTL_LOCATION_SIZE];
    written_object mine = {.path = entry->path};
    const written_object *earlier;
    medtl_status status;

    memcpy(mine.uid, object->sop_instance_uid, sizeof mine.uid);
    medtl_sha256_text(object->bytes, object->size, mine.digest);
    if ((earlier = find_written(r, &mine)) != NULL)
        return judge_double(earlier, &mine, entry, err);
    if ((status = write_report((void *)r->arguments->out, &file, location, err)) != MEDTL_OK ||
        (status = note_written(r, &mine, err)) != MEDTL_OK)
        return status;
    entry->doubts = object->doubts;
    entry->output = strdup(location);
    return entry->output != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

static void deidentify_one(run *r, deidentify_entry *entry)
{
    medtl_deidentified object = {0};
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = medtl_deidentify_file(r->deidentifier, entry->path, &object, &err);

    if (status == MEDTL_OK)
        status = write_object(r, &object, entry, &err);
    if (status != MEDTL_OK) {
        entry->outcome = status == MEDTL_E_UNSUPPORTED ? DEIDENTIFY_REFUSED : DEIDENTIFY_FAILED;
        entry->reason = strdup(err.message);
        progress_wipe(&r->bar);
        complain("%s", err.message);
    }
    free(object.bytes);
}

/* ---- the run --------------------------------------------------------------------------- */

static medtl_status deidentify_all(run *r, medtl_error *err)
{
    const size_t total = deidentify_list_outcomes(&r->list, DEIDENTIFY_WRITTEN);
    size_t done = 0;

    for (size_t i = 0; i < r->list.count; i++) {
        deidentify_entry *entry = &r->list.entries[i];
        medtl_progress step = {MEDTL_PHASE_ANALYSE, done, total, entry->path};

        if (entry->outcome == DEIDENTIFY_FAILED) {
            progress_wipe(&r->bar);
            complain("%s: %s", entry->path, entry->reason);
        }
        if (entry->outcome != DEIDENTIFY_WRITTEN)
            continue;
        if (stop) {
            give_up(r, i);
            return medtl_fail(err, MEDTL_E_CANCELLED, "stopped: %zu of %zu objects were looked at",
                              done, total);
        }
        deidentify_one(r, entry);
        step.done = ++done;
        progress_step(&r->bar, &step);
    }
    return MEDTL_OK;
}

static void print_results(const run *r)
{
    const deidentify_list *list = &r->list;
    doubt_counts doubts = {0};
    FILE *out =
        r->arguments->json != NULL && strcmp(r->arguments->json, "-") == 0 ? stderr : stdout;

    if (r->arguments->quiet)
        return;
    fprintf(out, "%zu objects written to %s; %zu doubles, %zu refused, %zu failed, %zu not DICOM\n",
            deidentify_list_outcomes(list, DEIDENTIFY_WRITTEN), r->arguments->out,
            deidentify_list_outcomes(list, DEIDENTIFY_DOUBLE),
            deidentify_list_outcomes(list, DEIDENTIFY_REFUSED),
            deidentify_list_outcomes(list, DEIDENTIFY_FAILED),
            deidentify_list_outcomes(list, DEIDENTIFY_IGNORED));
    for (size_t i = 0; i < list->count; i++)
        doubts_add(&doubts, list->entries[i].doubts);
    doubts_print(out, &doubts, "");
}

static bool write_list(const run *r)
{
    medtl_error err = {MEDTL_OK, ""};
    char *text = NULL;
    bool good = true;

    if (r->arguments->json != NULL &&
        (deidentify_list_json(&r->list, &text, &err) != MEDTL_OK ||
         write_output(r->arguments->json, text, strlen(text), &err) != MEDTL_OK)) {
        complain("%s", err.message);
        good = false;
    }
    free(text);
    return good;
}

static int deidentify_paths(run *r)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status = search(r, &err);

    if (status == MEDTL_OK)
        status = deidentify_all(r, &err);
    progress_wipe(&r->bar);
    if (status != MEDTL_OK) {
        complain("%s", err.message[0] != '\0' ? err.message : "stopped");
        if (status != MEDTL_E_CANCELLED)
            return EXIT_CANNOT_RUN;
    }
    print_results(r);
    if (deidentify_list_outcomes(&r->list, DEIDENTIFY_IGNORED) == r->list.count)
        complain("no DICOM file among %zu found", r->list.count);
    return write_list(r) && status == MEDTL_OK &&
                   deidentify_list_outcomes(&r->list, DEIDENTIFY_REFUSED) == 0 &&
                   deidentify_list_outcomes(&r->list, DEIDENTIFY_FAILED) == 0
               ? EXIT_DONE
               : EXIT_INCOMPLETE;
}

/* What would make the whole run worthless is found before it begins. */
static int prepare(arguments *a, run *r)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;

    if (medtl_dicom_start(&err) != MEDTL_OK || prepare_report_folder(a->out, &err) != MEDTL_OK ||
        (a->json != NULL && check_output(a->json, &err) != MEDTL_OK)) {
        complain("%s", err.message);
        return EXIT_CANNOT_RUN;
    }
    status = medtl_reader_create(reading_finish(&a->reading), &r->reader, &err);
    if (status == MEDTL_OK)
        status = deidentifying_start(&a->how, &a->reading.limits, a->quiet, &r->deidentifier, &err);
    if (status == MEDTL_OK)
        return EXIT_DONE;
    complain("%s", err.message);
    return status == MEDTL_E_IO || status == MEDTL_E_MEMORY ? EXIT_CANNOT_RUN : EXIT_USAGE;
}

int cmd_deidentify(int argc, char **argv)
{
    arguments a = {.out = NULL};
    run r = {.arguments = &a};
    int code;

    reading_start(&a.reading);
    code = parse(argc, argv, &a);
    if (code >= 0 || (code = prepare(&a, &r)) != EXIT_DONE)
        goto done;
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    progress_start(&r.bar, a.quiet);
    code = deidentify_paths(&r);

done:
    tdestroy(r.written, free);
    deidentify_list_clear(&r.list);
    medtl_deidentifier_destroy(r.deidentifier);
    medtl_reader_destroy(r.reader);
    reading_clear(&a.reading);
    free(a.paths.items);
    return code;
}

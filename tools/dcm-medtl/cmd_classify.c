/* dcm-medtl classify: the batch from the command line. */
#include "arguments.h"
#include "cmd.h"
#include "csv.h"
#include "deidentified_folder.h"
#include "deidentifying.h"
#include "output.h"
#include "pipeline.h"
#include "progress.h"
#include "reading.h"
#include "report_folder.h"
#include "table.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: dcm-medtl classify PATH... -o OUT [options]\n"
    "\n"
    "Analyses every image that a task takes, and writes a Structured Report for each study, task and\n"
    "profile to OUT/<StudyInstanceUID>/<SOPInstanceUID>.dcm. PATH is a file, a folder (searched with "
    "all\n"
    "its folders, whatever the files are called), a DICOMDIR or a zip archive. Files that are not DICOM are left\n"
    "alone; images that no task takes are listed with the reason.\n"
    "\n"
    "Examples:\n"
    "  dcm-medtl classify study/ -o reports/\n"
    "  dcm-medtl classify /media/cdrom/DICOMDIR -o reports/\n"
    "  dcm-medtl classify archive/ -o reports/ --resume --json results.json --csv results.csv\n"
    "  dcm-medtl classify study/ -o reports/ --config my-task.xml --threads 4\n"
    "  dcm-medtl classify inbox.zip -o reports/ --isolate --timeout 30 --where Modality=MG\n"
    "\n"
    "Exit code: 0 every image was analysed or ruled out by configuration; 1 it ran, but the files\n"
    "named on standard error failed, or what explains them may name somebody (--deidentify); 2 wrong\n"
    "command line or configuration; 3 it could not run.\n"
    "\n"
    "The reports support a clinician; they do not diagnose.\n";

typedef struct arguments {
    option_words config, conditions, paths;
    const char *out, *json, *csv;
    uint64_t threads;
    reading reading;
    medtl_where *where; /* NULL: none given */
    bool resume, quiet, deidentify;
    deidentifying how; /* of deidentify */
    medtl_deidentifier *deidentifier;
} arguments;

/* ---- the command line ------------------------------------------------------------------ */

static int take_condition(arguments *a, const char *condition)
{
    medtl_error err = {MEDTL_OK, ""};

    if ((a->where != NULL || medtl_where_create(&a->where, &err) == MEDTL_OK) &&
        medtl_where_add(a->where, condition, &err) == MEDTL_OK)
        return -1;
    return wrong_usage("classify", "--where: %s", err.message);
}

static int parse(int argc, char **argv, arguments *a)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "output", 'o', "OUT", &a->out, 0, 0, SHAPES_NOTHING,
         "folder for the reports; made if it is not there"},
        {OPTION_TEXTS, "config", 0, "PATH", &a->config, 0, 0, SHAPES_NOTHING,
         "task file (XML) or folder of them instead of the default tasks; may be given several times"},
        {OPTION_TEXT, "json", 0, "FILE", &a->json, 0, 0, SHAPES_NOTHING,
         "results as JSON, each file with its outcome (\"-\": standard output)"},
        {OPTION_TEXT, "csv", 0, "FILE", &a->csv, 0, 0, SHAPES_NOTHING,
         "results as CSV, one line for each file (\"-\": standard output)"},
        {OPTION_WHOLE, "threads", 0, "N", &a->threads, 1, 256, SHAPES_NOTHING,
         "threads to work with; without: one for each processor"},
        {OPTION_FLAG, "resume", 0, "", &a->resume, 0, 0, SHAPES_NOTHING,
         "skip studies that OUT has reports of by the same model and configuration"},
        {OPTION_TEXTS, "where", 0, "CONDITION", &a->conditions, 0, 0, SHAPES_NOTHING,
         "look only at files whose attributes fit: Modality=MG, Rows>=1024, 'BodyPartExamined~BREAST*', '!ImageComments'; all of several must fit"},
        {OPTION_FLAG, "deidentify", 0, "", &a->deidentify, 0, 0, SHAPES_NOTHING,
         "write reports, and objects that explain them, without what identifies the patient (see dcm-medtl deidentify); --json and --csv still name the inputs"},
        deidentifying_key_option(&a->how),
        deidentifying_shift_option(&a->how),
        deidentifying_characteristics_option(&a->how),
        deidentifying_burned_in_option(&a->how),
        reading_isolate_option(&a->reading),
        reading_timeout_option(&a->reading),
        reading_limit_option(&a->reading),
        {OPTION_FLAG, "quiet", 'q', "", &a->quiet, 0, 0, SHAPES_NOTHING, "print failures only"},
        {OPTION_WORDS, "path", 0, "PATH...", &a->paths, 0, 0, SHAPES_NOTHING,
         "files, folders, DICOMDIRs, zip archives"},
    };
    const int code =
        take_arguments("classify", help, table, sizeof table / sizeof table[0], argc, argv);

    if (code >= 0)
        return code;
    if (a->paths.count == 0)
        return wrong_usage("classify", "no PATH to look at");
    if (a->out == NULL)
        return wrong_usage("classify", "no folder for the reports (-o OUT)");
    if (!a->deidentify &&
        (a->how.key_file != NULL || a->how.options.shift_dates ||
         a->how.options.keep_patient_characteristics || a->how.options.allow_burned_in))
        return wrong_usage("classify", "--key, --shift-dates, --keep-patient-characteristics and "
                                       "--allow-burned-in go with --deidentify");
    if (a->deidentify && a->resume && a->how.key_file == NULL)
        return wrong_usage("classify",
                           "--resume finds de-identified reports again only with --key");
    if (a->json != NULL && a->csv != NULL && strcmp(a->json, "-") == 0 && strcmp(a->csv, "-") == 0)
        return wrong_usage("classify", "only one of --json and --csv can be standard output");
    for (size_t i = 0; i < a->conditions.count; i++)
        if (take_condition(a, a->conditions.items[i]) >= 0)
            return EXIT_USAGE;
    return reading_take(&a->reading) ? -1 : EXIT_USAGE;
}

/* ---- stopping -------------------------------------------------------------------------- */

static medtl_batch *volatile running;

/* The first Ctrl-C finishes what is under way and writes what there is; the second ends at once. */
static void on_signal(int number)
{
    (void)number;
    if (running != NULL)
        medtl_batch_cancel(running);
}

static void catch_signals(medtl_batch *batch)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigemptyset(&action.sa_mask);
    running = batch;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* ---- results --------------------------------------------------------------------------- */

/* @return false where a file could not be written; that is named. */
static bool write_results(const arguments *a, const medtl_batch *batch,
                          const medtl_pipeline *pipeline)
{
    medtl_error err = {MEDTL_OK, ""};
    bool good = true;
    char *text = NULL;

    if (a->json != NULL && (medtl_batch_json(batch, &text, &err) != MEDTL_OK ||
                            write_output(a->json, text, strlen(text), &err) != MEDTL_OK)) {
        complain("%s", err.message);
        good = false;
    }
    free(text);
    text = NULL;
    if (a->csv != NULL && (results_csv(batch, pipeline, &text, &err) != MEDTL_OK ||
                           write_output(a->csv, text, strlen(text), &err) != MEDTL_OK)) {
        complain("%s", err.message);
        good = false;
    }
    free(text);
    return good;
}

static bool to_stdout(const char *path) { return path != NULL && strcmp(path, "-") == 0; }

static void show_results(const arguments *a, const medtl_batch *batch, const doubt_counts *doubts)
{
    const size_t files = medtl_batch_record_count(batch);
    const bool has_table = !to_stdout(a->json) && !to_stdout(a->csv);

    print_failures(stderr, batch);
    if (files == medtl_batch_outcome_count(batch, MEDTL_OUTCOME_IGNORED))
        complain("no DICOM file among %zu found", files);
    if (a->quiet)
        return;
    if (has_table) {
        print_table(stdout, batch);
        print_summary(stdout, batch, a->out);
    }
    doubts_print(has_table ? stdout : stderr, doubts, "of the objects that explain results ");
}

static bool all_went_well(const medtl_batch *batch)
{
    for (size_t i = 0; i < medtl_batch_report_count(batch); i++)
        if (medtl_batch_report_at(batch, i)->status != MEDTL_OK)
            return false;
    return medtl_batch_outcome_count(batch, MEDTL_OUTCOME_FAILED) == 0;
}

/* ---- the run --------------------------------------------------------------------------- */

static medtl_status add_paths(const arguments *a, medtl_batch *batch, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < a->paths.count && status == MEDTL_OK; i++)
        status = medtl_batch_add_path(batch, a->paths.items[i], err);
    return status;
}

static int run(const arguments *a, const medtl_pipeline *pipeline)
{
    medtl_batch *batch = NULL;
    medtl_error err = {MEDTL_OK, ""};
    progress_bar bar;
    deidentified_folder clean = {.out = a->out, .deidentifier = a->deidentifier, .bar = &bar};
    medtl_batch_options options = {.threads = (size_t)a->threads,
                                   .where = a->where,
                                   .sink = write_report,
                                   .sink_context = (void *)a->out,
                                   .known = a->resume ? is_reported : NULL,
                                   .known_context = (void *)a->out,
                                   .earlier = name_earlier_reports,
                                   .earlier_context = (void *)a->out,
                                   .progress = progress_step,
                                   .progress_context = &bar};
    int code = EXIT_CANNOT_RUN;
    medtl_status status;

    if (a->deidentifier != NULL) { /* earlier reports in OUT are of other UIDs */
        options.sink = write_deidentified;
        options.known = a->resume ? is_reported_deidentified : NULL;
        options.earlier = NULL;
        options.sink_context = options.known_context = &clean;
    }
    if ((status = medtl_batch_create(pipeline, &batch, &err)) != MEDTL_OK ||
        (status = add_paths(a, batch, &err)) != MEDTL_OK) {
        complain("%s", err.message);
        code = status == MEDTL_E_ARGUMENT ? EXIT_USAGE : EXIT_CANNOT_RUN;
        goto done;
    }
    progress_start(&bar, a->quiet);
    catch_signals(batch);
    status = medtl_batch_run(batch, &options, &err);
    progress_wipe(&bar);
    if (status != MEDTL_OK)
        complain("%s", err.message);
    if (status != MEDTL_OK && status != MEDTL_E_CANCELLED) {
        code = status == MEDTL_E_ARGUMENT ? EXIT_USAGE : EXIT_CANNOT_RUN; /* a keyword of --where */
        goto done;
    }
    show_results(a, batch, &clean.doubts);
    code = write_results(a, batch, pipeline) && status == MEDTL_OK && all_went_well(batch) &&
                   clean.refused == 0
               ? EXIT_DONE
               : EXIT_INCOMPLETE;

done:
    running = NULL;
    medtl_batch_destroy(batch);
    return code;
}

/* What would make the whole run worthless is found before it begins. */
static int check_place(const arguments *a)
{
    medtl_error err = {MEDTL_OK, ""};

    if (medtl_dicom_start(&err) == MEDTL_OK && prepare_report_folder(a->out, &err) == MEDTL_OK &&
        (a->json == NULL || check_output(a->json, &err) == MEDTL_OK) &&
        (a->csv == NULL || check_output(a->csv, &err) == MEDTL_OK))
        return EXIT_DONE;
    complain("%s", err.message);
    return EXIT_CANNOT_RUN;
}

int cmd_classify(int argc, char **argv)
{
    arguments a = {.threads = 0};
    medtl_pipeline *pipeline = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;
    int code;

    reading_start(&a.reading);
    code = parse(argc, argv, &a);
    if (code >= 0 || (code = check_place(&a)) != EXIT_DONE)
        goto done;
    if ((status = medtl_pipeline_create(a.config.items, a.config.count, &pipeline, &err)) !=
            MEDTL_OK ||
        (status = medtl_pipeline_read_with(pipeline, reading_finish(&a.reading), &err)) !=
            MEDTL_OK) {
        complain("%s", err.message);
        code = exit_code_of(status);
        goto done;
    }
    if (a.deidentify && (status = deidentifying_start(&a.how, &a.reading.limits, a.quiet,
                                                      &a.deidentifier, &err)) != MEDTL_OK) {
        complain("%s", err.message);
        code = status == MEDTL_E_ARGUMENT ? EXIT_USAGE : EXIT_CANNOT_RUN;
        goto done;
    }
    code = run(&a, pipeline);

done:
    medtl_deidentifier_destroy(a.deidentifier);
    medtl_pipeline_destroy(pipeline);
    medtl_where_destroy(a.where);
    reading_clear(&a.reading);
    free(a.config.items);
    free(a.conditions.items);
    free(a.paths.items);
    return code;
}

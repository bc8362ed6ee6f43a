/* medtl run-experiment: recipes x training sizes x seeds, and one table of what came out. */
#include "cmd.h"
#include "experiment_jobs.h"
#include "experiment_summary.h"
#include "options.h"
#include "progress.h"
#include "run_folder.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_ROOM = 16 };

static const char USAGE[] =
    "usage: medtl run-experiment FILE.xml --root FOLDER -o OUT [options]\n"
    "\n"
    "Carries out an experiment: every recipe it names (its arms) with every training size and seed, on\n"
    "splits that are the same for all arms: whole groups (patients, lesions), classes in proportion,\n"
    "small training sets as parts of larger ones. A run that was stopped, or killed, goes on where it\n"
    "was when the same command is given again; what is done is not done twice.\n"
    "\n"
    "OUT/summary.md, summary.json and results.csv hold means over seeds with standard deviation and\n"
    "95 % intervals, and differences to the baseline with a paired p; OUT/plots the same as charts;\n"
    "OUT/runs a run folder with report.html for each run.\n"
    "\n"
    "Examples:\n"
    "  medtl run-experiment small-data-skin.xml --root data/ -o out/ --dry-run\n"
    "  medtl run-experiment small-data-skin.xml --root data/ -o out/\n"
    "  medtl run-experiment small-data-skin.xml --root data/ -o out/ --summary\n";

typedef struct run_options {
    experiment_options experiment;
    const char *file;
    uint64_t jobs;
    bool dry_run, summary;
} run_options;

static size_t fill_table(run_options *o, option *out)
{
    const option table[] = {
        {OPTION_WORD, "file", 0, "FILE.xml", &o->file, 0, 0, SHAPES_NOTHING, "the experiment"},
        {OPTION_TEXT, "root", 0, "FOLDER", &o->experiment.root, 0, 0, SHAPES_NOTHING,
         "folder that the experiment's tables lie below"},
        {OPTION_TEXT, "output", 'o', "FOLDER", &o->experiment.folder, 0, 0, SHAPES_NOTHING,
         "where everything goes"},
        {OPTION_TEXT, "prepared", 0, "FOLDER", &o->experiment.shared, 0, 0, SHAPES_NOTHING,
         "share prepared runs with other experiments through this folder: what has the same code, recipe, settings and data is made once"},
        {OPTION_FLAG, "dry-run", 0, "", &o->dry_run, 0, 0, SHAPES_NOTHING,
         "make the splits, print and check every command line; train nothing"},
        {OPTION_FLAG, "summary", 0, "", &o->summary, 0, 0, SHAPES_NOTHING,
         "train nothing; make the tables of what is done so far"},
        {OPTION_WHOLE, "jobs", 0, "N", &o->jobs, 1, 1024, SHAPES_NOTHING,
         "runs at a time; as many as processors with --threads 1 is fastest where networks are small"},
        {OPTION_WHOLE, "threads", 0, "N", &o->experiment.threads, 1, 1024, SHAPES_NOTHING,
         "for arithmetic, of each run"},
        {OPTION_FLAG, "quiet", 'q', "", &o->experiment.quiet, 0, 0, SHAPES_NOTHING,
         "say nothing but errors"},
    };

    memcpy(out, table, sizeof table);
    return sizeof table / sizeof table[0];
}

static void set_defaults(run_options *o)
{
    memset(o, 0, sizeof *o);
    o->jobs = 1;
    o->experiment.threads = available_threads();
}

static medtl_status prepare(const experiment_state *s, bool check, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < s->experiment->prepared_count && status == MEDTL_OK; i++) {
        if (!s->options.quiet)
            printf("preparing %s (%zu of %zu)\n", s->experiment->prepared[i].name, i + 1,
                   s->experiment->prepared_count);
        fflush(stdout);
        status = experiment_prepare(s, i, check, err);
    }
    return status;
}

/* Every command line, printed and checked; nothing is run. */
static medtl_status check_cells(experiment_state *s, size_t *failures)
{
    for (size_t i = 0; i < s->cell_count; i++) {
        medtl_error one = {0};

        if (!s->options.quiet)
            printf("run %zu of %zu: %s\n", i + 1, s->cell_count, s->cells[i].name);
        fflush(stdout);
        if (experiment_run_cell(s, &s->cells[i], true, &one) == MEDTL_OK)
            continue;
        fprintf(stderr, "medtl run-experiment: %s: %s\n", s->cells[i].name, one.message);
        ++*failures;
    }
    return MEDTL_OK;
}

/* The tables, if there is anything to put into them. Where every run has failed, that is the answer, and not that there
 * are no tables. */
static medtl_status summarise(experiment_state *s, size_t failures, medtl_error *err)
{
    medtl_status status = experiment_collect(s, err);

    if (status != MEDTL_OK || (failures > 0 && !experiment_any_done(s)))
        return status;
    if ((status = experiment_summarise(s, err)) == MEDTL_OK && !s->options.quiet)
        printf("%s/summary.md\n", s->options.folder);
    return status;
}

static void say_failures(const experiment_state *s, size_t failures, bool dry_run)
{
    if (failures > 0)
        fprintf(stderr, "medtl run-experiment: %zu of %zu runs failed%s\n", failures, s->cell_count,
                dry_run                  ? ""
                : experiment_any_done(s) ? "; the tables are without them"
                                         : "; there are no tables");
}

static medtl_status run(const run_options *o, const medtl_experiment *experiment, size_t *failures,
                        medtl_error *err)
{
    experiment_state s = {0};
    int lock = -1;
    medtl_status status = experiment_open(experiment, &o->experiment, &s, err);

    if (status == MEDTL_OK)
        status = run_folder_lock(o->experiment.folder, &lock, NULL, err);
    if (status == MEDTL_OK && (status = experiment_place(&s, err)) == MEDTL_OK &&
        (status = experiment_collect(&s, err)) == MEDTL_OK && !o->summary &&
        (status = prepare(&s, o->dry_run, err)) == MEDTL_OK)
        status = o->dry_run ? check_cells(&s, failures)
                            : experiment_run_all(&s, (size_t)o->jobs, failures, err);
    if (status == MEDTL_OK && !o->dry_run)
        status = summarise(&s, *failures, err);
    say_failures(&s, *failures, o->dry_run);
    run_folder_unlock(lock);
    experiment_close(&s);
    return status;
}

int cmd_run_experiment(int argc, char **argv)
{
    option table[OPTION_ROOM];
    run_options o;
    medtl_experiment *experiment = NULL;
    medtl_error err = {0};
    bool help = false;
    size_t failures = 0;
    medtl_status status;

    set_defaults(&o);
    status = options_parse(USAGE, table, fill_table(&o, table), argc, argv, &help, &err);
    if (help)
        return EXIT_DONE;
    if (status == MEDTL_OK &&
        (o.file == NULL || o.experiment.root == NULL || o.experiment.folder == NULL))
        status =
            medtl_fail(&err, MEDTL_E_ARGUMENT, "FILE.xml, --root and -o are needed (see --help)");
    if (status == MEDTL_OK &&
        (status = medtl_experiment_load(o.file, &experiment, &err)) == MEDTL_OK) {
        watch_for_stop();
        status = run(&o, experiment, &failures, &err);
    }
    medtl_experiment_destroy(experiment);
    if (status == MEDTL_E_CANCELLED)
        fprintf(stderr, "medtl run-experiment: the same command goes on\n");
    if (status != MEDTL_OK)
        return report_failure("run-experiment", &err);
    return failures > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}

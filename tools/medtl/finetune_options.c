#include "finetune_options.h"

#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "usage: medtl finetune --data labels.csv --task TASK -o RUN_FOLDER [options]\n"
    "\n"
    "Trains a network on labelled images and writes RUN_FOLDER/model.safetensors with its class\n"
    "names, normaliser, calibration and provenance; checkpoint.bin, history.csv and metrics.json\n"
    "lie beside it. The same options and seed give the same model, bit for bit, whatever the\n"
    "number of threads, and however often the run was stopped and resumed.\n"
    "\n"
    "The table has one line for each image (PNG, JPEG, PGM, PPM or DICOM) with the columns\n"
    "file, label, group and fold; --columns maps other names. Images of one group (patient,\n"
    "lesion) must lie in one fold. Folds are for: testing later (never looked at here),\n"
    "validation (which epoch to keep, calibration), and training (all others).\n"
    "\n"
    "Examples:\n"
    "  medtl finetune --data skin/labels.csv --columns label=dx,group=lesion_id,fold=fold5 \\\n"
    "      --task dermoscopy --test-folds 0 --validation-folds 1 --epochs 40 -o run1/\n"
    "  medtl finetune --data breast/labels.csv --task mammography --label-map 0=no-cancer,1=cancer \\\n"
    "      --columns label=cancer,group=patient_id,photometric=inverted --augment mammography -o run2/\n"
    "  medtl finetune --labels-from-sr archive/ --task dermoscopy --validation-folds 0 -o run3/\n"
    "  medtl finetune ... -o run1/ --resume      goes on where a stopped run was\n"
    "  medtl finetune ... -o run1/ --finish      makes a model of what a stopped run has so far\n";

static medtl_status check_architecture(const char *name, medtl_error *err)
{
    char known[300] = "";

    for (size_t i = 0; i < medtl_architecture_count(); i++) {
        const size_t length = strlen(known);

        if (strcmp(name, medtl_architecture_name(i)) == 0)
            return MEDTL_OK;
        snprintf(known + length, sizeof known - length, "%s%s", length > 0 ? ", " : "",
                 medtl_architecture_name(i));
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT, "--architecture: '%s' is none of %s", name, known);
}

bool finetune_needs_init(const finetune_options *o)
{
    return o->strategy != STRATEGY_ALL && o->strategy != STRATEGY_SCRATCH;
}

/* "0.1,0.2" into the shares of the groups below the head. @return how many; 0 where they are not spelled right. */
static size_t read_shares(const char *text, double *shares, size_t room)
{
    size_t count = 0;

    for (;;) {
        char *end = NULL;

        if (count == room)
            return 0;
        shares[count++] = strtod(text, &end);
        if (end == text || (*end != ',' && *end != '\0'))
            return 0;
        if (*end == '\0')
            return count;
        text = end + 1;
    }
}

/* Groups of stages: what was asked for, and what gradual unfreezing does where nothing was (Romero et al. 2020). */
static medtl_status check_groups(finetune_options *f, medtl_error *err)
{
    const bool gradual = f->strategy == STRATEGY_GRADUAL;
    medtl_unfreeze *u = &f->unfreeze;
    size_t shares = 0;

    if (f->open_text != NULL &&
        (shares = read_shares(f->open_text, u->opens + 1, MEDTL_MOST_GROUPS - 1)) == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--open takes at most %d shares as 0.1,0.2, not '%s'",
                          MEDTL_MOST_GROUPS - 1, f->open_text);
    u->groups = f->groups > 0 ? (size_t)f->groups : shares > 0 ? shares + 1 : gradual ? 3 : 0;
    u->decay = f->group_decay > 0.0 ? f->group_decay : gradual ? 1.0 / 3.0 : 1.0;
    if (shares > 0 && shares + 1 != u->groups)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--open has %zu shares, but %zu groups lie below the last layer", shares,
                          u->groups - 1);
    for (size_t g = 1; g < u->groups && shares == 0 && gradual; g++)
        u->opens[g] = 0.1 * (double)g;
    if (f->group_decay > 0.0 && u->groups == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--group-decay needs --groups");
    return MEDTL_OK;
}

static medtl_status check_strategy(const finetune_options *f, medtl_error *err)
{
    const bool frozen = f->strategy == STRATEGY_FEATURES || f->strategy == STRATEGY_HYBRID;
    const bool chosen_depth = f->strategy == STRATEGY_TOP || f->strategy == STRATEGY_BLOCK_SEARCH;

    if (finetune_needs_init(f) && f->init == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "this --strategy starts from trained weights: --init MODEL is needed");
    if (f->strategy == STRATEGY_SCRATCH && f->init != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--strategy scratch excludes --init");
    if (f->frozen_stages > 0 && f->init == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--freeze-stages without --init would freeze random weights");
    if (f->frozen_stages > 0 && (frozen || chosen_depth))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "this --strategy says by itself which stages are frozen; "
                          "--freeze-stages does not go with it");
    if (frozen && f->unfreeze.groups > 0)
        return medtl_fail(
            err, MEDTL_E_ARGUMENT,
            "with this --strategy only the last layer learns: no --groups, no --open");
    if (f->probe_epochs > 0 && (frozen || f->init == NULL || f->strategy == STRATEGY_BLOCK_SEARCH))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--probe-epochs goes before all, top and gradual, with --init");
    if (f->find_rate && frozen)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--find-lr is of strategies that train the network itself");
    if (f->feature_variants > 0 && !frozen)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--feature-variants is of --strategy features and hybrid");
    return MEDTL_OK;
}

/* What cannot go without images to validate on. */
static medtl_status check_validation(const finetune_options *f, medtl_error *err)
{
    const char *what = f->strategy == STRATEGY_BLOCK_SEARCH         ? "--strategy block-search"
                       : f->early_stop > 0                          ? "--early-stop"
                       : f->schedule == (int)MEDTL_SCHEDULE_PLATEAU ? "--schedule plateau"
                                                                    : NULL;

    if (what == NULL || (f->validation_folds != NULL && f->validation_folds[0] != '\0'))
        return MEDTL_OK;
    return medtl_fail(err, MEDTL_E_ARGUMENT,
                      "%s goes by validation images: --validation-folds is needed", what);
}

static medtl_status check(finetune_options *f, medtl_error *err)
{
    static const medtl_augment none; /* all zero: no change */
    medtl_status status = check_architecture(f->architecture, err);

    if (status != MEDTL_OK)
        return status;
    if (f->labels.data == NULL && f->reports == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--data or --labels-from-sr is needed (see --help)");
    if (f->labels.data != NULL && f->reports != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--labels-from-sr excludes --data");
    if (f->reports == NULL &&
        (f->label_codes != NULL || f->from_reports.algorithms || f->from_reports.prefer != NULL))
        return medtl_fail(
            err, MEDTL_E_ARGUMENT,
            "--label-codes, --algorithm-reports and --prefer go with --labels-from-sr");
    if (f->run_folder == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "-o RUN_FOLDER is needed (see --help)");
    f->resume = f->resume || f->finish;
    if (f->resume && f->force)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--force excludes --resume and --finish");
    if (f->find_rate && !(f->find_low < f->find_high))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--find-low is not below --find-high");
    if ((status = check_groups(f, err)) != MEDTL_OK ||
        (status = check_strategy(f, err)) != MEDTL_OK ||
        (status = check_validation(f, err)) != MEDTL_OK)
        return status;
    if (!medtl_views_parse(f->views_text, &f->views))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--views: '%s' is none of one, flip-x, flip-y, flips, symmetries",
                          f->views_text);
    if ((status = medtl_augment_parse(f->augment_text, &f->augment, err)) != MEDTL_OK)
        return status;
    if (f->feature_variants > 0 && memcmp(&f->augment, &none, sizeof none) == 0)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--feature-variants without --augment would be so many copies");
    return MEDTL_OK;
}

void finetune_parse(int argc, char **argv, finetune_options *out, int *exit_code)
{
    option table[FINETUNE_OPTION_ROOM], default_table[FINETUNE_OPTION_ROOM];
    finetune_options defaults;
    size_t count;
    bool help = false;
    medtl_error err = {0};
    medtl_status status;

    finetune_defaults(out);
    finetune_defaults(&defaults);
    count = finetune_table(out, table);
    (void)finetune_table(&defaults, default_table);
    *exit_code = -1;
    status = options_parse(USAGE, table, count, argc, argv, &help, &err);
    if (help) {
        *exit_code = EXIT_DONE;
        return;
    }
    if (status == MEDTL_OK)
        status = check(out, &err);
    if (status == MEDTL_OK && (out->run_text = options_text(table, default_table, count)) == NULL)
        status = medtl_fail(&err, MEDTL_E_MEMORY, "out of memory");
    if (status != MEDTL_OK)
        *exit_code = report_failure("finetune", &err);
}

static void run_file_clear(run_file *f)
{
    free(f->path);
    free(f->draft);
    free(f->bytes);
    *f = (run_file){0};
}

void finetune_options_clear(finetune_options *o)
{
    free(o->run_text);
    free(o->earlier_run_text);
    o->run_text = o->earlier_run_text = NULL;
    run_file_clear(&o->reports_table);
    run_file_clear(&o->reports_left_out);
}

/* medtl finetune: labelled images in, a model file out. */
#include "cmd.h"
#include "finetune_output.h"
#include "finetune_session.h"

#include "core/base/file.h"
#include "core/train/csv.h"
#include "medtl/model.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder with a run in it is continued or replaced only when asked. */
static medtl_status open_folder(session *s, medtl_error *err)
{
    bool checkpoint = false, search = false, metrics = false;
    medtl_status status = medtl_file_make_folders(s->options.run_folder, err);

    if (status != MEDTL_OK)
        return status;
    if (s->options.find_rate)
        return MEDTL_OK; /* touches no run */
    if ((status = run_holds(&s->options, "checkpoint.bin", &checkpoint, err)) != MEDTL_OK ||
        (status = run_holds(&s->options, "checkpoint-blocks-0.bin", &search, err)) != MEDTL_OK ||
        (status = run_holds(&s->options, "metrics.json", &metrics, err)) != MEDTL_OK)
        return status;
    if (s->options.finish && !(s->options.strategy == STRATEGY_BLOCK_SEARCH ? search : checkpoint))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: holds no run to finish",
                          s->options.run_folder);
    if ((checkpoint || search || metrics) && !s->options.resume && !s->options.force)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%s: holds a run; --resume goes on with it, --force starts anew",
                          s->options.run_folder);
    return MEDTL_OK;
}

/* A text and the names of the classes in the order of the outputs: neither table nor images tell that order, and under
 * another one a run would go on as if nothing were, and name its outputs wrongly.
 * @return owned by the caller (free); NULL without memory. */
static char *with_classes(const char *text, const labels *table)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);

    if (stream == NULL)
        return NULL;
    fprintf(stream, "%sclasses=", text);
    for (size_t k = 0; k < table->class_count; k++)
        fprintf(stream, "%s%s", k > 0 ? "," : "", table->classes[k]);
    fputc('\n', stream);
    if (fclose(stream) == 0)
        return out;
    free(out);
    return NULL;
}

/* What tells this run from others: the options, and what they refer to. */
static medtl_status complete_run_text(session *s, medtl_error *err)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE], images[MEDTL_SHA256_TEXT_SIZE], *text = NULL;
    medtl_status status = finetune_data_digest(&s->data, images, err);

    if (status != MEDTL_OK)
        return status;
    medtl_normaliser_text(&s->target.normaliser, normaliser);
    if (asprintf(&text, "%snormaliser=%s\ntable=%s\nimages=%s\ninit=%s\n", s->options.run_text,
                 normaliser, s->data.table.sha256, images, s->init_sha256) < 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    free(s->options.run_text);
    s->options.earlier_run_text = text;
    s->options.run_text = with_classes(text, &s->data.table);
    return s->options.run_text != NULL ? MEDTL_OK
                                       : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

static medtl_status follow_strategy(session *s, medtl_error *err)
{
    if (s->options.find_rate)
        return finetune_find_rate(s, err);
    switch ((finetune_strategy)s->options.strategy) {
    case STRATEGY_FEATURES:
        return finetune_features(s, err);
    case STRATEGY_HYBRID:
        return finetune_hybrid(s, err);
    case STRATEGY_BLOCK_SEARCH:
        return finetune_block_search(s, err);
    case STRATEGY_ALL:
    case STRATEGY_SCRATCH:
    case STRATEGY_TOP:
    case STRATEGY_GRADUAL:
        break;
    }
    return finetune_layers(s, err);
}

static medtl_status name_run_file(const finetune_options *o, const char *name, const char *draft,
                                  run_file *out, medtl_error *err)
{
    out->path = run_path(o, name);
    out->draft = run_path(o, draft);
    return out->path != NULL && out->draft != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

/* With --labels-from-sr the table is made first, in the run folder: from there on, all is as with --data. The folder may
 * hold a model, whose table stays until there is another one. */
static medtl_status make_table(session *s, medtl_error *err)
{
    finetune_options *o = &s->options;
    medtl_status status;

    if (o->reports == NULL)
        return MEDTL_OK;
    if ((status = name_run_file(o, "labels.csv", "labels-new.csv", &o->reports_table, err)) !=
            MEDTL_OK ||
        (status = name_run_file(o, "labels-left-out.csv", "labels-left-out-new.csv",
                                &o->reports_left_out, err)) != MEDTL_OK)
        return status;
    o->from_reports.paths = &o->reports;
    o->from_reports.path_count = 1;
    o->labels.data = o->reports_table.draft;
    return sr_labels_make(&o->from_reports, &s->target, o->label_codes, o->reports_table.draft,
                          o->reports_left_out.draft, &o->reports_unreadable, err);
}

static medtl_status take_draft(run_file *f, medtl_error *err)
{
    const medtl_status status =
        medtl_file_read(f->draft, MEDTL_TABLE_LIMIT, &f->bytes, &f->size, err);

    if (status == MEDTL_OK)
        (void)unlink(f->draft); /* one that stays does no harm */
    return status;
}

/* Once the images are read, no message names a line of the drafts any more. */
static medtl_status take_drafts(session *s, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (s->options.reports != NULL &&
        (status = take_draft(&s->options.reports_table, err)) == MEDTL_OK)
        status = take_draft(&s->options.reports_left_out, err);
    return status;
}

static bool is_of_training(const char *name)
{
    static const char *const patterns[] = {"checkpoint.bin", "checkpoint-blocks-*.bin",
                                           "history.csv", "history-blocks-*.csv", "blocks.csv"};
    bool found = false;

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        found = found || fnmatch(patterns[i], name, 0) == 0;
    return found;
}

/* --force leaves nothing that this run could go on from and that is not its own: a search has a checkpoint for each depth,
 * and would meet those of the run before in turn. The model stays until there is another one. */
static medtl_status forget_run(const session *s, medtl_error *err)
{
    const char *path = s->options.run_folder;
    const struct dirent *entry;
    medtl_status status = MEDTL_OK;
    DIR *folder;

    if (!s->options.force || s->options.find_rate)
        return MEDTL_OK;
    folder = opendir(path);
    if (folder == NULL)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot be listed: %s", path, strerror(errno));
    while (status == MEDTL_OK && (entry = readdir(folder)) != NULL)
        if (is_of_training(entry->d_name) && unlinkat(dirfd(folder), entry->d_name, 0) != 0)
            status = medtl_fail(err, MEDTL_E_IO, "%s/%s: cannot remove: %s", path, entry->d_name,
                                strerror(errno));
    closedir(folder);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    const finetune_options *o = &s->options;
    medtl_status status;

    if ((status = target_resolve(o->task, o->normaliser, o->classes, &s->target, err)) !=
            MEDTL_OK ||
        (status = open_folder(s, err)) != MEDTL_OK || (status = make_table(s, err)) != MEDTL_OK ||
        (status = finetune_data_read(o, &s->target, &s->data, err)) != MEDTL_OK ||
        (status = finetune_check_counts(s, err)) != MEDTL_OK ||
        (status = take_drafts(s, err)) != MEDTL_OK ||
        (status = session_build(s, true, &s->network, err)) != MEDTL_OK ||
        (status = complete_run_text(s, err)) != MEDTL_OK ||
        (status = forget_run(s, err)) != MEDTL_OK)
        return status;
    return follow_strategy(s, err);
}

int cmd_finetune(int argc, char **argv)
{
    session s = {0};
    medtl_error err = {0};
    medtl_status status;
    int exit_code;

    finetune_parse(argc, argv, &s.options, &exit_code);
    if (exit_code < 0) {
        watch_for_stop();
        status = run(&s, &err);
        if (status != MEDTL_OK) {
            exit_code = report_failure("finetune", &err);
        } else {
            exit_code =
                s.data.unreadable + s.options.reports_unreadable > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
            if (s.data.unreadable > 0)
                fprintf(stderr, "medtl finetune: done without %zu images that could not be read\n",
                        s.data.unreadable);
        }
        if (status == MEDTL_E_CANCELLED)
            fprintf(stderr, "medtl finetune: the same command with --resume goes on\n");
    }
    medtl_network_destroy(s.network);
    finetune_data_clear(&s.data);
    target_clear(&s.target);
    finetune_options_clear(&s.options);
    return exit_code;
}

/* medtl finetune: labelled images in, a model file out. */
#include "cmd.h"
#include "finetune_data.h"
#include "finetune_options.h"
#include "finetune_output.h"
#include "match_output.h"
#include "progress.h"
#include "target.h"

#include "core/base/file.h"
#include "medtl/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct session {
    finetune_options options;
    target target;
    finetune_data data;
    medtl_network *network;
    char init_sha256[MEDTL_SHA256_TEXT_SIZE];
    char *checkpoint;
    progress_line line;
    double epoch_rate; /* images per second of the running epoch */
    char *history;     /* path of history.csv */
} session;

static medtl_status on_step(void *context, const medtl_train_step *step)
{
    session *s = context;
    const double left = (double)(step->total - step->images) +
                        (double)(step->epochs - step->epoch) * (double)step->total;
    char label[64], tail[96];

    s->epoch_rate = step->images_per_second;
    snprintf(label, sizeof label, "epoch %zu/%zu", step->epoch, step->epochs);
    snprintf(tail, sizeof tail, "loss %.4f  %.1f images/s", step->loss, step->images_per_second);
    progress_show(&s->line, label, step->images, step->total, tail, left / step->images_per_second);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static medtl_status on_epoch(void *context, const medtl_train_epoch *history, size_t count,
                             bool best)
{
    session *s = context;
    const medtl_train_epoch *epoch = &history[count - 1];
    medtl_error err = {0};
    const medtl_status status = history_write(s->history, history, count, &err);

    progress_end(&s->line);
    printf("epoch %3llu  loss %.4f", (unsigned long long)epoch->epoch, epoch->loss);
    if (!isnan(epoch->validation_loss))
        printf("  validation: loss %.4f  AUC %.4f  balanced accuracy %.4f  accuracy %.4f",
               epoch->validation_loss, epoch->validation_auc, epoch->validation_balanced_accuracy,
               epoch->validation_accuracy);
    printf("  %.1f images/s  %.0f s%s\n", s->epoch_rate, epoch->seconds,
           best && !isnan(epoch->validation_loss) ? "  best" : "");
    fflush(stdout);
    if (status != MEDTL_OK)
        fprintf(stderr, "medtl finetune: %s\n", err.message);
    return status != MEDTL_OK ? status : stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* A folder with a run in it is continued or replaced only when asked. */
static medtl_status open_folder(session *s, medtl_error *err)
{
    medtl_status status = medtl_file_make_folders(s->options.run_folder, err);

    if (status != MEDTL_OK)
        return status;
    s->checkpoint = run_path(&s->options, "checkpoint.bin");
    s->history = run_path(&s->options, "history.csv");
    if (s->checkpoint == NULL || s->history == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (access(s->checkpoint, F_OK) != 0 && s->options.finish)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: holds no run to finish",
                          s->options.run_folder);
    if (access(s->checkpoint, F_OK) == 0 && !s->options.resume && !s->options.force)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%s: holds a run; --resume goes on with it, --force starts anew",
                          s->options.run_folder);
    return MEDTL_OK;
}

static medtl_status load_init(session *s, medtl_error *err)
{
    const char *path = s->options.init;
    medtl_safetensors *file = NULL;
    medtl_matches matches = {0};
    medtl_status status;

    if (path == NULL)
        return MEDTL_OK;
    if ((status = medtl_safetensors_read(path, &file, err)) == MEDTL_OK &&
        (status = medtl_network_match(s->network, file, &matches, err)) == MEDTL_OK) {
        medtl_safetensors_digest(file, s->init_sha256);
        status = medtl_network_start_from(s->network, path, &matches, err);
        printf("%s %s\n", status == MEDTL_OK ? "started from" : "cannot start from", path);
        matches_print(stdout, &matches);
    }
    medtl_matches_clear(&matches);
    medtl_safetensors_destroy(file);
    return status;
}

static medtl_status build(session *s, medtl_error *err)
{
    const medtl_normaliser *n = &s->target.normaliser;
    medtl_network_spec spec = {.width = (uint32_t)s->options.width,
                               .channels = n->channels,
                               .height = n->height,
                               .width_px = n->width,
                               .classes = (uint32_t)s->data.table.class_count,
                               .dropout = (float)s->options.dropout};
    size_t values = 0;
    medtl_status status;

    if (!medtl_views_fit(s->options.views, n->height, n->width))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--views symmetries: the inputs of %u x %u are not square",
                          (unsigned)n->height, (unsigned)n->width);
    snprintf(spec.architecture, sizeof spec.architecture, "%s", s->options.architecture);
    if ((status = medtl_network_create(&spec, s->options.seed, &s->network, err)) != MEDTL_OK ||
        (status = load_init(s, err)) != MEDTL_OK)
        return status;
    for (size_t i = 0; i < medtl_network_parameter_count(s->network); i++)
        if (medtl_network_parameter(s->network, i)->role != MEDTL_PARAMETER_STATISTIC)
            values += medtl_network_parameter(s->network, i)->size;
    printf("%s, %zu parameters, input %u x %u x %u, %zu threads\n", spec.architecture, values,
           (unsigned)spec.channels, (unsigned)spec.height, (unsigned)spec.width_px,
           (size_t)s->options.threads);
    fflush(stdout);
    return MEDTL_OK;
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
    s->options.run_text = text;
    return MEDTL_OK;
}

static medtl_status train_and_write(session *s, medtl_error *err)
{
    const medtl_train_watch watch = {on_step, on_epoch, s};
    medtl_train_options options;
    medtl_train_result result = {0};
    medtl_status status;

    options = finetune_train_options(&s->options, s->checkpoint);
    progress_start(&s->line, s->options.quiet);
    status =
        medtl_train(s->network, s->data.dataset, s->data.train, s->data.train_count,
                    s->data.validation, s->data.validation_count, &options, &watch, &result, err);
    progress_end(&s->line);
    if (status == MEDTL_OK)
        status = history_write(s->history, result.history, result.epochs, err);
    if (status == MEDTL_OK)
        status = finetune_write(&s->options, &s->target, &s->data, s->network, &result,
                                s->init_sha256, err);
    free(result.history);
    return status;
}

static medtl_status run(session *s, medtl_error *err)
{
    const finetune_options *o = &s->options;
    medtl_status status;

    if ((status = target_resolve(o->task, o->normaliser, o->classes, &s->target, err)) !=
            MEDTL_OK ||
        (status = open_folder(s, err)) != MEDTL_OK ||
        (status = finetune_data_read(o, &s->target, &s->data, err)) != MEDTL_OK ||
        (status = build(s, err)) != MEDTL_OK || (status = complete_run_text(s, err)) != MEDTL_OK)
        return status;
    return train_and_write(s, err);
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
            exit_code = s.data.unreadable > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
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
    free(s.checkpoint);
    free(s.history);
    finetune_options_clear(&s.options);
    return exit_code;
}

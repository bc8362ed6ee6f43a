/* medtl pretrain: unlabelled images in, a backbone to fine-tune out. */
#include "cmd.h"
#include "pretrain_session.h"

#include "core/base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double COLLAPSED = 0.1; /* a spread below this is worth a word */

static medtl_status on_step(void *context, const medtl_pretrain_step *step)
{
    pretrain_session *s = context;
    const double left = (double)(step->total - step->images) +
                        (double)(step->epochs - step->epoch) * (double)step->total;
    char label[64], tail[128];

    s->rate = step->images_per_second;
    snprintf(label, sizeof label, "epoch %zu/%zu", step->epoch, step->epochs);
    snprintf(tail, sizeof tail, "loss %.4f  lr %.2g  %.1f images/s", step->loss, step->rate,
             step->images_per_second);
    progress_show(&s->line, label, step->images, step->total, tail, left / step->images_per_second);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* The best epoch of a history, as the loop chooses it. */
static size_t best_epoch(const pretrain_session *s, const medtl_pretrain_epoch *history,
                         size_t count)
{
    size_t best = 0;

    if (s->output.probe == NULL)
        return count;
    for (size_t i = 0; i < count; i++)
        if (isfinite(history[i].probe_auc) &&
            (best == 0 || history[i].probe_auc > history[best - 1].probe_auc))
            best = i + 1;
    return best;
}

static medtl_status on_epoch(void *context, const medtl_pretrain_epoch *history, size_t count,
                             bool best)
{
    pretrain_session *s = context;
    const medtl_pretrain_epoch *e = &history[count - 1];
    medtl_error err = {0};
    const medtl_status status =
        pretrain_write_history(&s->output, history, count, best_epoch(s, history, count), &err);

    progress_end(&s->line);
    printf("epoch %3llu  loss %.4f", (unsigned long long)e->epoch, e->loss);
    if (isfinite(e->spread))
        printf("  spread %.3f", e->spread);
    if (isfinite(e->probe_auc))
        printf("  probe: AUC %.4f  balanced accuracy %.4f  accuracy %.4f", e->probe_auc,
               e->probe_balanced_accuracy, e->probe_accuracy);
    printf("  %.1f images/s  %.0f s%s\n", s->rate, e->seconds,
           best && isfinite(e->probe_auc) ? "  best" : "");
    if (e->spread < COLLAPSED)
        fprintf(stderr,
                "medtl pretrain: epoch %llu: the network gives nearly one answer to all images "
                "(spread %.3f); a lower learning rate or a larger batch may help\n",
                (unsigned long long)e->epoch, e->spread);
    fflush(stdout);
    if (status != MEDTL_OK)
        fprintf(stderr, "medtl pretrain: %s\n", err.message);
    return status != MEDTL_OK ? status : stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/* A folder with a run in it is continued or replaced only when asked. */
static medtl_status open_folder(pretrain_session *s, medtl_error *err)
{
    const char *folder = s->options.run_folder;
    medtl_status status = medtl_file_make_folders(folder, err);

    if (status != MEDTL_OK)
        return status;
    s->checkpoint = pretrain_path(&s->options, "checkpoint.bin");
    if (s->checkpoint == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (access(s->checkpoint, F_OK) != 0 && s->options.finish)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: holds no run to finish", folder);
    if (access(s->checkpoint, F_OK) == 0 && !s->options.resume && !s->options.force)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%s: holds a run; --resume goes on with it, --force starts anew", folder);
    return MEDTL_OK;
}

static void print_result(const pretrain_session *s, const medtl_pretrain_result *result)
{
    const medtl_pretrain_epoch *chosen = &result->history[result->chosen - 1];

    printf("\nkept epoch %zu of %zu in %s/backbone.safetensors\n", result->chosen, result->epochs,
           s->options.run_folder);
    if (isfinite(chosen->probe_auc))
        printf("probe of that epoch (it was chosen by it, so somewhat too good): macro AUC %.4f, "
               "balanced accuracy %.4f\n",
               chosen->probe_auc, chosen->probe_balanced_accuracy);
    printf("next: medtl finetune --init %s/backbone.safetensors --architecture %s --width %u ...\n",
           s->options.run_folder, s->loop.learner.trunk.architecture, (unsigned)s->options.width);
}

static medtl_status train_and_write(pretrain_session *s, medtl_error *err)
{
    const medtl_pretrain_watch watch = {on_step, on_epoch, s};
    const medtl_probe probe = {s->probe.dataset, s->probe.usable, s->probe.usable_count,
                               s->probe_groups};
    medtl_pretrain_result result = {0};
    medtl_status status;

    progress_start(&s->line, s->options.quiet);
    status =
        medtl_pretrain(s->learner, s->images.dataset, s->images.usable, s->images.usable_count,
                       s->output.probe != NULL ? &probe : NULL, &s->loop, &watch, &result, err);
    progress_end(&s->line);
    if (status == MEDTL_OK)
        status =
            pretrain_write_history(&s->output, result.history, result.epochs, result.chosen, err);
    if (status == MEDTL_OK)
        status = pretrain_write_result(&s->output, medtl_learner_network(s->learner),
                                       &s->loop.learner.trunk, &result, err);
    if (status == MEDTL_OK)
        print_result(s, &result);
    free(result.history);
    return status;
}

static medtl_status run(pretrain_session *s, medtl_error *err)
{
    medtl_status status;

    s->output = (pretrain_output){.options = &s->options,
                                  .normaliser = &s->target.normaliser,
                                  .images = &s->images,
                                  .init_sha256 = s->init_sha256,
                                  .fingerprints = &s->fingerprints};
    if ((status = target_resolve(s->options.task, s->options.normaliser, NULL, &s->target, err)) !=
            MEDTL_OK ||
        (status = open_folder(s, err)) != MEDTL_OK ||
        (status = pretrain_read_data(s, err)) != MEDTL_OK ||
        (status = pretrain_check_leaks(s, err)) != MEDTL_OK ||
        (status = pretrain_build(s, err)) != MEDTL_OK)
        return status;
    return train_and_write(s, err);
}

static void session_clear(pretrain_session *s)
{
    medtl_learner_destroy(s->learner);
    image_source_clear(&s->images);
    image_source_clear(&s->probe);
    target_clear(&s->target);
    free(s->probe_groups);
    free(s->fingerprints.text);
    free(s->checkpoint);
    pretrain_options_clear(&s->options);
}

int cmd_pretrain(int argc, char **argv)
{
    pretrain_session s = {0};
    medtl_error err = {0};
    medtl_status status;
    size_t unreadable;
    int exit_code;

    pretrain_parse(argc, argv, &s.options, &exit_code);
    if (exit_code < 0) {
        watch_for_stop();
        status = run(&s, &err);
        unreadable = s.images.unreadable + s.probe.unreadable;
        if (status != MEDTL_OK) {
            exit_code = report_failure("pretrain", &err);
        } else {
            exit_code = unreadable > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
            if (unreadable > 0)
                fprintf(stderr, "medtl pretrain: done without %zu images that could not be read\n",
                        unreadable);
        }
        if (status == MEDTL_E_CANCELLED && s.loop.checkpoint != NULL)
            fprintf(stderr, "medtl pretrain: the same command with --resume goes on\n");
    }
    session_clear(&s);
    return exit_code;
}

/* Training and writing, for all strategies of `medtl finetune`. */
#include "finetune_session.h"

#include "finetune_output.h"
#include "start_weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const medtl_status status =
        s->history != NULL ? history_write(s->history, history, count, &err) : MEDTL_OK;

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

static medtl_status load_init(session *s, medtl_network *network, bool report, medtl_error *err)
{
    const finetune_data *data = &s->data;
    const start_images images = {data->dataset, data->train, data->train_count,
                                 (size_t)s->options.batch, (size_t)s->options.threads};

    return s->options.init == NULL
               ? MEDTL_OK
               : start_weights(network, s->options.init, &images, report, s->init_sha256, err);
}

medtl_status session_build(session *s, bool report, medtl_network **out, medtl_error *err)
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
    if ((status = medtl_network_create(&spec, s->options.seed, out, err)) != MEDTL_OK ||
        (status = load_init(s, *out, report, err)) != MEDTL_OK || !report)
        return status;
    for (size_t i = 0; i < medtl_network_parameter_count(*out); i++)
        if (medtl_network_parameter(*out, i)->role != MEDTL_PARAMETER_STATISTIC)
            values += medtl_network_parameter(*out, i)->size;
    printf("%s, %zu parameters, input %u x %u x %u, %zu threads\n", spec.architecture, values,
           (unsigned)spec.channels, (unsigned)spec.height, (unsigned)spec.width_px,
           (size_t)s->options.threads);
    fflush(stdout);
    return MEDTL_OK;
}

/* "RUN_FOLDER/NAME" + suffix + ".bin". */
static char *suffixed(const session *s, const char *name, const char *suffix, const char *end)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s%s%s", s->options.run_folder, name, suffix, end) >= 0 ? path
                                                                                       : NULL;
}

medtl_status session_train_on(session *s, medtl_network *network, const medtl_dataset *dataset,
                              const size_t *train, size_t train_count, const size_t *validation,
                              size_t validation_count, const medtl_train_options *options,
                              const char *suffix, medtl_train_result *result, medtl_error *err)
{
    const medtl_train_watch watch = {on_step, on_epoch, s};
    medtl_train_options own = *options;
    char *checkpoint = NULL, *history = NULL;
    medtl_status status;

    if (suffix != NULL && ((checkpoint = suffixed(s, "checkpoint", suffix, ".bin")) == NULL ||
                           (history = suffixed(s, "history", suffix, ".csv")) == NULL)) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        goto done;
    }
    own.checkpoint = checkpoint;
    s->history = history;
    progress_start(&s->line, s->options.quiet);
    status = medtl_train(network, dataset, train, train_count, validation, validation_count, &own,
                         &watch, result, err);
    progress_end(&s->line);
    if (status == MEDTL_OK && history != NULL)
        status = history_write(history, result->history, result->epochs, err);
done:
    s->history = NULL;
    free(checkpoint);
    free(history);
    return status;
}

medtl_status session_train(session *s, medtl_network *network, const medtl_train_options *options,
                           const char *suffix, medtl_train_result *result, medtl_error *err)
{
    const finetune_data *data = &s->data;

    return session_train_on(s, network, data->dataset, data->train, data->train_count,
                            data->validation, data->validation_count, options, suffix, result, err);
}

medtl_status session_write(session *s, medtl_network *network, const medtl_train_result *result,
                           json_t *details, medtl_error *err)
{
    const finetune_outcome outcome = {network, result, s->init_sha256, details};

    return finetune_write(&s->options, &s->target, &s->data, &outcome, err);
}

medtl_status finetune_layers(session *s, medtl_error *err)
{
    medtl_train_options options;
    medtl_train_result result = {0};
    medtl_status status;

    if ((status = finetune_train_options(&s->options, medtl_network_stage_count(s->network), NULL,
                                         &options, err)) == MEDTL_OK &&
        s->options.probe_epochs > 0)
        status =
            session_train_head(s, s->network, (size_t)s->options.probe_epochs, false, &result, err);
    free(result.history);
    result = (medtl_train_result){0};
    if (status == MEDTL_OK &&
        (status = session_train(s, s->network, &options, "", &result, err)) == MEDTL_OK)
        status = session_write(s, s->network, &result, NULL, err);
    free(result.history);
    return status;
}

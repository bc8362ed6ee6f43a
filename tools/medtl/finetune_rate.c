/* --find-lr: the loss against a rising learning rate, as a table and a chart. */
#include "finetune_session.h"

#include "core/base/file.h"
#include "core/train/rate_finder.h"
#include "finetune_output.h"
#include "tools/plot/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static medtl_status on_step(void *context, const medtl_train_step *step)
{
    session *s = context;
    char tail[48];

    snprintf(tail, sizeof tail, "loss %.4f", step->loss);
    progress_show(&s->line, "rates", step->images, step->total, tail, -1.0);
    return stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static medtl_status write_table(const session *s, const medtl_rate_finding *f, medtl_error *err)
{
    char *path = run_path(&s->options, "rates.csv"), *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (path == NULL || stream == NULL) {
        if (stream != NULL)
            fclose(stream);
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
        goto done;
    }
    fputs("rate,loss,smoothed\n", stream);
    for (size_t i = 0; i < f->count; i++)
        fprintf(stream, "%.6g,%.6f,%.6f\n", f->points[i].rate, f->points[i].loss,
                f->points[i].smoothed);
    status = fclose(stream) == 0 ? medtl_file_replace(path, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
done:
    free(path);
    free(text);
    return status;
}

static medtl_status draw(const session *s, const medtl_rate_finding *f, medtl_error *err)
{
    double *values = calloc(3 * f->count, sizeof *values);
    double *rates = values, *losses = values + f->count, *smoothed = losses + f->count;
    char *path = run_path(&s->options, "rates.png");
    const plot_series series[] = {
        {.name = "loss", .x = rates, .y = losses, .count = f->count, .style = PLOT_POINTS},
        {.name = "smoothed", .x = rates, .y = smoothed, .count = f->count, .style = PLOT_LINE}};
    const plot_chart chart = {.title = "Learning-rate range test",
                              .x_label = "learning rate",
                              .y_label = "training loss",
                              .series = series,
                              .series_count = 2,
                              .x_log = true,
                              .has_mark = true,
                              .mark = f->steepest,
                              .mark_name = "steepest fall"};
    medtl_status status;

    for (size_t i = 0; values != NULL && i < f->count; i++) {
        rates[i] = f->points[i].rate;
        losses[i] = f->points[i].loss;
        smoothed[i] = f->points[i].smoothed;
    }
    status = values != NULL && path != NULL ? plot_lines(path, &chart, err)
                                            : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    free(values);
    free(path);
    return status;
}

medtl_status finetune_find_rate(session *s, medtl_error *err)
{
    const finetune_options *o = &s->options;
    const medtl_rate_range range = {o->find_low, o->find_high, (size_t)o->find_steps};
    const medtl_train_watch watch = {.step = on_step, .context = s};
    medtl_train_options options;
    medtl_rate_finding f = {0};
    medtl_status status;

    if ((status = finetune_train_options(o, medtl_network_stage_count(s->network), NULL, &options,
                                         err)) != MEDTL_OK)
        return status;
    progress_start(&s->line, o->quiet);
    status = medtl_find_rate(s->network, s->data.dataset, s->data.train, s->data.train_count,
                             &options, &range, &watch, &f, err);
    progress_end(&s->line);
    if (status == MEDTL_OK && (status = write_table(s, &f, err)) == MEDTL_OK &&
        (status = draw(s, &f, err)) == MEDTL_OK)
        printf("%zu of %zu steps, rates %.3g to %.3g: %s/rates.csv, %s/rates.png\n"
               "steepest fall of the loss at --lr %.2g; a tenth of the rate of the lowest loss is "
               "%.2g\n",
               f.count, range.steps, f.points[0].rate, f.points[f.count - 1].rate, o->run_folder,
               o->run_folder, f.steepest, f.tenth);
    free(f.points);
    return status;
}

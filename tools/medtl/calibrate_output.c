#include "calibrate_output.h"

#include "sample.h"

#include "core/eval/calibration.h"
#include "core/eval/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MODELS = 2, MOST_THREADS = 2, ROUNDS = 41 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Medians of runs in turn, so that whatever else the machine does meets both alike. */
static medtl_status measure(const medtl_model *const *models, size_t threads, const float *input,
                            double *milliseconds, medtl_error *err)
{
    medtl_predictor *predictors[MODELS] = {NULL};
    float *result = calloc(medtl_model_get_info(models[0])->class_count, sizeof *result);
    double times[MODELS][ROUNDS];
    medtl_status status = MEDTL_OK;

    if (result == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for measuring");
    for (size_t m = 0; m < MODELS && status == MEDTL_OK; m++)
        status = medtl_predictor_create(models[m], 1, threads, &predictors[m], err);
    for (size_t round = 0; round <= ROUNDS && status == MEDTL_OK; round++)
        for (size_t m = 0; m < MODELS; m++) {
            const double start = now();

            medtl_predictor_run(predictors[m], input, 1, result);
            if (round > 0) /* the first one warms up */
                times[m][round - 1] = 1e3 * (now() - start);
        }
    for (size_t m = 0; m < MODELS; m++) {
        if (status == MEDTL_OK) {
            qsort(times[m], ROUNDS, sizeof times[m][0], by_size);
            milliseconds[m] = times[m][ROUNDS / 2];
        }
        medtl_predictor_destroy(predictors[m]);
    }
    free(result);
    return status;
}

static medtl_status print_times(const medtl_model *const *models,
                                const medtl_normaliser *normaliser, const label_row *row,
                                medtl_error *err)
{
    float *input = calloc((size_t)normaliser->channels * normaliser->height * normaliser->width,
                          sizeof *input);
    double ms[MODELS];
    medtl_status status = input != NULL ? sample_read(row, normaliser, input, NULL, err)
                                        : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    for (size_t threads = 1; threads <= MOST_THREADS && status == MEDTL_OK; threads++)
        if ((status = measure(models, threads, input, ms, err)) == MEDTL_OK)
            printf(
                "%zu thread%s         %10.2f %10.2f   %.2f times as fast (ms per image, median of "
                "%d)\n",
                threads, threads == 1 ? " " : "s", ms[0], ms[1], ms[0] / ms[1], ROUNDS);
    free(input);
    return status;
}

static void print_compared(const char *name, const medtl_compared *c)
{
    printf("%-17s %10.4f %10.4f   %+.4f", name, c->first.value, c->second.value,
           c->difference.value);
    if (!isnan(c->difference.low))
        printf(" (%+.4f to %+.4f)", c->difference.low, c->difference.high);
    putchar('\n');
}

static medtl_status print_quality(const medtl_model_info *info, const labels *table,
                                  const predictions *a, const predictions *b, size_t resamples,
                                  medtl_error *err)
{
    const size_t count = a->count, classes = info->class_count;
    float *probabilities = calloc(2 * count * classes + 1, sizeof *probabilities);
    uint32_t *labels_of = calloc(count + 1, sizeof *labels_of);
    uint32_t *groups = calloc(count + 1, sizeof *groups);
    const medtl_evaluation_options how = {.resamples = resamples, .seed = 1, .positive_class = -1};
    medtl_predictions first = {count, classes, probabilities, labels_of, groups, 0}, second;
    medtl_comparison c;
    medtl_status status;

    if (probabilities == NULL || labels_of == NULL || groups == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a comparison");
        goto done;
    }
    medtl_softmax(a->logits, count, classes, (double)info->temperature, probabilities);
    medtl_softmax(b->logits, count, classes, (double)info->temperature,
                  probabilities + count * classes);
    for (size_t i = 0; i < count; i++)
        labels_of[i] = table->rows[a->rows[i]].label;
    first.group_count = compact_groups(table, a->rows, NULL, count, groups);
    second = first;
    second.probabilities = probabilities + count * classes;
    if ((status = medtl_compare(&first, &second, &how, &c, err)) != MEDTL_OK)
        goto done;
    printf("%-17s %10s %10s   difference (95 %% interval, paired bootstrap of groups)\n", "",
           "float32", "int8");
    print_compared("macro AUC", &c.macro_auc);
    print_compared("balanced accuracy", &c.balanced_accuracy);
    print_compared("accuracy", &c.accuracy);
    printf("same class predicted for %.2f %% of the images; no probability differs by more than "
           "%.4f\n",
           100.0 * c.equal, c.largest);
done:
    free(probabilities);
    free(labels_of);
    free(groups);
    return status;
}

medtl_status calibrate_compare(const medtl_model *floats, const medtl_model *int8,
                               const medtl_normaliser *normaliser, const labels *table,
                               const size_t *rows, size_t count, size_t threads, size_t resamples,
                               double max_unreadable, bool quiet, size_t *unreadable,
                               medtl_error *err)
{
    const medtl_model *const models[MODELS] = {floats, int8};
    predictions results[MODELS] = {{0}};
    const predict_options how = {.threads = threads, .quiet = quiet};
    medtl_status status = MEDTL_OK;

    for (size_t m = 0; m < MODELS && status == MEDTL_OK; m++)
        status = predict(models[m], normaliser, table, rows, count, &how, &results[m], err);
    if (status == MEDTL_OK && (double)(count - results[0].count) > max_unreadable * (double)count)
        status = medtl_fail(err, MEDTL_E_IO,
                            "%zu of %zu test images cannot be read; --max-unreadable %g",
                            count - results[0].count, count, max_unreadable);
    if (status == MEDTL_OK && results[0].count == 0)
        status = medtl_fail(err, MEDTL_E_IO, "none of the %zu test images can be read", count);
    if (status == MEDTL_OK && results[0].count != results[1].count)
        status = medtl_fail(err, MEDTL_E_IO, "a test image could be read only once");
    *unreadable = count - results[0].count;
    if (status == MEDTL_OK)
        printf("test   %zu images\n\n", results[0].count);
    if (status == MEDTL_OK &&
        (status = print_quality(medtl_model_get_info(floats), table, &results[0], &results[1],
                                resamples, err)) == MEDTL_OK)
        status = print_times(models, normaliser, &table->rows[results[0].rows[0]], err);
    predictions_clear(&results[0]);
    predictions_clear(&results[1]);
    return status;
}

#include "finetune_output.h"

#include "core/base/file.h"
#include "core/eval/auc.h"
#include "core/eval/calibration.h"
#include "core/eval/evaluation.h"
#include "evaluation_output.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t RESAMPLES = 2000;

char *run_path(const finetune_options *options, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", options->run_folder, name) >= 0 ? path : NULL;
}

medtl_status run_holds(const finetune_options *options, const char *name, bool *out,
                       medtl_error *err)
{
    char *path = run_path(options, name);

    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    *out = access(path, F_OK) == 0;
    free(path);
    return MEDTL_OK;
}

medtl_status history_write(const char *path, const medtl_train_epoch *history, size_t count,
                           medtl_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (stream == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    fputs("epoch,rate,loss,gradient,validation_loss,validation_auc,validation_accuracy,"
          "validation_balanced_accuracy,seconds\n",
          stream);
    for (size_t i = 0; i < count; i++) {
        const medtl_train_epoch *e = &history[i];

        fprintf(stream, "%llu,%.6g,%.6f,%.6g,", (unsigned long long)e->epoch, e->rate, e->loss,
                e->gradient);
        if (isnan(e->validation_loss))
            fprintf(stream, ",,,,%.1f\n", e->seconds);
        else
            fprintf(stream, "%.6f,%.6f,%.6f,%.6f,%.1f\n", e->validation_loss, e->validation_auc,
                    e->validation_accuracy, e->validation_balanced_accuracy, e->seconds);
    }
    if (fclose(stream) != 0) {
        free(text);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    status = medtl_file_replace(path, text, size, err);
    free(text);
    return status;
}

/* The validation images with what the chosen network says of them. */
typedef struct validation {
    float *logits, *probabilities;
    uint32_t *labels, *groups;
    double temperature;
    bool fitted; /* the temperature; not where none fits */
    double
        threshold; /* of the second of two classes, by Youden's index; NAN where there are not two */
    medtl_evaluation *evaluation; /* NULL without validation images */
} validation;

static void validation_clear(validation *v)
{
    free(v->logits);
    free(v->probabilities);
    free(v->labels);
    free(v->groups);
    medtl_evaluation_destroy(v->evaluation);
}

static medtl_status calibrate(const finetune_options *options, const finetune_data *data,
                              medtl_network *network, validation *v, medtl_error *err)
{
    const size_t count = data->validation_count, classes = data->table.class_count;
    const medtl_evaluation_options how = {.resamples = RESAMPLES, .seed = 1, .positive_class = -1};
    medtl_predictions predictions;
    medtl_status status;

    v->temperature = 1.0;
    v->threshold = (double)NAN;
    if (count == 0)
        return MEDTL_OK;
    v->logits = calloc(count * classes, sizeof *v->logits);
    v->probabilities = calloc(count * classes, sizeof *v->probabilities);
    v->labels = calloc(count, sizeof *v->labels);
    v->groups = calloc(count, sizeof *v->groups);
    if (v->logits == NULL || v->probabilities == NULL || v->labels == NULL || v->groups == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for validation");
    for (size_t i = 0; i < count; i++)
        v->labels[i] = data->table.rows[data->rows[data->validation[i]]].label;
    status =
        medtl_train_predict(network, data->dataset, data->validation, count, (size_t)options->batch,
                            (size_t)options->threads, options->views, v->logits, err);
    if (status != MEDTL_OK)
        return status;
    v->fitted = medtl_temperature_exists(v->logits, v->labels, count, classes);
    if (v->fitted)
        v->temperature = medtl_temperature_fit(v->logits, v->labels, count, classes);
    medtl_softmax(v->logits, count, classes, v->temperature, v->probabilities);
    if (classes == 2)
        v->threshold = medtl_youden_threshold(v->probabilities + 1, 2, v->labels, 1, count);
    predictions = (medtl_predictions){
        .count = count, .classes = classes, .probabilities = v->probabilities, .labels = v->labels};
    predictions.group_count =
        compact_groups(&data->table, data->rows, data->validation, count, v->groups);
    if (predictions.group_count == 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for validation");
    predictions.groups = v->groups;
    return medtl_evaluation_create(&predictions, &how, &v->evaluation, err);
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* The "name=value" lines of the run as an object of strings. */
static json_t *options_json(const char *run_text)
{
    json_t *object = json_object();

    for (const char *line = run_text; object != NULL && *line != '\0';) {
        const size_t length = strcspn(line, "\n"), name = strcspn(line, "=");
        char key[64];

        if (name < length && name < sizeof key) {
            memcpy(key, line, name);
            key[name] = '\0';
            json_object_set_new(object, key, json_stringn(line + name + 1, length - name - 1));
        }
        line += length + (line[length] == '\n');
    }
    return object;
}

/* The table as it will be found: that of reports is a draft until the model is there. */
static const char *table_name(const finetune_options *options)
{
    return file_name(options->reports_table.path != NULL ? options->reports_table.path
                                                         : options->labels.data);
}

/* Where the weights come from. File names only: folders say more about a machine than about data. */
static json_t *provenance_json(const finetune_options *options, const finetune_data *data,
                               const finetune_outcome *outcome, const char *images_sha256)
{
    const medtl_train_result *result = outcome->result;
    json_t *object = json_pack(
        "{s:s, s:{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}, s:o, s:I, s:I, s:I, s:o}",
        "software", "medtl " MEDTL_VERSION, "data", "table", table_name(options), "table_sha256",
        data->table.sha256, "images_sha256", images_sha256, "training_images",
        (json_int_t)data->train_count, "validation_images", (json_int_t)data->validation_count,
        "test_images_not_opened", (json_int_t)data->left_out, "unreadable_images",
        (json_int_t)data->unreadable, "validation_folds", text_or_null(options->validation_folds),
        "test_folds", text_or_null(options->test_folds), "started_from_sha256",
        text_or_null(outcome->init_sha256), "kept_epoch", (json_int_t)result->chosen,
        "trained_epochs", (json_int_t)result->epochs, "seed", (json_int_t)options->seed, "options",
        options_json(options->run_text));

    if (object != NULL && outcome->details != NULL &&
        json_object_update(object, outcome->details) != 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static medtl_status write_run_file(const run_file *f, medtl_error *err)
{
    return f->bytes != NULL ? medtl_file_replace(f->path, f->bytes, f->size, err) : MEDTL_OK;
}

static medtl_status write_model(const finetune_options *options, const target *t,
                                const finetune_data *data, medtl_network *network,
                                double temperature, const json_t *provenance, medtl_error *err)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    char *text = json_dumps(provenance, JSON_COMPACT | JSON_PRESERVE_ORDER);
    char *path = run_path(options, "model.safetensors"),
         *draft = run_path(options, "model-new.safetensors");
    const medtl_model_description description = {.name = options->name,
                                                 .version = options->version,
                                                 .class_names =
                                                     (const char *const *)data->table.classes,
                                                 .normaliser = normaliser,
                                                 .temperature = (float)temperature,
                                                 .views = options->views,
                                                 .provenance = text};
    medtl_status status;

    medtl_normaliser_text(&t->normaliser, normaliser);
    /* The old model goes only where the new one lies beside it: on a full disk it stays. */
    if (text == NULL || path == NULL || draft == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's description");
    else if ((status = medtl_network_save(network, &description, options->f16, draft, err)) ==
                 MEDTL_OK &&
             (status = fingerprints_replace(path, &data->fingerprints, err)) == MEDTL_OK &&
             (status = write_run_file(&options->reports_table, err)) == MEDTL_OK &&
             (status = write_run_file(&options->reports_left_out, err)) == MEDTL_OK &&
             rename(draft, path) != 0)
        status = medtl_fail(err, MEDTL_E_IO, "%s: cannot write: %s", path, strerror(errno));
    free(text);
    free(path);
    free(draft);
    return status;
}

static medtl_status write_metrics(const finetune_options *options, const finetune_data *data,
                                  const validation *v, json_t *provenance, medtl_error *err)
{
    char *path = run_path(options, "metrics.json");
    json_t *root = json_pack("{s:O, s:f, s:b}", "provenance", provenance, "temperature",
                             v->temperature, "temperature_fitted", (int)v->fitted);
    medtl_status status;
    int failed = root == NULL || path == NULL;

    if (v->evaluation != NULL && !failed) {
        failed = json_object_set_new(
            root, "validation",
            evaluation_json(v->evaluation, (const char *const *)data->table.classes));
        if (isfinite(v->threshold))
            failed |= json_object_set_new(root, "youden_threshold", json_real(v->threshold));
        failed |= json_object_set_new(
            root, "note",
            json_string("The epoch was chosen and the temperature fitted on these validation "
                        "images, so these numbers are somewhat too good; measure on folds that "
                        "were left out."));
    }
    status = failed ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory for metrics")
                    : json_write(path, root, err);
    json_decref(root);
    free(path);
    return status;
}

/* Is some validation image surer of another class than of its own? */
static bool speaks_against(const validation *v, size_t count, size_t classes)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < classes; k++)
            if (v->logits[i * classes + k] > v->logits[i * classes + v->labels[i]])
                return true;
    return false;
}

static const char *why_not_fitted(const validation *v, const finetune_data *data)
{
    if (speaks_against(v, data->validation_count, data->table.class_count))
        return "the model's answers for the validation images speak against their labels";
    if (v->evaluation->accuracy.value == 1.0)
        return "every validation image is right, so there is no telling how sure is too sure";
    return "no validation image has another class above its own, some have one beside it, so there "
           "is no telling how sure is too sure";
}

static void print_result(const finetune_options *options, const finetune_data *data,
                         const validation *v, const medtl_train_result *result)
{
    if (result->epochs > 0)
        printf("\nkept epoch %zu of %zu in %s/model.safetensors\n", result->chosen, result->epochs,
               options->run_folder);
    else
        printf("\nwrote %s/model.safetensors\n", options->run_folder);
    if (v->evaluation == NULL)
        return;
    if (isfinite(v->threshold))
        printf(
            "sensitivity + specificity is largest where the probability of %s is at least %.3f\n",
            data->table.classes[1], v->threshold);
    if (v->fitted)
        printf("temperature %.3f\n", v->temperature);
    else
        printf("temperature 1, not fitted: %s\n", why_not_fitted(v, data));
    printf("\nvalidation (used to choose and calibrate, so somewhat too good)\n");
    evaluation_print(stdout, v->evaluation, (const char *const *)data->table.classes);
}

medtl_status finetune_write(const finetune_options *options, const target *t,
                            const finetune_data *data, const finetune_outcome *outcome,
                            medtl_error *err)
{
    char images_sha256[MEDTL_SHA256_TEXT_SIZE];
    validation v = {0};
    json_t *provenance = NULL;
    medtl_status status;

    if ((status = calibrate(options, data, outcome->network, &v, err)) != MEDTL_OK ||
        (status = finetune_data_digest(data, images_sha256, err)) != MEDTL_OK)
        goto done;
    provenance = provenance_json(options, data, outcome, images_sha256);
    if (provenance == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
        goto done;
    }
    if ((status = write_model(options, t, data, outcome->network, v.temperature, provenance,
                              err)) != MEDTL_OK ||
        (status = write_metrics(options, data, &v, provenance, err)) != MEDTL_OK)
        goto done;
    print_result(options, data, &v, outcome->result);
done:
    json_decref(provenance);
    validation_clear(&v);
    return status;
}

#include "pretrain_output.h"

#include "core/base/file.h"
#include "core/nn/safetensors.h"
#include "evaluation_output.h"
#include "tools/plot/plot.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *pretrain_path(const pretrain_options *options, const char *name)
{
    char *path = NULL;

    return asprintf(&path, "%s/%s", options->run_folder, name) >= 0 ? path : NULL;
}

/* ---- history ---------------------------------------------------------------------------- */

static void print_number(FILE *stream, double number)
{
    if (isfinite(number))
        fprintf(stream, ",%.6f", number);
    else
        fputc(',', stream);
}

static medtl_status write_csv(const pretrain_options *options, const medtl_pretrain_epoch *history,
                              size_t count, medtl_error *err)
{
    char *path = pretrain_path(options, "history.csv"), *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status;

    if (path == NULL || stream == NULL) {
        if (stream != NULL)
            fclose(stream);
        free(text);
        free(path);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    fputs("epoch,rate,loss,gradient,spread,probe_auc,probe_balanced_accuracy,probe_accuracy,"
          "seconds\n",
          stream);
    for (size_t i = 0; i < count; i++) {
        const medtl_pretrain_epoch *e = &history[i];

        fprintf(stream, "%llu,%.6g,%.6f,%.6g", (unsigned long long)e->epoch, e->rate, e->loss,
                e->gradient);
        print_number(stream, e->spread);
        print_number(stream, e->probe_auc);
        print_number(stream, e->probe_balanced_accuracy);
        print_number(stream, e->probe_accuracy);
        fprintf(stream, ",%.1f\n", e->seconds);
    }
    status = fclose(stream) == 0 ? medtl_file_replace(path, text, size, err)
                                 : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    free(text);
    free(path);
    return status;
}

/* The loss over its own range, and the probe where it was asked: one picture, both from 0 to 1. */
static medtl_status draw_curve(const pretrain_output *out, const medtl_pretrain_epoch *history,
                               size_t count, size_t chosen, medtl_error *err)
{
    double *values = malloc(4 * (count + 1) * sizeof *values), most = 1e-300;
    double *x = values, *loss = x + count, *probe = loss + count, *spread = probe + count;
    char *path = pretrain_path(out->options, "curve.png"), loss_name[64], title[128];
    plot_series series[] = {
        {.name = loss_name, .x = x, .y = loss, .count = count, .style = PLOT_LINE},
        {.name = "spread of the outputs",
         .x = x,
         .y = spread,
         .count = count,
         .style = PLOT_DASHED},
        {.name = "probe: macro AUC",
         .x = x,
         .y = probe,
         .count = count,
         .style = PLOT_LINE_POINTS}};
    const plot_chart chart = {.title = title,
                              .x_label = "epoch",
                              .y_label = "loss (share of its largest), spread, AUC",
                              .series = series,
                              .series_count = out->probe != NULL ? 3 : 2,
                              .y_from_zero = true,
                              .has_mark = chosen > 0,
                              .mark = (double)chosen,
                              .mark_name = "kept"};
    medtl_status status;

    if (values == NULL || path == NULL) {
        free(values);
        free(path);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(history[i].loss));
    for (size_t i = 0; i < count; i++) {
        x[i] = (double)history[i].epoch;
        loss[i] = history[i].loss / most;
        spread[i] = history[i].spread;
        probe[i] = history[i].probe_auc;
    }
    snprintf(loss_name, sizeof loss_name, "loss / %.4g", most);
    snprintf(title, sizeof title, "medtl pretrain, %s, %s", pretrain_method_name(out->options),
             out->options->architecture);
    status = plot_lines(path, &chart, err);
    free(values);
    free(path);
    return status;
}

medtl_status pretrain_write_history(const pretrain_output *out, const medtl_pretrain_epoch *history,
                                    size_t count, size_t chosen, medtl_error *err)
{
    const medtl_status status = write_csv(out->options, history, count, err);

    return status == MEDTL_OK ? draw_curve(out, history, count, chosen, err) : status;
}

/* ---- result ----------------------------------------------------------------------------- */

static json_t *number_or_null(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

/* The last part of a path; of a folder, slashes may stand behind it. */
static json_t *file_name(const char *path)
{
    size_t end = strlen(path), start;

    while (end > 1 && path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    return json_stringn(path + start, end - start);
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

/* File names only: folders say more about a machine than about data. A free label's values stay out as well: they
 * may be those of patients. */
static json_t *source_json(const image_source *source, const char *path, medtl_error *err)
{
    char digest[MEDTL_SHA256_TEXT_SIZE];

    if (source == NULL || image_source_digest(source, digest, err) != MEDTL_OK)
        return json_null();
    return json_pack("{s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "from", file_name(path),
                     "table_sha256", text_or_null(source->table.sha256), "images_sha256", digest,
                     "images", (json_int_t)source->usable_count, "unreadable_images",
                     (json_int_t)source->unreadable, "other_files", (json_int_t)source->no_images,
                     "without_free_label", (json_int_t)source->unlabelled, "classes",
                     (json_int_t)source->class_count);
}

static json_t *provenance_json(const pretrain_output *out, const medtl_network_spec *trunk,
                               const medtl_pretrain_result *result, medtl_error *err)
{
    const pretrain_options *o = out->options;
    const medtl_pretrain_epoch *chosen = &result->history[result->chosen - 1];
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];

    medtl_normaliser_text(out->normaliser, normaliser);
    return json_pack(
        "{s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:{s:o, s:o, s:o}, s:I, s:o}",
        "software", "medtl " MEDTL_VERSION, "kind", "pretrained backbone", "architecture",
        trunk->architecture, "width", (int)trunk->width, "channels", (int)trunk->channels,
        "normaliser", normaliser, "method", pretrain_method_name(o), "data",
        source_json(out->images, o->data, err), "probe_data",
        source_json(out->probe, o->probe, err), "started_from_sha256",
        text_or_null(out->init_sha256), "kept_epoch", (json_int_t)result->chosen, "trained_epochs",
        (json_int_t)result->epochs, "probe", "macro_auc", number_or_null(chosen->probe_auc),
        "balanced_accuracy", number_or_null(chosen->probe_balanced_accuracy), "accuracy",
        number_or_null(chosen->probe_accuracy), "seed", (json_int_t)o->seed, "options",
        options_json(o->run_text));
}

static medtl_status write_backbone(const pretrain_output *out, medtl_network *network,
                                   const json_t *provenance, medtl_error *err)
{
    const size_t parameters = medtl_network_parameter_count(network);
    medtl_to_store *tensors = calloc(parameters + 1, sizeof *tensors);
    char *text = json_dumps(provenance, JSON_COMPACT | JSON_PRESERVE_ORDER);
    char *path = pretrain_path(out->options, "backbone.safetensors");
    medtl_status status;
    size_t count = 0;

    for (size_t i = 0; tensors != NULL && i < parameters; i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        if (medtl_pretext_in_trunk(network, p))
            tensors[count++] = (medtl_to_store){.name = p->name,
                                                .shape = p->shape,
                                                .dimensions = p->dimensions,
                                                .values = p->value,
                                                .count = p->size};
    }
    if (tensors == NULL || text == NULL || path == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the weights");
    else if ((status = fingerprints_replace(path, out->fingerprints, err)) == MEDTL_OK)
        status = medtl_safetensors_write(path, PRETRAINED_KEY, text, tensors, count, err);
    free(tensors);
    free(text);
    free(path);
    return status;
}

static json_t *history_json(const medtl_pretrain_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < result->epochs; i++) {
        const medtl_pretrain_epoch *e = &result->history[i];

        json_array_append_new(
            list,
            json_pack("{s:I, s:f, s:f, s:f, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)e->epoch,
                      "rate", e->rate, "loss", e->loss, "gradient", e->gradient, "spread",
                      number_or_null(e->spread), "probe_auc", number_or_null(e->probe_auc),
                      "probe_balanced_accuracy", number_or_null(e->probe_balanced_accuracy),
                      "probe_accuracy", number_or_null(e->probe_accuracy)));
    }
    return list;
}

medtl_status pretrain_write_result(const pretrain_output *out, medtl_network *network,
                                   const medtl_network_spec *trunk,
                                   const medtl_pretrain_result *result, medtl_error *err)
{
    char *path = pretrain_path(out->options, "metrics.json");
    json_t *provenance = provenance_json(out, trunk, result, err);
    json_t *root =
        json_pack("{s:O, s:o}", "provenance", provenance, "history", history_json(result));
    medtl_status status;

    if (path == NULL || provenance == NULL || root == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for metrics");
    else if ((status = write_backbone(out, network, provenance, err)) == MEDTL_OK)
        status = json_write(path, root, err);
    json_decref(root);
    json_decref(provenance);
    free(path);
    return status;
}

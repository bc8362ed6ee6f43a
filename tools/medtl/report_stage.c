/* What one stage has left, as a part of the page. */
#include "report.h"

#include "html.h"
#include "report_charts.h"
#include "run_folder.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PICTURES = 24 }; /* of others than ours, at most */

static const struct {
    const char *key, *title;
} overall[] =
    {
        {"macro_auc", "macro AUC"},     {"balanced_accuracy", "balanced accuracy"},
        {"accuracy", "accuracy"},       {"sensitivity", "sensitivity"},
        {"specificity", "specificity"}, {"f1", "F1"},
        {"macro_f1", "macro F1"},       {"log_loss", "log loss"},
        {"brier", "Brier score"},       {"calibration_error", "calibration error"},
},
  per_class[] = {
      {"sensitivity", "sensitivity"},
      {"specificity", "specificity"},
      {"precision", "precision"},
      {"f1", "F1"},
      {"auc", "AUC"},
};

/* "0.912 (0.880 to 0.940)"; false where it is no number. */
static bool format_interval(const json_t *interval, char *out, size_t size)
{
    const json_t *value = json_object_get(interval, "value"),
                 *low = json_object_get(interval, "low"), *high = json_object_get(interval, "high");

    if (!json_is_number(value))
        return false;
    if (json_is_number(low) && json_is_number(high))
        snprintf(out, size, "%.3f (%.3f to %.3f)", json_number_value(value), json_number_value(low),
                 json_number_value(high));
    else
        snprintf(out, size, "%.3f", json_number_value(value));
    return true;
}

static void put_classes(FILE *stream, const json_t *classes)
{
    const json_t *one;
    size_t i;
    char text[80];

    fputs("<table>\n<tr><th>class</th><th>n</th>", stream);
    for (size_t k = 0; k < sizeof per_class / sizeof per_class[0]; k++)
        if (json_object_get(json_array_get(classes, 0), per_class[k].key) != NULL)
            fprintf(stream, "<th>%s</th>", per_class[k].title);
    fputs("</tr>\n", stream);
    json_array_foreach(classes, i, one)
    {
        fputs("<tr><td>", stream);
        html_text(stream, json_string_value(json_object_get(one, "name")));
        fprintf(stream, "</td><td>%lld</td>",
                (long long)json_integer_value(json_object_get(one, "n")));
        for (size_t k = 0; k < sizeof per_class / sizeof per_class[0]; k++)
            if (json_object_get(json_array_get(classes, 0), per_class[k].key) != NULL)
                fprintf(stream, "<td>%s</td>",
                        format_interval(json_object_get(one, per_class[k].key), text, sizeof text)
                            ? text
                            : "-");
        fputs("</tr>\n", stream);
    }
    fputs("</table>\n", stream);
}

static void put_evaluation(FILE *stream, const char *title, const json_t *evaluation)
{
    char text[80];

    fprintf(
        stream,
        "<h3>%s</h3>\n<p>%lld images of %lld groups; 95 %% intervals by resampling groups.</p>\n<table>\n",
        title, (long long)json_integer_value(json_object_get(evaluation, "images")),
        (long long)json_integer_value(json_object_get(evaluation, "groups")));
    for (size_t i = 0; i < sizeof overall / sizeof overall[0]; i++)
        if (format_interval(json_object_get(evaluation, overall[i].key), text, sizeof text))
            html_row(stream, overall[i].title, text);
    fputs("</table>\n", stream);
    if (json_array_size(json_object_get(evaluation, "classes")) > 0)
        put_classes(stream, json_object_get(evaluation, "classes"));
}

/* Objects and numbers of the provenance as rows; deeper ones with their path as name. */
static void put_provenance(FILE *stream, const char *prefix, json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char name[120], text[80];

        snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] != '\0' ? ", " : "", key);
        for (char *p = name; *p != '\0'; p++)
            *p = *p == '_' ? ' ' : *p;
        if (json_is_object(value)) {
            put_provenance(stream, name, value);
        } else if (json_is_string(value) && json_string_length(value) > 0) {
            html_row(stream, name, json_string_value(value));
        } else if (json_is_number(value)) {
            snprintf(text, sizeof text, "%.10g", json_number_value(value));
            html_row(stream, name, text);
        }
    }
}

/* What metrics.json says of the training that the curves are of. */
typedef struct training {
    double kept_epoch; /* 0: not known */
    bool searched;     /* by depth (--strategy block-search) */
    size_t depth;      /* that was chosen then */
} training;

static training training_of(const json_t *provenance)
{
    const json_t *search = json_object_get(provenance, "block_search");

    return (training){json_number_value(json_object_get(provenance, "kept_epoch")),
                      json_is_object(search),
                      (size_t)json_integer_value(json_object_get(search, "chosen"))};
}

static medtl_status put_metrics(FILE *stream, const char *folder, training *trained, size_t *found,
                                medtl_error *err)
{
    char *path = path_join(folder, "metrics.json");
    json_error_t fault;
    json_t *root = NULL, *provenance;
    medtl_status status = MEDTL_OK;

    if (path == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
    if (access(path, F_OK) == 0) {
        ++*found;
        root = json_load_file(path, 0, &fault);
        if (root == NULL)
            status = medtl_fail(err, MEDTL_E_FORMAT, "%s:%d: %.100s", path, fault.line, fault.text);
    }
    if (json_is_object(json_object_get(root, "evaluation")))
        put_evaluation(stream, "Evaluation", json_object_get(root, "evaluation"));
    if (json_is_object(json_object_get(root, "validation")))
        put_evaluation(stream, "Validation: used to choose and calibrate, so somewhat too good",
                       json_object_get(root, "validation"));
    provenance = json_object_get(root, "provenance");
    *trained = training_of(provenance);
    if (json_is_object(provenance)) {
        fputs("<details><summary>Settings and data</summary>\n<table>\n", stream);
        put_provenance(stream, "", provenance);
        fputs("</table>\n</details>\n", stream);
    }
    json_decref(root);
    free(path);
    return status;
}

static bool holds(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool there = path != NULL && access(path, F_OK) == 0;

    free(path);
    return there;
}

/* The file of curves, and in a few words what they are of. */
typedef struct curves_file {
    char name[48], note[240];
} curves_file;

static void name_depth(curves_file *file, size_t depth)
{
    snprintf(file->name, sizeof file->name, "history-blocks-%zu.csv", depth);
}

/* A block search has curves for each depth: those of the one that was kept, or, while it is under way, of the deepest. */
static curves_file find_curves(const char *folder, const training *trained)
{
    curves_file file = {"history.csv", ""}, next = {"", ""};

    if (trained->searched) {
        name_depth(&file, trained->depth);
        snprintf(file.note, sizeof file.note,
                 "Of blocks %zu, the depth that was kept; those of the others are in "
                 "history-blocks-N.csv, and what came of each depth is in blocks.csv.",
                 trained->depth);
    } else if (!holds(folder, file.name)) {
        name_depth(&next, 0);
        for (size_t depth = 0; holds(folder, next.name); name_depth(&next, ++depth)) {
            file = next;
            snprintf(file.note, sizeof file.note,
                     "Of blocks %zu, the deepest that was begun: the search has not ended.", depth);
        }
    }
    return file;
}

static medtl_status put_history(FILE *stream, const char *folder, const char *plots,
                                const training *trained, size_t *found, medtl_error *err)
{
    const curves_file file = find_curves(folder, trained);
    char *path = path_join(folder, file.name);
    medtl_status status =
        path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    if (status == MEDTL_OK && access(path, F_OK) == 0) {
        ++*found;
        status = charts_history(stream, path, file.note[0] != '\0' ? file.note : NULL, plots,
                                trained->kept_epoch, err);
    }
    free(path);
    return status;
}

static medtl_status put_predictions(FILE *stream, const char *folder, const char *plots,
                                    size_t *found, medtl_error *err)
{
    char *path = path_join(folder, "predictions.csv");
    medtl_status status =
        path != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    if (status == MEDTL_OK && access(path, F_OK) == 0) {
        ++*found;
        status = charts_predictions(stream, path, plots, err);
    }
    free(path);
    return status;
}

static int is_picture(const struct dirent *item)
{
    const char *ending = strrchr(item->d_name, '.');

    return item->d_name[0] != '.' && ending != NULL &&
           (strcmp(ending, ".png") == 0 || strcmp(ending, ".svg") == 0 ||
            strcmp(ending, ".jpg") == 0);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Pictures that the stage itself has written: a rate finder's curve, heat maps. */
static medtl_status put_pictures(FILE *stream, const char *folder, size_t *found, medtl_error *err)
{
    struct dirent **items = NULL;
    const int count = scandir(folder, &items, is_picture, by_bytes);
    medtl_status status = MEDTL_OK;

    if (count > 0)
        fputs("<h3>Pictures</h3>\n", stream);
    for (int i = 0; i < count; i++) {
        char *path = path_join(folder, items[i]->d_name);

        if (path == NULL && status == MEDTL_OK)
            status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a report");
        if (status == MEDTL_OK && i < PICTURES) {
            status = html_picture(stream, path, items[i]->d_name, err);
            ++*found;
        }
        free(path);
        free(items[i]);
    }
    if (count > PICTURES)
        fprintf(stream, "<p>%d more pictures lie in the folder.</p>\n", count - PICTURES);
    free(items);
    return status;
}

medtl_status report_stage(FILE *stream, const char *folder, const char *plots, size_t *found,
                          medtl_error *err)
{
    training trained = {0};
    medtl_status status;

    if ((status = put_metrics(stream, folder, &trained, found, err)) != MEDTL_OK ||
        (status = put_predictions(stream, folder, plots, found, err)) != MEDTL_OK ||
        (status = put_history(stream, folder, plots, &trained, found, err)) != MEDTL_OK)
        return status;
    return put_pictures(stream, folder, found, err);
}

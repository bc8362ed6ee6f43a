#include "refit.h"

#include "core/base/digest.h"
#include "core/base/file.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 30 };

medtl_status refit_check(const refit *r, medtl_error *err)
{
    return r->model_path == NULL || r->predictions.count == 0 || r->out == NULL
               ? medtl_fail(err, MEDTL_E_ARGUMENT,
                            "a model, --predictions and -o are needed (see --help)")
               : MEDTL_OK;
}

static medtl_status read_cases(refit *r, medtl_error *err)
{
    medtl_status status = scored_read(r->predictions.items[0], &r->cases, err);

    for (size_t i = 1; i < r->predictions.count && status == MEDTL_OK; i++) {
        scored more;

        if ((status = scored_read(r->predictions.items[i], &more, err)) == MEDTL_OK) {
            status = scored_join(&r->cases, &more, r->predictions.items[i], err);
            scored_clear(&more);
        }
    }
    return status;
}

static medtl_status open_model(refit *r, medtl_error *err)
{
    const medtl_model_info *info;
    medtl_status status = medtl_model_load_network(r->model_path, &r->model, &r->network, err);

    if (status != MEDTL_OK)
        return status;
    if (r->network == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: a graph of operators; only networks of our own architectures can be "
                          "changed",
                          r->model_path);
    info = &r->model->info;
    if (info->class_count != r->cases.classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: %u classes; the predictions have %zu",
                          r->model_path, (unsigned)info->class_count, r->cases.classes);
    for (size_t k = 0; k < r->cases.classes; k++)
        if (strcmp(info->class_names[k], r->cases.names[k]) != 0)
            return medtl_fail(err, MEDTL_E_ARGUMENT,
                              "%s: class %zu is %.40s; in the predictions it is %.40s",
                              r->model_path, k + 1, info->class_names[k], r->cases.names[k]);
    return MEDTL_OK;
}

medtl_status refit_open(refit *r, medtl_error *err)
{
    const medtl_status status = read_cases(r, err);

    return status == MEDTL_OK ? open_model(r, err) : status;
}

/* ---- saving --------------------------------------------------------------------------- */

static medtl_status add_digests(const refit *r, json_t *digests, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < r->predictions.count && status == MEDTL_OK; i++) {
        char sha256[MEDTL_SHA256_TEXT_SIZE];
        unsigned char *bytes = NULL;
        size_t size;

        status = medtl_file_read(r->predictions.items[i], LARGEST_FILE, &bytes, &size, err);
        if (status == MEDTL_OK) {
            medtl_sha256_text(bytes, size, sha256);
            (void)json_array_append_new(digests, json_string(sha256));
        }
        free(bytes);
    }
    return status;
}

static medtl_status describe(const refit *r, const char *verb, json_t *found, char **out,
                             medtl_error *err)
{
    json_t *digests = json_array(), *root;
    const medtl_status status = add_digests(r, digests, err);

    (void)json_object_set_new(found, "images", json_integer((json_int_t)r->cases.count));
    (void)json_object_set_new(found, "predictions_sha256", digests);
    root = json_pack("{s:o, s:{s:s, s:o*}}", verb, found, "model", "sha256", r->model->info.sha256,
                     "provenance", json_loads(r->model->info.provenance, 0, NULL));
    *out = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return status == MEDTL_OK && *out == NULL
               ? medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance")
               : status;
}

medtl_status refit_save(const refit *r, float temperature, const char *verb, json_t *found,
                        medtl_error *err)
{
    const medtl_model_info *info = &r->model->info;
    medtl_model_description description = {
        .name = r->name != NULL ? r->name : info->name,
        .version = r->version != NULL ? r->version : info->version,
        .class_names = info->class_names,
        .normaliser = info->normaliser,
        .temperature = temperature,
        .views = r->model->metadata.views,
        .ranges = r->model->metadata.ranges.count > 0 ? &r->model->metadata.ranges : NULL};
    char *text = NULL;
    medtl_status status = describe(r, verb, found, &text, err);

    description.provenance = text;
    if (status == MEDTL_OK)
        status = medtl_network_save(r->network, &description, r->half, r->out, err);
    free(text);
    return status;
}

void refit_clear(refit *r)
{
    medtl_model_destroy(r->model);
    medtl_network_destroy(r->network);
    scored_clear(&r->cases);
    free(r->predictions.items);
    memset(r, 0, sizeof *r);
}

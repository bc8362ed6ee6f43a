#include "target.h"

#include "labels.h"
#include "options.h"

#include <stdlib.h>
#include <string.h>

static medtl_status load_task(const char *name, target *out, medtl_error *err)
{
    const size_t length = strlen(name);
    const bool is_file = length > 4 && strcmp(name + length - 4, ".xml") == 0;
    medtl_status status =
        medtl_config_load(is_file ? &name : NULL, is_file ? 1 : 0, &out->config, err);

    if (status != MEDTL_OK)
        return status;
    out->task =
        is_file ? medtl_config_task(out->config, 0) : medtl_config_find_task(out->config, name);
    if (out->task == NULL)
        return medtl_fail(err, MEDTL_E_CONFIG, "there is no task '%s'", name);
    out->normaliser = out->task->normaliser;
    return MEDTL_OK;
}

static medtl_status allocate_classes(size_t count, target *out, medtl_error *err)
{
    out->classes = calloc(count + 1, sizeof *out->classes);
    out->class_count = count;
    return out->classes != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

static medtl_status classes_of_text(const char *text, target *out, medtl_error *err)
{
    char *words[CLASS_LIMIT];
    size_t count;
    medtl_status status;

    out->class_text = strdup(text);
    if (out->class_text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    count = split_words(out->class_text, ',', words, CLASS_LIMIT);
    if (count < 2 || count > CLASS_LIMIT)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--classes takes 2 to %d names", CLASS_LIMIT);
    status = allocate_classes(count, out, err);
    for (size_t k = 0; k < count && status == MEDTL_OK; k++)
        out->classes[k] = words[k];
    return status;
}

static medtl_status classes_of_task(target *out, medtl_error *err)
{
    medtl_status status = allocate_classes(out->task->class_count, out, err);

    for (size_t k = 0; k < out->class_count && status == MEDTL_OK; k++)
        out->classes[k] = out->task->classes[k].label;
    return status;
}

static medtl_status resolve(const char *task, const char *normaliser, const char *classes,
                            target *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (task != NULL)
        status = load_task(task, out, err);
    if (status == MEDTL_OK && normaliser != NULL)
        status = medtl_normaliser_parse(normaliser, &out->normaliser, err);
    if (status == MEDTL_OK && classes != NULL)
        status = classes_of_text(classes, out, err);
    else if (status == MEDTL_OK && out->task != NULL)
        status = classes_of_task(out, err);
    if (status != MEDTL_OK)
        target_clear(out);
    return status;
}

medtl_status target_resolve(const char *task, const char *normaliser, const char *classes,
                            target *out, medtl_error *err)
{
    memset(out, 0, sizeof *out);
    if (task == NULL && normaliser == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "--task or --normaliser is needed");
    return resolve(task, normaliser, classes, out, err);
}

medtl_status target_resolve_classes(const char *task, const char *classes, target *out,
                                    medtl_error *err)
{
    memset(out, 0, sizeof *out);
    return resolve(task, NULL, classes, out, err);
}

void target_clear(target *t)
{
    free(t->class_text);
    free(t->classes);
    medtl_config_destroy(t->config);
    memset(t, 0, sizeof *t);
}

#include "settings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { FLAG, NUMBER, PATHS, LIMITS } kind;

/* One line per setting: adding one here and in the header is all there is to it. */
static const struct setting {
    const char *name;
    kind kind;
    size_t offset;
    long least, most; /* of a NUMBER */
} settings[] = {
    {"Enabled", FLAG, offsetof(medtl_orthanc_settings, enabled), 0, 0},
    {"AutoClassify", FLAG, offsetof(medtl_orthanc_settings, auto_classify), 0, 0},
    {"Threads", NUMBER, offsetof(medtl_orthanc_settings, threads), 0, 1024},
    {"QueueCapacity", NUMBER, offsetof(medtl_orthanc_settings, queue_capacity), 1, 1000000},
    {"MaximumMegabytes", NUMBER, offsetof(medtl_orthanc_settings, maximum_megabytes), 1, 1048576},
    {"Isolate", FLAG, offsetof(medtl_orthanc_settings, isolate), 0, 0},
    {"DecodeSeconds", NUMBER, offsetof(medtl_orthanc_settings, decode_seconds), 1, 86400},
    {"Limits", LIMITS, 0, 0, 0},
    {"Tasks", PATHS, 0, 0, 0},
};
enum { SETTING_COUNT = sizeof settings / sizeof settings[0] };

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static medtl_status read_paths(const json_t *value, medtl_orthanc_settings *out, medtl_error *err)
{
    size_t i;
    const json_t *path;

    if (!json_is_array(value))
        return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.Tasks must be a list of paths");
    out->tasks = calloc(json_array_size(value) + 1, sizeof *out->tasks);
    if (out->tasks == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "Medtl.Tasks");
    json_array_foreach(value, i, path)
    {
        if (!json_is_string(path) || json_string_length(path) == 0)
            return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.Tasks[%zu] must be a path", i);
        out->tasks[i] = strdup(json_string_value(path));
        if (out->tasks[i] == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "Medtl.Tasks");
        out->task_count = i + 1;
    }
    return MEDTL_OK;
}

static medtl_status read_limits(const json_t *value, medtl_orthanc_settings *out, medtl_error *err)
{
    const char *name;
    json_t *number;
    medtl_error why = {MEDTL_OK, ""};
    char text[100];

    if (!json_is_object(value))
        return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.Limits must be an object of numbers");
    json_object_foreach((json_t *)value, name, number)
    {
        (void)snprintf(text, sizeof text, "%.60s=%lld", name,
                       json_is_integer(number) ? (long long)json_integer_value(number) : -1LL);
        if (medtl_limits_set(&out->limits, text, &why) != MEDTL_OK)
            return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.Limits: %s", why.message);
    }
    return MEDTL_OK;
}

static medtl_status read_setting(const char *name, const json_t *value, medtl_orthanc_settings *out,
                                 medtl_error *err)
{
    const struct setting *setting = find(name);
    void *place;

    if (setting == NULL)
        return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.%s is not a setting of this version", name);
    place = (char *)out + setting->offset;
    switch (setting->kind) {
    case FLAG:
        if (!json_is_boolean(value))
            return medtl_fail(err, MEDTL_E_CONFIG, "Medtl.%s must be true or false", name);
        *(bool *)place = json_is_true(value);
        return MEDTL_OK;
    case NUMBER:
        if (!json_is_integer(value) || json_integer_value(value) < setting->least ||
            json_integer_value(value) > setting->most)
            return medtl_fail(err, MEDTL_E_CONFIG,
                              "Medtl.%s must be a whole number from %ld to %ld", name,
                              setting->least, setting->most);
        *(long *)place = (long)json_integer_value(value);
        return MEDTL_OK;
    case PATHS:
        return read_paths(value, out, err);
    case LIMITS:
        return read_limits(value, out, err);
    }
    return medtl_fail(err, MEDTL_E_INTERNAL, "Medtl.%s has no kind", name);
}

static medtl_status read_section(const json_t *section, medtl_orthanc_settings *out,
                                 medtl_error *err)
{
    const char *name;
    json_t *value;

    if (section == NULL)
        return MEDTL_OK;
    if (!json_is_object(section))
        return medtl_fail(err, MEDTL_E_CONFIG, "Medtl must be an object");
    json_object_foreach((json_t *)section, name, value)
    {
        const medtl_status status = read_setting(name, value, out, err);

        if (status != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

medtl_status medtl_orthanc_settings_parse(const char *configuration, medtl_orthanc_settings *out,
                                          medtl_error *err)
{
    medtl_orthanc_settings parsed = {.enabled = true,
                                     .auto_classify = true,
                                     .isolate = true,
                                     .threads = 1,
                                     .queue_capacity = 1000,
                                     .maximum_megabytes = 2048,
                                     .decode_seconds = 60};
    json_error_t fault;
    json_t *root = json_loads(configuration, JSON_DECODE_ANY, &fault);
    medtl_status status;

    memset(out, 0, sizeof *out);
    medtl_limits_default(&parsed.limits);
    if (!json_is_object(root))
        status = medtl_fail(err, MEDTL_E_CONFIG, "Orthanc's configuration is not a JSON object");
    else
        status = read_section(json_object_get(root, "Medtl"), &parsed, err);
    json_decref(root);
    if (status != MEDTL_OK)
        medtl_orthanc_settings_clear(&parsed);
    *out = parsed;
    return status;
}

void medtl_orthanc_settings_clear(medtl_orthanc_settings *given)
{
    for (size_t i = 0; i < given->task_count; i++)
        free(given->tasks[i]);
    free(given->tasks);
    memset(given, 0, sizeof *given);
}

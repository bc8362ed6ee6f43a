/* A configuration: its tasks in order, and the attributes that their rules look at. */
#include "medtl/config.h"

#include "document.h"
#include "task_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TASK_LIMIT = 256 };

/* Where a keyword stands first; borrowed from its task. */
typedef struct place {
    const char *file;
    long line;
} place;

struct medtl_config {
    medtl_task_entry *entries[TASK_LIMIT];
    size_t entry_count;
    const char **keywords; /* borrowed from the rules */
    place *places;         /* as many as keywords */
    size_t keyword_count;
};

/* ---- loading -------------------------------------------------------------------------- */

static medtl_status add_file(medtl_config *config, const char *path, xmlSchema *schema,
                             medtl_error *err)
{
    medtl_task_entry *entry = NULL;
    const medtl_task *other;
    medtl_status status;

    if (config->entry_count == TASK_LIMIT)
        return medtl_fail(err, MEDTL_E_CONFIG, "%s:1: more than %d tasks", path, TASK_LIMIT);
    status = medtl_task_read(path, schema, &entry, err);
    if (status != MEDTL_OK)
        return status;
    other = medtl_config_find_task(config, entry->task.name);
    if (other != NULL) {
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s:1: the task \"%s\" is already in %s", path,
                            entry->task.name, other->file);
        medtl_task_entry_destroy(entry);
        return status;
    }
    config->entries[config->entry_count++] = entry;
    return MEDTL_OK;
}

static int is_task_file(const struct dirent *item)
{
    const size_t length = strlen(item->d_name);

    return item->d_name[0] != '.' && length > 4 && strcmp(item->d_name + length - 4, ".xml") == 0;
}

/* Sorted by bytes, not by the host's locale: the order decides which task comes first. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static medtl_status add_folder(medtl_config *config, const char *folder, xmlSchema *schema,
                               medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    struct dirent **items = NULL;
    const int count = scandir(folder, &items, is_task_file, by_bytes);

    if (count < 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot list this folder: %s", folder,
                          strerror(errno));
    if (count == 0)
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s: no task (*.xml) in this folder", folder);
    for (int i = 0; i < count; i++) {
        char *path = NULL;

        if (status == MEDTL_OK && asprintf(&path, "%s/%s", folder, items[i]->d_name) < 0)
            status = medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", folder);
        else if (status == MEDTL_OK)
            status = add_file(config, path, schema, err);
        free(path);
        free(items[i]);
    }
    free(items);
    return status;
}

static medtl_status add_path(medtl_config *config, const char *path, xmlSchema *schema,
                             medtl_error *err)
{
    struct stat facts;

    if (stat(path, &facts) != 0)
        return medtl_fail(err, MEDTL_E_IO, "%s: cannot open: %s", path, strerror(errno));
    return S_ISDIR(facts.st_mode) ? add_folder(config, path, schema, err)
                                  : add_file(config, path, schema, err);
}

static medtl_status add_defaults(medtl_config *config, xmlSchema *schema, medtl_error *err)
{
    char data[4096], tasks[4200];
    const medtl_status status = medtl_config_data_folder(data, sizeof data, err);

    if (status != MEDTL_OK)
        return status;
    (void)snprintf(tasks, sizeof tasks, "%s/tasks", data);
    return add_folder(config, tasks, schema, err);
}

/* Attributes that medtl derives are no DICOM keywords; they start in lower case. */
static void add_keyword(medtl_config *config, const char *file, const medtl_rule *condition)
{
    const char *attribute = condition->attribute;

    if (attribute[0] < 'A' || attribute[0] > 'Z')
        return;
    for (size_t i = 0; i < config->keyword_count; i++)
        if (strcmp(config->keywords[i], attribute) == 0)
            return;
    config->places[config->keyword_count] = (place){file, condition->line};
    config->keywords[config->keyword_count++] = attribute;
}

typedef struct collector {
    medtl_config *config;
    const char *file; /* of the task at hand */
} collector;

static void collect_keyword(void *context, const medtl_rule *condition)
{
    const collector *c = context;

    add_keyword(c->config, c->file, condition);
}

static void count_condition(void *context, const medtl_rule *condition)
{
    (void)condition;
    ++*(size_t *)context;
}

static medtl_status collect_keywords(medtl_config *config, medtl_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < config->entry_count; i++)
        medtl_rule_conditions(&config->entries[i]->take, count_condition, &count);
    config->keywords = calloc(count + 1, sizeof *config->keywords);
    config->places = calloc(count + 1, sizeof *config->places);
    if (config->keywords == NULL || config->places == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a configuration");
    for (size_t i = 0; i < config->entry_count; i++) {
        collector c = {config, config->entries[i]->task.file};

        medtl_rule_conditions(&config->entries[i]->take, collect_keyword, &c);
    }
    return MEDTL_OK;
}

medtl_status medtl_config_load(const char *const *paths, size_t count, medtl_config **out,
                               medtl_error *err)
{
    medtl_config *config = calloc(1, sizeof *config);
    xmlSchema *schema = NULL;
    medtl_status status = MEDTL_OK;

    *out = NULL;
    if (config == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a configuration");
    status = medtl_document_schema(MEDTL_DOCUMENT_TASK, &schema, err);
    if (status == MEDTL_OK && count == 0)
        status = add_defaults(config, schema, err);
    for (size_t i = 0; status == MEDTL_OK && i < count; i++)
        status = add_path(config, paths[i], schema, err);
    if (status == MEDTL_OK)
        status = collect_keywords(config, err);
    if (status == MEDTL_OK) {
        *out = config;
        config = NULL;
    }
    xmlSchemaFree(schema);
    medtl_config_destroy(config);
    return status;
}

void medtl_config_destroy(medtl_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->entry_count; i++)
        medtl_task_entry_destroy(config->entries[i]);
    free(config->keywords);
    free(config->places);
    free(config);
}

/* ---- asking --------------------------------------------------------------------------- */

size_t medtl_config_task_count(const medtl_config *config) { return config->entry_count; }

const medtl_task *medtl_config_task(const medtl_config *config, size_t index)
{
    return index < config->entry_count ? &config->entries[index]->task : NULL;
}

const medtl_task *medtl_config_find_task(const medtl_config *config, const char *name)
{
    for (size_t i = 0; i < config->entry_count; i++)
        if (strcmp(config->entries[i]->task.name, name) == 0)
            return &config->entries[i]->task;
    return NULL;
}

const char *const *medtl_config_keywords(const medtl_config *config, size_t *count)
{
    *count = config->keyword_count;
    return config->keywords;
}

const char *medtl_config_keyword_place(const medtl_config *config, size_t index, long *line)
{
    *line = config->places[index].line;
    return config->places[index].file;
}

bool medtl_task_accepts(const medtl_task *task, medtl_attribute_lookup lookup, const void *context,
                        char *reason, size_t reason_size)
{
    const medtl_task_entry *entry = (const medtl_task_entry *)(const void *)task;
    const medtl_subject subject = {lookup, context};

    return medtl_rule_holds(&entry->take, &subject, reason, reason_size);
}

const medtl_task *medtl_config_match(const medtl_config *config, medtl_attribute_lookup lookup,
                                     const void *context, char *reason, size_t reason_size)
{
    size_t used = 0;

    for (size_t i = 0; i < config->entry_count; i++) {
        const medtl_task *task = &config->entries[i]->task;
        char why[1024];

        if (medtl_task_accepts(task, lookup, context, why, sizeof why)) {
            (void)snprintf(reason, reason_size, "%s", why);
            return task;
        }
        if (used < reason_size)
            used += (size_t)snprintf(reason + used, reason_size - used, "%s%s: %s",
                                     i == 0 ? "" : "; ", task->name, why);
    }
    return NULL;
}

#include "deidentify_list.h"

#include "dicom/deidentify/deidentify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[DEIDENTIFY_OUTCOME_COUNT] = {"written", "double", "refused",
                                                                    "failed", "ignored"};

static const struct {
    unsigned doubt;
    const char *name;
} doubt_names[] = {
    {MEDTL_DOUBT_BURNED_IN, "burned-in"},
    {MEDTL_DOUBT_BURNED_IN_UNSAID, "burned-in-unsaid"},
    {MEDTL_DOUBT_RECOGNISABLE, "recognisable"},
};
enum { DOUBT_COUNT = sizeof doubt_names / sizeof doubt_names[0] };

deidentify_entry *deidentify_list_add(deidentify_list *list, const char *path,
                                      deidentify_outcome outcome, const char *reason)
{
    deidentify_entry *entry;

    if (list->count == list->room) {
        const size_t room = list->room > 0 ? 2 * list->room : 256;
        deidentify_entry *larger = realloc(list->entries, room * sizeof *larger);

        if (larger == NULL)
            return NULL;
        list->entries = larger;
        list->room = room;
    }
    entry = &list->entries[list->count];
    memset(entry, 0, sizeof *entry);
    entry->outcome = outcome;
    entry->path = strdup(path);
    entry->reason = reason != NULL ? strdup(reason) : NULL;
    if (entry->path == NULL || (reason != NULL && entry->reason == NULL)) {
        free(entry->path);
        free(entry->reason);
        return NULL;
    }
    list->count++;
    return entry;
}

void deidentify_list_clear(deidentify_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->entries[i].path);
        free(list->entries[i].output);
        free(list->entries[i].reason);
    }
    free(list->entries);
    memset(list, 0, sizeof *list);
}

size_t deidentify_list_outcomes(const deidentify_list *list, deidentify_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += list->entries[i].outcome == outcome;
    return count;
}

/* Paths are bytes as the system has them: those that are no UTF-8 are written as "%XX". */
static json_t *path_text(const char *path)
{
    json_t *whole = json_string(path);
    char *clean;
    size_t used = 0;

    if (whole != NULL)
        return whole;
    clean = malloc(3 * strlen(path) + 1);
    if (clean == NULL)
        return NULL;
    for (const unsigned char *s = (const unsigned char *)path; *s != '\0'; s++)
        used += (size_t)sprintf(clean + used, *s < 0x80 ? "%c" : "%%%02X", *s);
    whole = json_string(clean);
    free(clean);
    return whole;
}

static json_t *entry_json(const deidentify_entry *entry)
{
    json_t *object = json_object();
    json_t *doubts = json_array();

    json_object_set_new(object, "path", path_text(entry->path));
    json_object_set_new(object, "outcome", json_string(outcome_names[entry->outcome]));
    if (entry->output != NULL)
        json_object_set_new(object, "output", path_text(entry->output));
    if (entry->reason != NULL)
        json_object_set_new(object, "reason", path_text(entry->reason));
    for (size_t i = 0; i < DOUBT_COUNT; i++)
        if ((entry->doubts & doubt_names[i].doubt) != 0)
            json_array_append_new(doubts, json_string(doubt_names[i].name));
    json_object_set_new(object, "doubts", doubts);
    return object;
}

medtl_status deidentify_list_json(const deidentify_list *list, char **text, medtl_error *err)
{
    json_t *root = json_object(), *files = json_array(), *summary = json_object();

    for (size_t i = 0; i < DEIDENTIFY_OUTCOME_COUNT; i++)
        json_object_set_new(
            summary, outcome_names[i],
            json_integer((json_int_t)deidentify_list_outcomes(list, (deidentify_outcome)i)));
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(files, entry_json(&list->entries[i]));
    json_object_set_new(root, "summary", summary);
    json_object_set_new(root, "files", files);
    *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return *text != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for JSON");
}

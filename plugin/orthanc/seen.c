#include "seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

medtl_status medtl_id_list_add(medtl_id_list *list, const char *id, medtl_error *err)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        void *grown = realloc(list->ids, capacity * sizeof *list->ids);

        if (grown == NULL)
            return medtl_fail(err, MEDTL_E_MEMORY, "list of %zu instances", capacity);
        list->ids = grown;
        list->capacity = capacity;
    }
    memset(list->ids[list->count], 0, sizeof *list->ids);
    (void)snprintf(list->ids[list->count++], sizeof *list->ids, "%s", id);
    return MEDTL_OK;
}

void medtl_id_list_clear(medtl_id_list *list)
{
    free(list->ids);
    memset(list, 0, sizeof *list);
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void digest_of(medtl_id_list *instances, char digest[MEDTL_SHA256_TEXT_SIZE])
{
    if (instances->count > 1)
        qsort(instances->ids, instances->count, sizeof *instances->ids, by_name);
    medtl_sha256_text(instances->ids, instances->count * sizeof *instances->ids, digest);
}

static size_t place_of(const medtl_seen *seen, const char *study)
{
    size_t i = 0;

    while (i < MEDTL_SEEN_STUDIES && strcmp(seen->studies[i].study, study) != 0)
        i++;
    return i;
}

bool medtl_seen_same(const medtl_seen *seen, const char *study, medtl_id_list *instances)
{
    const size_t place = place_of(seen, study);
    char digest[MEDTL_SHA256_TEXT_SIZE];

    if (place == MEDTL_SEEN_STUDIES)
        return false;
    digest_of(instances, digest);
    return strcmp(seen->studies[place].digest, digest) == 0;
}

void medtl_seen_remember(medtl_seen *seen, const char *study, medtl_id_list *instances)
{
    size_t place = place_of(seen, study);

    if (place == MEDTL_SEEN_STUDIES) {
        place = seen->next;
        seen->next = (seen->next + 1) % MEDTL_SEEN_STUDIES;
        (void)snprintf(seen->studies[place].study, sizeof seen->studies[place].study, "%s", study);
    }
    digest_of(instances, seen->studies[place].digest);
}

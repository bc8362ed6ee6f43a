/* Which instances a study had when it was last classified, so that the stable event that our own
 * report sets off costs nothing. One thread. Knows no Orthanc SDK. */
#ifndef MEDTL_ORTHANC_SEEN_H
#define MEDTL_ORTHANC_SEEN_H

#include "core/base/digest.h"
#include "queue.h"

enum { MEDTL_SEEN_STUDIES = 512 }; /* remembered; an older one is just looked at again */

/** Orthanc's identifiers of instances. */
typedef struct medtl_id_list {
    char (*ids)[MEDTL_STUDY_ID_SIZE];
    size_t count, capacity;
} medtl_id_list;

medtl_status medtl_id_list_add(medtl_id_list *list, const char *id, medtl_error *err);
void medtl_id_list_clear(medtl_id_list *list);

typedef struct medtl_seen {
    struct {
        char study[MEDTL_STUDY_ID_SIZE];
        char digest[MEDTL_SHA256_TEXT_SIZE];
    } studies[MEDTL_SEEN_STUDIES];
    size_t next; /* to be overwritten */
} medtl_seen;

/** Had the study exactly these instances, in whatever order? Sorts the list. */
bool medtl_seen_same(const medtl_seen *seen, const char *study, medtl_id_list *instances);
void medtl_seen_remember(medtl_seen *seen, const char *study, medtl_id_list *instances);

#endif

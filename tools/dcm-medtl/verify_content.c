/* Two reports item by item: whatever was not compared by itself, findings, sentences, regions and codes. */
#include "verify.h"

#include <string.h>

static bool same_code(const medtl_code *a, const medtl_code *b)
{
    return strcmp(a->value, b->value) == 0 && strcmp(a->scheme, b->scheme) == 0 &&
           strcmp(a->meaning, b->meaning) == 0;
}

/* Numbers in percent were compared already, with a tolerance. */
static bool same_item(const medtl_content_item *a, const medtl_content_item *b)
{
    const bool percentage = strcmp(a->type, "NUM") == 0 && strcmp(a->code.value, "%") == 0;

    return strcmp(a->position, b->position) == 0 && strcmp(a->relationship, b->relationship) == 0 &&
           strcmp(a->type, b->type) == 0 && same_code(&a->name, &b->name) &&
           same_code(&a->code, &b->code) && (percentage || strcmp(a->text, b->text) == 0) &&
           strcmp(a->sop_instance_uid, b->sop_instance_uid) == 0 &&
           strcmp(a->frames, b->frames) == 0 && strcmp(a->graphic_type, b->graphic_type) == 0 &&
           a->coordinate_count == b->coordinate_count && a->target == b->target &&
           (a->coordinate_count == 0 || memcmp(a->coordinates, b->coordinates,
                                               a->coordinate_count * sizeof *a->coordinates) == 0);
}

void verify_content(const medtl_document *report, const medtl_document *again, verify_check *check)
{
    size_t then_count = 0, now_count = 0;
    const medtl_content_item *then = medtl_document_items(report, &then_count);
    const medtl_content_item *now = medtl_document_items(again, &now_count);

    if (then_count != now_count) {
        verify_say(check, VERIFY_DIFFERS, "%zu content items, recomputed %zu", then_count,
                   now_count);
        return;
    }
    for (size_t i = 0; i < then_count; i++)
        if (!same_item(&then[i], &now[i])) {
            verify_say(check, VERIFY_DIFFERS, "content item %s (%s) says something else",
                       then[i].position, then[i].name.meaning);
            return;
        }
    verify_say(check, VERIFY_AGREES, "%zu content items", then_count);
}

/* One exposure is often stored twice: as the detector counted it (For Processing) and as a workstation shows it (For
 * Presentation). A task that prefers one of them gets each exposure once. */
#include "batch.h"

#include <string.h>

static bool same_text(const char *a, const char *b) { return a[0] != '\0' && strcmp(a, b) == 0; }

/* Is `made` an image of the exposure that `other` is one of? What tells exposures apart counts in the order of its
 * certainty; where both say nothing, the same view of the same breast taken in the same way is one exposure. */
static bool same_exposure(const medtl_facts *made, const medtl_facts *other)
{
    if (same_text(made->source_sop_instance_uid, other->sop_instance_uid) ||
        same_text(other->source_sop_instance_uid, made->sop_instance_uid))
        return true;
    if (made->kind != other->kind || made->laterality != other->laterality ||
        strcmp(made->view.value, other->view.value) != 0 ||
        made->view_modifiers != other->view_modifiers)
        return false;
    if (made->irradiation_event_uid[0] != '\0' && other->irradiation_event_uid[0] != '\0')
        return strcmp(made->irradiation_event_uid, other->irradiation_event_uid) == 0;
    if (made->laterality == MEDTL_LATERALITY_NONE || made->view.value[0] == '\0')
        return false;
    if (made->acquired[0] != '\0' && other->acquired[0] != '\0')
        return strcmp(made->acquired, other->acquired) == 0;
    return true;
}

/* An image without facts is only listed: no task takes it. */
static bool is_second_choice(const medtl_facts *facts, medtl_intent preferred)
{
    return facts != NULL && preferred != MEDTL_INTENT_UNKNOWN &&
           facts->intent != MEDTL_INTENT_UNKNOWN && facts->intent != preferred;
}

/* With equal Study Instance UIDs, too, two patients have no exposure in common. */
static bool shows_same(const medtl_item *made, const medtl_item *other)
{
    return made->patient != NULL && other->patient != NULL &&
           medtl_patient_is_same(made->patient, other->patient) &&
           same_exposure(made->facts, other->facts);
}

/* The item of the preferred intent that shows the same exposure, among items of one study and task. */
static size_t find_preferred(const medtl_batch *batch, const size_t *taken, size_t count,
                             const medtl_item *item, medtl_intent preferred)
{
    for (size_t i = 0; i < count; i++) {
        const medtl_item *other = batch->items[taken[i]];

        if (other->facts != NULL && other->facts->intent == preferred && shows_same(other, item))
            return taken[i];
    }
    return MEDTL_NONE;
}

static bool same_group(const medtl_item *a, const medtl_item *b)
{
    return a->task == b->task && strcmp(a->study, b->study) == 0;
}

size_t medtl_batch_set_duplicates_apart(medtl_batch *batch, size_t *taken, size_t count)
{
    size_t end, kept = 0;

    for (size_t first = 0; first < count; first = end) {
        const medtl_item *head = batch->items[taken[first]];
        const medtl_intent preferred =
            medtl_pipeline_task(batch->pipeline, head->task)->preferred_intent;

        for (end = first + 1; end < count && same_group(head, batch->items[taken[end]]); end++)
            ;
        for (size_t i = first; i < end; i++) {
            medtl_item *item = batch->items[taken[i]];

            if (is_second_choice(item->facts, preferred))
                item->duplicate_of =
                    find_preferred(batch, taken + first, end - first, item, preferred);
        }
        /* Only now: while one is looked for, the whole study must be there. */
        for (size_t i = first; i < end; i++)
            if (batch->items[taken[i]]->duplicate_of == MEDTL_NONE)
                taken[kept++] = taken[i];
    }
    return kept;
}

void medtl_batch_link_duplicates(medtl_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        size_t last = batch->items[i]->duplicate_of;

        if (last == MEDTL_NONE)
            continue;
        while (batch->items[last]->next_copy != MEDTL_NONE)
            last = batch->items[last]->next_copy;
        batch->items[last]->next_copy = i;
    }
}

/* What of a report is compared: its images and its probabilities, each under a key that does not depend on where
 * it stands, since probabilities are sorted by size and images that are missing shift the others. */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

static const char ILLUSTRATION[] = "121200"; /* (DCM) Illustration of ROI: a picture of ours */

static bool is_type(const medtl_content_item *item, const char *type)
{
    return strcmp(item->type, type) == 0;
}

static medtl_status out_of_memory(medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_MEMORY, "out of memory while comparing reports");
}

/* Takes the key. */
static medtl_status add(verify_values *to, char *key, const medtl_content_item *item,
                        medtl_error *err)
{
    verify_value *grown = NULL;

    if (key != NULL)
        grown = realloc(to->values, (to->count + 1) * sizeof *grown);
    if (grown == NULL) {
        free(key);
        return out_of_memory(err);
    }
    to->values = grown;
    to->values[to->count++] = (verify_value){.key = key, .item = item};
    return MEDTL_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const verify_value *)a)->key, ((const verify_value *)b)->key);
}

static void sort(verify_values *values)
{
    if (values->count > 1)
        qsort(values->values, values->count, sizeof *values->values, compare);
}

static void make_unique(verify_values *values)
{
    size_t kept = 0;

    for (size_t i = 0; i < values->count; i++)
        if (kept > 0 && strcmp(values->values[kept - 1].key, values->values[i].key) == 0)
            free(values->values[i].key);
        else
            values->values[kept++] = values->values[i];
    values->count = kept;
}

/* ---- images ------------------------------------------------------------------------------- */

static char *image_key(const medtl_content_item *image)
{
    char *key = NULL;
    const bool one = image->frames[0] == '\0';

    return asprintf(&key, "%s%s%s", image->sop_instance_uid, one ? "" : " frame ", image->frames) <
                   0
               ? NULL
               : key;
}

medtl_status verify_images(const medtl_document *document, verify_values *out, medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(document, &count);

    *out = (verify_values){.count = 0};
    for (size_t i = 0; i < count && status == MEDTL_OK; i++)
        if (is_type(&items[i], "IMAGE") && strcmp(items[i].name.value, ILLUSTRATION) != 0)
            status = add(out, image_key(&items[i]), &items[i], err);
    sort(out);
    make_unique(out);
    return status;
}

/* ---- probabilities ------------------------------------------------------------------------ */

/* The first image below an item, or that something below it refers to; NULL: none. */
static const medtl_content_item *image_below(const medtl_content_item *items, size_t count,
                                             size_t root)
{
    for (size_t i = root + 1; i < count && items[i].depth > items[root].depth; i++) {
        const medtl_content_item *item =
            items[i].target == MEDTL_NO_CONTENT_ITEM ? &items[i] : &items[items[i].target];

        if (is_type(item, "IMAGE") && strcmp(item->name.value, ILLUSTRATION) != 0)
            return item;
    }
    return NULL;
}

static size_t parent_of(const medtl_content_item *items, size_t index)
{
    size_t parent = index;

    while (parent > 0 && items[parent].depth >= items[index].depth)
        parent--;
    return parent;
}

/* Image, concept, and every code that says what the number is of: class, side, derivation. The numbers of the exam
 * stand in a section that has no image. */
static char *number_key(const medtl_content_item *items, size_t count, size_t index)
{
    const size_t group = parent_of(items, index);
    const medtl_content_item *image = image_below(items, count, group);
    char *key = NULL, *of = image != NULL ? image_key(image) : strdup("exam");
    size_t size = 0;
    FILE *stream = of != NULL ? open_memstream(&key, &size) : NULL;

    if (stream != NULL) {
        fprintf(stream, "%s, %s", of, items[index].name.meaning);
        for (size_t i = index + 1; i < count && items[i].depth > items[index].depth; i++)
            if (is_type(&items[i], "CODE"))
                fprintf(stream, ", %s", items[i].code.meaning);
        if (fclose(stream) != 0) {
            free(key);
            key = NULL;
        }
    }
    free(of);
    return key;
}

/* "Image 3 L MLO: ..." of an image, whose number depends on the others; "Left breast: ..." else. */
static char *sentence_key(const medtl_content_item *items, size_t count, size_t index)
{
    const medtl_content_item *image = image_below(items, count, index);
    const char *colon = strchr(items[index].text, ':');

    if (image != NULL)
        return image_key(image);
    return strndup(items[index].text, colon != NULL ? (size_t)(colon - items[index].text) : 0);
}

static bool is_percentage(const medtl_content_item *item)
{
    return is_type(item, "NUM") && strcmp(item->code.value, "%") == 0;
}

/* Of a report that has no numbers: "...: Malignant 93.21 % (...)". */
static bool is_sentence(const medtl_content_item *item)
{
    return is_type(item, "TEXT") && strstr(item->text, " %") != NULL;
}

medtl_status verify_probabilities(const medtl_document *document, verify_values *out,
                                  medtl_error *err)
{
    medtl_status status = MEDTL_OK;
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(document, &count);

    *out = (verify_values){.count = 0};
    for (size_t i = 0; i < count && status == MEDTL_OK; i++)
        if (is_percentage(&items[i]))
            status = add(out, number_key(items, count, i), &items[i], err);
    if (out->count == 0)
        for (size_t i = 0; i < count && status == MEDTL_OK; i++)
            if (is_sentence(&items[i]))
                status = add(out, sentence_key(items, count, i), &items[i], err);
    sort(out);
    return status;
}

void verify_values_clear(verify_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        free(values->values[i].key);
    free(values->values);
    *values = (verify_values){.count = 0};
}

#include "sr_statements.h"

#include <stdlib.h>
#include <string.h>

enum { NO_ITEM = -1 };

typedef struct reader {
    const medtl_document *document;
    const medtl_content_item *items;
    size_t count;
    int *parents; /* [count]; NO_ITEM of the root */
    size_t *ends; /* [count] the index behind the last item of each subtree */
    const sr_codes *codes;
    sr_sink sink;
    void *context;
} reader;

typedef struct concept {
    const char *value, *scheme;
}
concept;

static const concept findings[] = {
    {"121071", "DCM"},    /* Finding */
    {"121073", "DCM"},    /* Impression */
    {"121077", "DCM"},    /* Conclusion */
    {"111005", "DCM"},    /* Assessment Category */
    {"111042", "DCM"},    /* Pathology */
    {"111468", "DCM"},    /* Pathology Results */
    {"111059", "DCM"},    /* Single Image Finding */
    {"111015", "DCM"},    /* Composite Feature */
    {"439401001", "SCT"}, /* Diagnosis */
    {"R-00257", "SRT"},   /* Diagnosis, before 2018 */
    {"29308-4", "LN"},    /* Diagnosis */
    {"404684003", "SCT"}, /* Clinical finding */
    {"276214006", "SCT"}, /* Finding category */
};
static const concept groups[] = {{"125007", "DCM"} /* Measurement Group */,
                                 {"111059", "DCM"} /* Single Image Finding */};
static const concept illustrations[] = {{"121080", "DCM"} /* Best illustration of finding */,
                                        {"121200", "DCM"} /* Illustration of ROI */};
static const concept absent[] = {{"2667000", "SCT"}, {"R-4089A", "SRT"}};
static const concept left[] = {
    {"7771000", "SCT"}, {"80248007", "SCT"}, {"G-A101", "SRT"}, {"T-04030", "SRT"}};
static const concept right[] = {
    {"24028007", "SCT"}, {"73056007", "SCT"}, {"G-A100", "SRT"}, {"T-04020", "SRT"}};
static const concept observer_type = {"121005", "DCM"}, device = {"121007", "DCM"},
                     algorithm_name = {"111001", "DCM"};

static bool is(const medtl_code *code, concept what)
{
    return strcmp(code->value, what.value) == 0 && strcmp(code->scheme, what.scheme) == 0;
}

static bool is_among(const medtl_code *code, const concept *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is(code, list[i]))
            return true;
    return false;
}

#define IS_AMONG(code, list) is_among(code, list, sizeof(list) / sizeof((list)[0]))

static bool is_group(const reader *r, size_t item)
{
    return IS_AMONG(&r->items[item].name, groups);
}

/* The object that an item refers to, itself or by reference. NULL: none, or one that only illustrates. */
static const char *image_of(const reader *r, size_t item)
{
    const medtl_content_item *it = &r->items[item];

    if (IS_AMONG(&it->name, illustrations))
        return NULL;
    if (it->target != MEDTL_NO_CONTENT_ITEM)
        it = &r->items[it->target];
    return strcmp(it->type, "IMAGE") == 0 && it->sop_instance_uid[0] != '\0' ? it->sop_instance_uid
                                                                             : NULL;
}

static medtl_laterality side_in(const reader *r, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        if (strcmp(r->items[i].type, "CODE") != 0)
            continue;
        if (IS_AMONG(&r->items[i].code, left))
            return MEDTL_LATERALITY_LEFT;
        if (IS_AMONG(&r->items[i].code, right))
            return MEDTL_LATERALITY_RIGHT;
    }
    return MEDTL_LATERALITY_NONE;
}

/* Among the children of the items around `item`, the nearest first: who observed? */
static bool by_device(const reader *r, size_t item)
{
    for (int a = (int)item; a != NO_ITEM; a = r->parents[a])
        for (size_t i = (size_t)a + 1, end = r->ends[a]; i < end; i = r->ends[i]) {
            if (is(&r->items[i].name, observer_type))
                return is(&r->items[i].code, device);
            if (is(&r->items[i].name, algorithm_name))
                return true;
        }
    return false;
}

/* Mammography and chest CAD (PS3.4 B.5) are algorithms' by their SOP class. What a person verified is the person's. */
static bool is_persons(const reader *r, size_t item)
{
    const medtl_document_facts *facts = medtl_document_get_facts(r->document);
    const bool cad = strcmp(facts->sop_class_uid, "1.2.840.10008.5.1.4.1.1.88.50") == 0 ||
                     strcmp(facts->sop_class_uid, "1.2.840.10008.5.1.4.1.1.88.65") == 0;

    return strcmp(facts->verification, "VERIFIED") == 0 || (!cad && !by_device(r, item));
}

/* Say it of each image from `from` to `end`, groups other than those around `item` left out.
 * @return how many images there are. */
static medtl_status say_within(const reader *r, size_t around, size_t item, int of_class,
                               medtl_laterality side, size_t *images)
{
    const size_t end = r->ends[around];
    const sr_statement common = {
        .of_class = of_class, .by_person = is_persons(r, item), .side = side};
    medtl_status status = MEDTL_OK;

    for (size_t i = around; i < end && status == MEDTL_OK;) {
        const bool other_group =
            around > 0 && i != around && is_group(r, i) && !(item >= i && item < r->ends[i]);
        sr_statement statement = common;

        if (other_group) {
            i = r->ends[i];
            continue;
        }
        statement.sop_instance_uid = image_of(r, i++);
        if (statement.sop_instance_uid == NULL)
            continue;
        (*images)++;
        status = r->sink(r->context, &statement, NULL);
    }
    return status;
}

/* Outwards until there are images; out of a measurement group the way ends. */
static medtl_status say(const reader *r, size_t item, int of_class)
{
    const medtl_laterality side = side_in(r, item + 1, r->ends[item]);
    medtl_status status = MEDTL_OK;
    size_t images = 0;

    for (int a = (int)item; a != NO_ITEM && images == 0 && status == MEDTL_OK; a = r->parents[a]) {
        status = say_within(r, (size_t)a, item, of_class, side, &images);
        if (is_group(r, (size_t)a))
            break;
    }
    return status;
}

static bool is_denied(const reader *r, size_t item)
{
    for (size_t i = item + 1, end = r->ends[item]; i < end; i++)
        if (strcmp(r->items[i].type, "CODE") == 0 && IS_AMONG(&r->items[i].code, absent))
            return true;
    return false;
}

static int class_of(const reader *r, size_t item)
{
    const medtl_content_item *it = &r->items[item];

    if (!IS_AMONG(&it->name, findings) || is_denied(r, item))
        return SR_NO_LABEL;
    if (strcmp(it->type, "TEXT") == 0)
        return sr_codes_find_text(r->codes, it->text);
    return strcmp(it->type, "CODE") == 0 ? sr_codes_find(r->codes, &it->code) : SR_NO_LABEL;
}

/* A modifier of a number is not a finding of its own. */
static bool modifies_number(const reader *r, size_t item)
{
    const int parent = r->parents[item];

    return parent != NO_ITEM && strcmp(r->items[parent].type, "NUM") == 0;
}

/* The most probable class of a group that names none. */
static medtl_status say_probable(const reader *r, size_t group)
{
    const size_t end = r->ends[group];
    int best = SR_NOT_MAPPED;
    double most = -1.0;

    for (size_t i = group + 1; i < end; i++) {
        const medtl_content_item *number = r->items + (r->parents[i] > 0 ? r->parents[i] : 0);
        const int found = class_of(r, i);

        if (found >= 0 && !modifies_number(r, i))
            return MEDTL_OK; /* says it itself */
        if (found < 0 || strcmp(number->code.value, "%") != 0)
            continue;
        const double percent = number->has_exact ? number->exact : strtod(number->text, NULL);
        if (percent > most) {
            most = percent;
            best = found;
        }
    }
    return best >= 0 ? say(r, group, best) : MEDTL_OK;
}

static medtl_status read_item(const reader *r, size_t item)
{
    const int found = modifies_number(r, item) ? SR_NO_LABEL : class_of(r, item);

    if (is_group(r, item) && strcmp(r->items[item].type, "CONTAINER") == 0)
        return say_probable(r, item);
    if (found >= 0)
        return say(r, item, found);
    if (found == SR_NOT_MAPPED && strcmp(r->items[item].type, "CODE") == 0)
        return r->sink(r->context, NULL, &r->items[item].code);
    return MEDTL_OK;
}

/* From depths in document order to parents and subtrees. */
static void find_structure(reader *r)
{
    int open = NO_ITEM; /* the item whose subtree is being read */

    for (size_t i = 0; i < r->count; i++) {
        while (open != NO_ITEM && r->items[open].depth >= r->items[i].depth) {
            r->ends[open] = i;
            open = r->parents[open];
        }
        r->parents[i] = open;
        open = (int)i;
    }
    for (; open != NO_ITEM; open = r->parents[open])
        r->ends[open] = r->count;
}

medtl_status sr_statements(const medtl_document *document, const sr_codes *codes, sr_sink sink,
                           void *context, medtl_error *err)
{
    reader r = {.document = document, .codes = codes, .sink = sink, .context = context};
    medtl_status status = MEDTL_OK;

    r.items = medtl_document_items(document, &r.count);
    r.parents = malloc(r.count * sizeof *r.parents);
    r.ends = malloc(r.count * sizeof *r.ends);
    if (r.parents == NULL || r.ends == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu content items", r.count);
    else
        find_structure(&r);
    for (size_t i = 0; i < r.count && status == MEDTL_OK; i++)
        status = read_item(&r, i);
    free(r.parents);
    free(r.ends);
    return status;
}

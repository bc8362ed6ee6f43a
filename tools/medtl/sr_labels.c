#include "sr_labels.h"

#include "labels.h"
#include "options.h"
#include "progress.h"
#include "sr_statements.h"

#include "medtl/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One report's word on one image. */
typedef struct word {
    size_t image, report;
    int of_class;
    bool by_person;
} word;

typedef struct reader {
    const sr_labels_options *options;
    const sr_codes *codes;
    sr_labels *l;
    const sr_image **by_uid; /* [l->image_count], sorted */
    word *words;
    size_t word_count, word_room;
    char **superseded; /* SOP Instance UIDs, owned */
    size_t superseded_count, superseded_room;
    size_t report; /* that is being read */
} reader;

/* Room for one more. @return false without memory. */
static bool grow(void **array, size_t count, size_t *room, size_t size)
{
    const size_t larger = *room > 0 ? 2 * *room : 64;
    void *moved;

    if (count < *room)
        return true;
    moved = realloc(*array, larger * size);
    if (moved == NULL)
        return false;
    *array = moved;
    *room = larger;
    return true;
}

static medtl_status no_memory(medtl_error *err)
{
    return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
}

/* ---- what there is ----------------------------------------------------------------------- */

static char *value_of(const medtl_instance *instance, const char *keyword)
{
    const char *value = medtl_instance_value(instance, keyword);

    return strdup(value != NULL ? value : "");
}

/* Patient ID and its issuer, else the name; a patient without both is known by the study alone. */
static char *patient_of(const medtl_instance *instance)
{
    char *id = value_of(instance, "PatientID"), *issuer = value_of(instance, "IssuerOfPatientID");
    char *name = value_of(instance, "PatientName"), *patient = NULL;

    if (id != NULL && issuer != NULL && name != NULL) {
        if (id[0] != '\0' && asprintf(&patient, "id %s\n%s", id, issuer) < 0)
            patient = NULL;
        else if (id[0] == '\0')
            patient = name[0] != '\0' ? strdup(name) : strdup("");
    }
    free(id);
    free(issuer);
    free(name);
    return patient;
}

static bool add_image(sr_labels *l, const char *path, const medtl_instance *instance)
{
    const medtl_facts *facts = medtl_instance_facts(instance);
    sr_image *image;

    if (!grow((void **)&l->images, l->image_count, &l->image_room, sizeof *l->images))
        return false;
    image = &l->images[l->image_count++];
    *image = (sr_image){.path = strdup(path),
                        .sop_instance_uid = strdup(facts->sop_instance_uid),
                        .patient = patient_of(instance),
                        .study = strdup(facts->study_instance_uid),
                        .tracking = strdup(facts->tracking_uid),
                        .side = facts->laterality,
                        .of_class = SR_NOT_MAPPED,
                        .report = SR_NO_REPORT};
    return image->path != NULL && image->sop_instance_uid != NULL && image->patient != NULL &&
           image->study != NULL && image->tracking != NULL;
}

static bool add_report(sr_labels *l, const char *path, const medtl_instance *instance)
{
    sr_report *report;

    if (!grow((void **)&l->reports, l->report_count, &l->report_room, sizeof *l->reports))
        return false;
    report = &l->reports[l->report_count++];
    *report =
        (sr_report){.path = strdup(path),
                    .sop_instance_uid = strdup(medtl_instance_facts(instance)->sop_instance_uid)};
    return report->path != NULL && report->sop_instance_uid != NULL;
}

static bool is_report(const medtl_facts *facts)
{
    static const char structured[] = "1.2.840.10008.5.1.4.1.1.88.";

    return strncmp(facts->sop_class_uid, structured, sizeof structured - 1) == 0;
}

static medtl_status on_file(void *context, medtl_scan_item *item)
{
    reader *r = context;
    const medtl_facts *facts = item->instance != NULL ? medtl_instance_facts(item->instance) : NULL;
    bool good = true;

    if (facts == NULL) {
        if (item->status != MEDTL_E_NOT_DICOM && item->status != MEDTL_E_UNSUPPORTED) {
            fprintf(stderr, "medtl: not used: %s: %s\n", item->path, item->reason);
            r->l->unreadable++;
        }
    } else if (is_report(facts)) {
        good = add_report(r->l, item->path, item->instance);
    } else if (facts->has_pixel_data && strcmp(facts->modality, "SEG") != 0 &&
               !medtl_report_is_ours(item->instance)) {
        good = add_image(r->l, item->path, item->instance);
    }
    medtl_instance_destroy(item->instance);
    return !good ? MEDTL_E_MEMORY : stop_wanted() ? MEDTL_E_CANCELLED : MEDTL_OK;
}

static int by_uid(const void *a, const void *b)
{
    const sr_image *x = *(const sr_image *const *)a, *y = *(const sr_image *const *)b;
    const int order = strcmp(x->sop_instance_uid, y->sop_instance_uid);

    return order != 0 ? order : (x > y) - (x < y); /* of copies the first path comes first */
}

static medtl_status index_images(reader *r, medtl_error *err)
{
    sr_labels *l = r->l;

    r->by_uid = malloc((l->image_count + 1) * sizeof *r->by_uid);
    if (r->by_uid == NULL)
        return no_memory(err);
    for (size_t i = 0; i < l->image_count; i++)
        r->by_uid[i] = &l->images[i];
    qsort(r->by_uid, l->image_count, sizeof *r->by_uid, by_uid);
    for (size_t i = 1; i < l->image_count; i++)
        if (strcmp(r->by_uid[i - 1]->sop_instance_uid, r->by_uid[i]->sop_instance_uid) == 0)
            l->images[r->by_uid[i] - l->images].left_out = "is a copy of another file";
    return MEDTL_OK;
}

/* The first file of an object. @return l->image_count where there is none. */
static size_t find_image(const reader *r, const char *uid)
{
    size_t low = 0, high = r->l->image_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (strcmp(r->by_uid[middle]->sop_instance_uid, uid) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->l->image_count && strcmp(r->by_uid[low]->sop_instance_uid, uid) == 0
               ? (size_t)(r->by_uid[low] - r->l->images)
               : r->l->image_count;
}

/* ---- what reports say --------------------------------------------------------------------- */

static medtl_status note_unmapped(sr_labels *l, const medtl_code *code)
{
    for (size_t i = 0; i < l->unmapped_count; i++)
        if (strcmp(l->unmapped[i].code.value, code->value) == 0 &&
            strcmp(l->unmapped[i].code.scheme, code->scheme) == 0) {
            l->unmapped[i].count++;
            return MEDTL_OK;
        }
    if (!grow((void **)&l->unmapped, l->unmapped_count, &l->unmapped_room, sizeof *l->unmapped))
        return MEDTL_E_MEMORY;
    l->unmapped[l->unmapped_count++] = (sr_unmapped){*code, 1};
    return MEDTL_OK;
}

static medtl_status on_statement(void *context, const sr_statement *statement,
                                 const medtl_code *unmapped)
{
    reader *r = context;
    size_t image;

    if (statement == NULL)
        return note_unmapped(r->l, unmapped);
    image = find_image(r, statement->sop_instance_uid);
    r->l->reports[r->report].by_person = statement->by_person;
    if (image == r->l->image_count || (statement->side != MEDTL_LATERALITY_NONE &&
                                       r->l->images[image].side != MEDTL_LATERALITY_NONE &&
                                       r->l->images[image].side != statement->side))
        return MEDTL_OK; /* not here, or of the other side */
    if (!grow((void **)&r->words, r->word_count, &r->word_room, sizeof *r->words))
        return MEDTL_E_MEMORY;
    r->words[r->word_count++] = (word){image, r->report, statement->of_class, statement->by_person};
    r->l->reports[r->report].statements++;
    return MEDTL_OK;
}

static medtl_status note_predecessors(reader *r, const medtl_document *document, medtl_error *err)
{
    size_t count;
    const char *const *uids = medtl_document_predecessors(document, &count);

    for (size_t i = 0; i < count; i++) {
        if (!grow((void **)&r->superseded, r->superseded_count, &r->superseded_room,
                  sizeof *r->superseded))
            return no_memory(err);
        r->superseded[r->superseded_count] = strdup(uids[i]);
        if (r->superseded[r->superseded_count++] == NULL)
            return no_memory(err);
    }
    return MEDTL_OK;
}

static medtl_status read_report(reader *r, size_t index, medtl_error *err)
{
    sr_report *report = &r->l->reports[index];
    medtl_document *document = NULL;
    medtl_error failure = {MEDTL_OK, ""};
    medtl_status status = medtl_document_read(report->path, &document, &failure);

    r->report = index;
    if (status != MEDTL_OK) {
        fprintf(stderr, "medtl: not used: %s\n", failure.message);
        report->unreadable = true;
        report->left_out = strdup("cannot be read");
        r->l->unreadable++;
        return status == MEDTL_E_MEMORY ? no_memory(err) : MEDTL_OK;
    }
    if ((status = note_predecessors(r, document, err)) == MEDTL_OK) {
        if (strcmp(medtl_document_get_facts(document)->completion, "PARTIAL") == 0)
            report->left_out = strdup("is not complete (Completion Flag PARTIAL)");
        else
            status = sr_statements(document, r->codes, on_statement, r, err);
    }
    medtl_document_destroy(document);
    return status == MEDTL_E_MEMORY ? no_memory(err) : status;
}

static bool is_superseded(const reader *r, const char *uid)
{
    for (size_t i = 0; i < r->superseded_count; i++)
        if (strcmp(r->superseded[i], uid) == 0)
            return true;
    return false;
}

static medtl_status read_reports(reader *r, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < r->l->report_count && status == MEDTL_OK; i++)
        status =
            stop_wanted() ? medtl_fail(err, MEDTL_E_CANCELLED, "stopped") : read_report(r, i, err);
    for (size_t i = 0; i < r->l->report_count && status == MEDTL_OK; i++) {
        sr_report *report = &r->l->reports[i];

        if (report->left_out == NULL && is_superseded(r, report->sop_instance_uid))
            report->left_out = strdup("another report took its place");
        else if (report->left_out == NULL && report->statements == 0)
            report->left_out = strdup("has no coded finding that is a class, of an image here");
    }
    return status;
}

/* ---- the decision -------------------------------------------------------------------------- */

/* What was said of one image, by persons and by algorithms: one class, several (SR_NO_LABEL), or none. */
typedef struct verdict {
    int of_class[2];
    int report[2];
} verdict;

static size_t rank_of(const reader *r, char *const *preferred, size_t count, int of_class)
{
    size_t rank = 0;

    while (rank < count && strcmp(preferred[rank], r->codes->classes[of_class]) != 0)
        rank++;
    return rank;
}

static void hear(const reader *r, char *const *preferred, size_t count, const word *w, verdict *v)
{
    int *of_class = &v->of_class[w->by_person];
    size_t now, then;

    if (r->l->reports[w->report].left_out != NULL || *of_class == w->of_class)
        return;
    if (*of_class == SR_NOT_MAPPED) {
        *of_class = w->of_class;
        v->report[w->by_person] = (int)w->report;
        return;
    }
    now = rank_of(r, preferred, count, w->of_class);
    then = *of_class >= 0 ? rank_of(r, preferred, count, *of_class) : count;
    if (now < then) {
        *of_class = w->of_class;
        v->report[w->by_person] = (int)w->report;
    } else if (now == count && then == count) {
        *of_class = SR_NO_LABEL;
    }
}

static void decide(const reader *r, const verdict *v, sr_image *image)
{
    const bool person = v->of_class[true] != SR_NOT_MAPPED;
    const int chosen = v->of_class[person];

    image->by_person = person;
    image->overruled =
        person && v->of_class[false] != SR_NOT_MAPPED && v->of_class[false] != chosen;
    if (image->left_out != NULL)
        return;
    if (chosen == SR_NOT_MAPPED)
        image->left_out = "no report says a class of it";
    else if (!person && !r->options->algorithms)
        image->left_out = "only an algorithm says a class of it (--algorithm-reports takes that)";
    else if (access(image->path, F_OK) != 0)
        image->left_out = "lies in an archive, which training does not read: unpack it";
    else if (chosen == SR_NO_LABEL)
        image->left_out = "reports say several classes of it (--prefer chooses)";
    else {
        image->of_class = chosen;
        image->report = v->report[person];
    }
}

static medtl_status check_preferred(const reader *r, char *const *preferred, size_t count,
                                    medtl_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < r->codes->class_count && strcmp(r->codes->classes[k], preferred[i]) != 0)
            k++;
        if (k == r->codes->class_count)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "--prefer: '%s' is none of the classes",
                              preferred[i]);
    }
    return MEDTL_OK;
}

static medtl_status decide_all(const reader *r, medtl_error *err)
{
    verdict *verdicts = malloc((r->l->image_count + 1) * sizeof *verdicts);
    char *text = strdup(r->options->prefer != NULL ? r->options->prefer : "");
    char *preferred[CLASS_LIMIT];
    size_t count = 0;
    medtl_status status;

    if (verdicts == NULL || text == NULL) {
        status = no_memory(err);
        goto done;
    }
    count = split_words(text, ',', preferred, CLASS_LIMIT);
    if ((status = check_preferred(r, preferred, count, err)) != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < r->l->image_count; i++)
        verdicts[i] = (verdict){{SR_NOT_MAPPED, SR_NOT_MAPPED}, {SR_NO_REPORT, SR_NO_REPORT}};
    for (size_t i = 0; i < r->word_count; i++)
        hear(r, preferred, count, &r->words[i], &verdicts[r->words[i].image]);
    for (size_t i = 0; i < r->l->image_count; i++)
        decide(r, &verdicts[i], &r->l->images[i]);
done:
    free(verdicts);
    free(text);
    return status;
}

medtl_status sr_labels_read(const sr_labels_options *options, const sr_codes *codes, sr_labels *out,
                            medtl_error *err)
{
    static const char *const keywords[] = {"PatientID", "IssuerOfPatientID", "PatientName"};
    reader r = {.options = options, .codes = codes, .l = out};
    medtl_status status;

    memset(out, 0, sizeof *out);
    if ((status = medtl_dicom_start(err)) != MEDTL_OK)
        return status;
    status = medtl_scan(options->paths, options->path_count, keywords, 3, on_file, &r, err);
    if (status == MEDTL_E_MEMORY)
        (void)no_memory(err);
    if (status == MEDTL_E_CANCELLED)
        (void)medtl_fail(err, status, "stopped");
    if (status == MEDTL_OK && (status = index_images(&r, err)) == MEDTL_OK &&
        (status = read_reports(&r, err)) == MEDTL_OK && (status = decide_all(&r, err)) == MEDTL_OK)
        status = sr_labels_group(out, codes->class_count, (size_t)options->folds, err);
    for (size_t i = 0; i < r.superseded_count; i++)
        free(r.superseded[i]);
    free(r.superseded);
    free(r.by_uid);
    free(r.words);
    if (status != MEDTL_OK)
        sr_labels_clear(out);
    return status;
}

void sr_labels_clear(sr_labels *l)
{
    for (size_t i = 0; i < l->image_count; i++) {
        free(l->images[i].path);
        free(l->images[i].sop_instance_uid);
        free(l->images[i].patient);
        free(l->images[i].study);
        free(l->images[i].tracking);
    }
    for (size_t i = 0; i < l->report_count; i++) {
        free(l->reports[i].path);
        free(l->reports[i].sop_instance_uid);
        free(l->reports[i].left_out);
    }
    free(l->images);
    free(l->reports);
    free(l->unmapped);
    memset(l, 0, sizeof *l);
}

/* Images, reports and what these say, gathered from folders. What follows from it is sr_decide.c's. */
#include "sr_labels.h"

#include "progress.h"
#include "sr_statements.h"

#include "medtl/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const sr_labels_options *options;
    const sr_codes *codes;
    sr_labels *l;
    const sr_image **by_uid; /* [l->image_count], sorted */
    sr_word *words;
    size_t word_count, word_room;
    char **superseded; /* SOP Instance UIDs, owned */
    size_t superseded_count, superseded_room;
    size_t report; /* that is being read */
} reader;

/* Room for one more. @return the array, perhaps moved; NULL without memory, with the old one as it was. */
static void *grown(void *array, size_t count, size_t *room, size_t size)
{
    const size_t larger = *room > 0 ? 2 * *room : 64;
    void *moved;

    if (count < *room)
        return array;
    moved = realloc(array, larger * size);
    if (moved != NULL)
        *room = larger;
    return moved;
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
    void *larger;

    larger = grown(l->images, l->image_count, &l->image_room, sizeof *l->images);
    if (larger == NULL)
        return false;
    l->images = larger;
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
    void *larger;

    larger = grown(l->reports, l->report_count, &l->report_room, sizeof *l->reports);
    if (larger == NULL)
        return false;
    l->reports = larger;
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
    void *larger;

    for (size_t i = 0; i < l->unmapped_count; i++)
        if (strcmp(l->unmapped[i].code.value, code->value) == 0 &&
            strcmp(l->unmapped[i].code.scheme, code->scheme) == 0) {
            l->unmapped[i].count++;
            return MEDTL_OK;
        }
    larger = grown(l->unmapped, l->unmapped_count, &l->unmapped_room, sizeof *l->unmapped);
    if (larger == NULL)
        return MEDTL_E_MEMORY;
    l->unmapped = larger;
    l->unmapped[l->unmapped_count++] = (sr_unmapped){*code, 1};
    return MEDTL_OK;
}

static medtl_status on_statement(void *context, const sr_statement *statement,
                                 const medtl_code *unmapped)
{
    reader *r = context;
    void *larger;
    size_t image;

    if (statement == NULL)
        return note_unmapped(r->l, unmapped);
    image = find_image(r, statement->sop_instance_uid);
    r->l->reports[r->report].by_person = statement->by_person;
    if (image == r->l->image_count || (statement->side != MEDTL_LATERALITY_NONE &&
                                       r->l->images[image].side != MEDTL_LATERALITY_NONE &&
                                       r->l->images[image].side != statement->side))
        return MEDTL_OK; /* not here, or of the other side */
    larger = grown(r->words, r->word_count, &r->word_room, sizeof *r->words);
    if (larger == NULL)
        return MEDTL_E_MEMORY;
    r->words = larger;
    r->words[r->word_count++] =
        (sr_word){image, r->report, statement->of_class, statement->by_person};
    r->l->reports[r->report].statements++;
    return MEDTL_OK;
}

static medtl_status note_predecessors(reader *r, const medtl_document *document, medtl_error *err)
{
    size_t count;
    const char *const *uids = medtl_document_predecessors(document, &count);

    for (size_t i = 0; i < count; i++) {
        void *larger;

        larger =
            grown(r->superseded, r->superseded_count, &r->superseded_room, sizeof *r->superseded);
        if (larger == NULL)
            return no_memory(err);
        r->superseded = larger;
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
        (status = read_reports(&r, err)) == MEDTL_OK &&
        (status = sr_labels_decide(options, codes, r.words, r.word_count, out, err)) == MEDTL_OK)
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

/* Labels from a folder of images and Structured Reports: which image is of which class, by whose word, in which group. */
#ifndef MEDTL_TOOL_SR_LABELS_H
#define MEDTL_TOOL_SR_LABELS_H

#include "sr_codes.h"

#include <stdbool.h>

enum { SR_NO_REPORT = -1 };

typedef struct sr_labels_options {
    const char *const *paths; /* files, folders, DICOMDIRs, zip archives */
    size_t path_count;
    bool algorithms; /* take the word of algorithms where no person said anything */
    const char
        *prefer; /* "a,b": of several classes said of one image, the first of these; NULL: none */
    uint64_t folds; /* 1 and more */
} sr_labels_options;

typedef struct sr_image {
    char *path, *sop_instance_uid;    /* owned */
    char *patient, *study, *tracking; /* owned; "" where not known. Never printed */
    medtl_laterality side;
    int of_class;              /* SR_NOT_MAPPED: no label */
    bool by_person, overruled; /* overruled: an algorithm said another class than the person */
    int report;                /* index, whose word it is; SR_NO_REPORT */
    const char *left_out;      /* why it has no label; static; NULL: it has one */
    size_t group, fold;
} sr_image;

typedef struct sr_report {
    char *path, *sop_instance_uid; /* owned */
    char *left_out;                /* owned: why it says nothing; NULL: it does */
    bool unreadable, by_person;
    size_t statements;
} sr_report;

/** Codes of findings that stand for no class. */
typedef struct sr_unmapped {
    medtl_code code;
    size_t count;
} sr_unmapped;

typedef struct sr_labels {
    sr_image *images; /* sorted by path */
    size_t image_count, image_room;
    sr_report *reports;
    size_t report_count, report_room;
    sr_unmapped *unmapped;
    size_t unmapped_count, unmapped_room;
    size_t unreadable; /* files that should have been images or reports; named on standard error */
    size_t group_count;
} sr_labels;

/** Scan, read and decide. Names files and reports that cannot be read on standard error.
 *  @return MEDTL_OK; MEDTL_E_ARGUMENT for an option that does not fit; MEDTL_E_MEMORY; MEDTL_E_CANCELLED. */
medtl_status sr_labels_read(const sr_labels_options *options, const sr_codes *codes, sr_labels *out,
                            medtl_error *err);
void sr_labels_clear(sr_labels *l); /* all zero is allowed */

/** One report's word on one image. */
typedef struct sr_word {
    size_t image, report; /* indices */
    int of_class;
    bool by_person;
} sr_word;

/** Give each image its label, or the reason why it has none (sr_decide.c). */
medtl_status sr_labels_decide(const sr_labels_options *options, const sr_codes *codes,
                              const sr_word *words, size_t word_count, sr_labels *l,
                              medtl_error *err);

/** Number groups and folds (sr_groups.c). Images of one patient, one study or one tracked lesion are of one group; groups are
 *  dealt into folds class by class, in an order that follows from UIDs. */
medtl_status sr_labels_group(sr_labels *l, size_t class_count, size_t folds, medtl_error *err);

/** Write the table (file, label, group, fold, by, report), and what is left out beside it (sr_table.c).
 *  @param left_out  NULL: not. */
medtl_status sr_labels_write(const sr_labels *l, const sr_codes *codes, const char *path,
                             const char *left_out, medtl_error *err);
/** Counts per class, whose word, and what was left out and why, on standard output. */
void sr_labels_print(const sr_labels *l, const sr_codes *codes, const sr_labels_options *options);

/** All of it: to `path`, which then has at least one row. @return also MEDTL_E_FORMAT where no image has a label. */
medtl_status sr_labels_make(const sr_labels_options *options, const target *t,
                            const char *codes_file, const char *path, const char *left_out,
                            size_t *incomplete, medtl_error *err);

#endif

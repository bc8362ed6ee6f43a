/* Reads a Structured Report for tests: the content tree as a flat list, in document order. Plain
 * walking over sequences, so that it agrees with the writer only where the bytes do. */
#ifndef MEDTL_SR_READER_H
#define MEDTL_SR_READER_H

#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sr_item {
    unsigned depth; /* 0: the root */
    char relationship[24];
    char type[16];
    char template_id[17]; /* "" where the item has none */
    medtl_code name;
    medtl_code code; /* of a CODE; the unit of a NUM */
    char text[1024]; /* of a TEXT or UIDREF; the Numeric Value of a NUM */
    bool has_exact;  /* NUM: Floating Point Value is there */
    double exact;
    float points[16];     /* of an SCOORD: x, y, x, y ... */
    unsigned point_count; /* pairs */
    char graphic_type[17];
    char sop_class_uid[MEDTL_UID_SIZE], sop_instance_uid[MEDTL_UID_SIZE]; /* of an IMAGE */
    long frame; /* of an IMAGE, 1-based; 0: none given */
} sr_item;

typedef struct sr_report sr_report;

/** @return NULL where the bytes are no Structured Report. */
sr_report *sr_report_read(const void *bytes, size_t size);
void sr_report_destroy(sr_report *report); /* NULL is allowed */

size_t sr_report_count(const sr_report *report);
const sr_item *sr_report_items(const sr_report *report);

/** The raw bytes of an attribute, padding removed, found by a path such as "PatientName" or
 *  "CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[1].SeriesInstanceUID".
 *  @return NULL where absent; "" where empty. Borrowed until the next call. */
const char *sr_report_attribute(sr_report *report, const char *path);

/** Number of items of a sequence by path; -1 where absent. */
long sr_report_item_count(sr_report *report, const char *path);

#ifdef __cplusplus
}
#endif
#endif

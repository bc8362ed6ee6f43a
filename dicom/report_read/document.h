/* Structured Reports read back: ours, a clinician's, or another maker's, as a list of content items. */
#ifndef MEDTL_DOCUMENT_H
#define MEDTL_DOCUMENT_H

#include "medtl/error.h"
#include "medtl/study.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A report in memory. Immutable, so threads may share it. */
typedef struct medtl_document medtl_document;

enum { MEDTL_NO_CONTENT_ITEM = -1, MEDTL_CONTENT_ITEM_LIMIT = 100000 };

/** One content item (PS3.3 C.17.3). Strings are UTF-8, never NULL, "" where the item has none; bytes that the
 *  report's character set does not have are U+FFFD. They may hold line breaks and other control characters. */
typedef struct medtl_content_item {
    unsigned depth; /* 0: the root */
    const char
        *position; /* "1.2.3", counted from 1 as by-reference relationships do (C.17.3.2.5) */
    const char *relationship; /* to its parent: "CONTAINS"; "" of the root */
    const char *type;        /* "CONTAINER", "CODE", "NUM" ...; "" of a relationship by reference */
    const char *template_id; /* of a container: "1500" */
    medtl_code name;
    medtl_code code;  /* the value of a CODE; the unit of a NUM, or why it has no value */
    const char *text; /* the value of a TEXT, PNAME, UIDREF, DATE, TIME, DATETIME; the decimal
                                string of a NUM; the range type of a TCOORD */
    bool has_exact;   /* a NUM states its value in floating point too */
    double exact;     /* that value */
    const char
        *sop_class; /* of an IMAGE, COMPOSITE or WAVEFORM: name in the Standard's dictionary */
    const char *sop_instance_uid; /* of these, the object referred to */
    const char *frames;           /* of an IMAGE: 1-based, joined by backslashes */
    const char *graphic_type;     /* of an SCOORD or SCOORD3D: "POLYLINE" ... */
    const float *coordinates;     /* of these: x, y (, z) of each point */
    size_t coordinate_count;      /* numbers, not points */
    int target; /* of a relationship by reference: index of the item, MEDTL_NO_CONTENT_ITEM where there is none */
} medtl_content_item;

/** What the report says of itself. Strings as above. Nothing here names the patient. */
typedef struct medtl_document_facts {
    const char *sop_class; /* name in the Standard's dictionary, else the UID */
    const char *sop_class_uid, *sop_instance_uid, *series_instance_uid, *study_instance_uid;
    const char *manufacturer, *model_name, *software_versions;
    const char *completion, *verification,
        *preliminary; /* flags: "COMPLETE", "UNVERIFIED", "PRELIMINARY" */
} medtl_document_facts;

/** Read a report. Content items are taken as they stand, also where they break rules of their SOP class or
 *  template: an auditor wants to see what is there.
 *  @param path  Bytes as the system gives them.
 *  @return MEDTL_OK; MEDTL_E_IO; MEDTL_E_NOT_DICOM; MEDTL_E_FORMAT for damage, or more than
 *          MEDTL_CONTENT_ITEM_LIMIT items; MEDTL_E_UNSUPPORTED for DICOM that is no Structured Report;
 *          MEDTL_E_MEMORY. Messages are "FILE: reason". */
medtl_status medtl_document_read(const char *path, medtl_document **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;

/** The same from a complete DICOM file in memory. @param name  Stands for the path in messages. */
medtl_status medtl_document_read_memory(const void *bytes, size_t size, const char *name,
                                        medtl_document **out, medtl_error *err) MEDTL_NOEXCEPT;

void medtl_document_destroy(medtl_document *document) MEDTL_NOEXCEPT; /* NULL is allowed */

/** Borrowed from the document, like all below. */
const medtl_document_facts *medtl_document_get_facts(const medtl_document *document) MEDTL_NOEXCEPT;

/** The content tree in document order: a parent precedes its children; the first is the root. At least one. */
const medtl_content_item *medtl_document_items(const medtl_document *document,
                                               size_t *count) MEDTL_NOEXCEPT;

/** SOP Instance UIDs of the reports that this one takes the place of (Predecessor Documents Sequence). */
const char *const *medtl_document_predecessors(const medtl_document *document,
                                               size_t *count) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

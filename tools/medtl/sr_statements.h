/* What a Structured Report says of images: TID 1500, Mammography CAD, plain findings; by structure, not by template. */
#ifndef MEDTL_TOOL_SR_STATEMENTS_H
#define MEDTL_TOOL_SR_STATEMENTS_H

#include "sr_codes.h"

#include "dicom/report_read/document.h"

#include <stdbool.h>

/** One finding about one image. Borrowed from the document. */
typedef struct sr_statement {
    const char *sop_instance_uid;
    int of_class;
    bool by_person;        /* a person observed it, or verified the report */
    medtl_laterality side; /* said beside it; NONE: not said */
} sr_statement;

/** Receives statements, and codes of findings that no rule maps. Either may be NULL in a call.
 *  @return other than MEDTL_OK to stop. */
typedef medtl_status (*sr_sink)(void *context, const sr_statement *statement,
                                const medtl_code *unmapped);

/** A finding is a CODE (or TEXT) whose name says so: Finding, Diagnosis, Impression, Assessment Category, Pathology and the
 *  like; one that is said to be absent is passed over. It is about the images of its own subtree, else of the nearest content
 *  item around it that has some; what other measurement groups are about does not count. Outside such a group, what is said at
 *  the top is about all images of the report.
 *
 *  A measurement group without such a code but with probabilities (NUM in % whose modifier is a mapped code) says its
 *  most probable class. */
medtl_status sr_statements(const medtl_document *document, const sr_codes *codes, sr_sink sink,
                           void *context, medtl_error *err);

#endif

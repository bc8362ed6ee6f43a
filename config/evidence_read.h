/* What a task says of evidence: its element <evidence>. */
#ifndef MEDTL_CONFIG_EVIDENCE_READ_H
#define MEDTL_CONFIG_EVIDENCE_READ_H

#include "medtl/config.h"
#include "xml_read.h"

/** @param element  NULL: the task has none. */
void medtl_evidence_read(medtl_xml *xml, const xmlNode *element, medtl_evidence_rule *out);

#endif

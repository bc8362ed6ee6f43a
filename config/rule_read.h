/* From <take> and what is inside to a rule. */
#ifndef MEDTL_CONFIG_RULE_READ_H
#define MEDTL_CONFIG_RULE_READ_H

#include "rule.h"
#include "xml_read.h"

/** Read one element with its children. On failure (xml->status) the rule may be partly filled; it is
 *  given to medtl_rule_clear() either way. */
void medtl_rule_read(medtl_xml *xml, const xmlNode *element, medtl_rule *rule);

#endif

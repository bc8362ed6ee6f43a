/* Which images a task takes: a tree of conditions on attributes. Knows no XML (rule_read.h) and no DICOM:
 * attributes come through a look-up. */
#ifndef MEDTL_CONFIG_RULE_H
#define MEDTL_CONFIG_RULE_H

#include "medtl/config.h"

#include <regex.h>

typedef enum medtl_rule_kind {
    MEDTL_RULE_ALL,
    MEDTL_RULE_ANY,
    MEDTL_RULE_ONE_OF,
    MEDTL_RULE_NONE_OF,
    MEDTL_RULE_RANGE,
    MEDTL_RULE_MATCHES,
    MEDTL_RULE_PRESENT,
    MEDTL_RULE_ABSENT
} medtl_rule_kind;

typedef struct medtl_rule medtl_rule;
struct medtl_rule {
    medtl_rule_kind kind;
    char *otherwise; /* said when the rule does not hold; NULL: words made from the rule */
    char *attribute; /* conditions only */
    long line;       /* of its file; where a wrong attribute is looked for */
    unsigned item;   /* 1-based number of the value looked at; 0: any */
    char **values;   /* one-of, none-of */
    size_t value_count;
    bool has_min, has_max; /* range, inclusive */
    double min, max;
    char *pattern;     /* matches */
    regex_t regex;     /* compiled where pattern is set */
    medtl_rule *rules; /* all, any */
    size_t rule_count;
};

/** What a rule looks at. */
typedef struct medtl_subject {
    medtl_attribute_lookup lookup;
    const void *context;
} medtl_subject;

/** Does a rule hold? @param reason  Receives why or why not; always terminated, cut where too long. */
bool medtl_rule_holds(const medtl_rule *rule, const medtl_subject *subject, char *reason,
                      size_t reason_size);

/** Every condition in a rule, with its attribute: calls visit(context, condition), in the order of the file. */
void medtl_rule_conditions(const medtl_rule *rule,
                           void (*visit)(void *context, const medtl_rule *condition),
                           void *context);

/** Release what a rule owns, not the rule itself. */
void medtl_rule_clear(medtl_rule *rule);

#endif

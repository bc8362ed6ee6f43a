#include "rule_read.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 16 }; /* groups within groups; keeps judging and explaining short */

static const struct {
    const char *element;
    medtl_rule_kind kind;
} kinds[] = {
    {"take", MEDTL_RULE_ALL},        {"all", MEDTL_RULE_ALL},         {"any", MEDTL_RULE_ANY},
    {"one-of", MEDTL_RULE_ONE_OF},   {"none-of", MEDTL_RULE_NONE_OF}, {"range", MEDTL_RULE_RANGE},
    {"matches", MEDTL_RULE_MATCHES}, {"present", MEDTL_RULE_PRESENT}, {"absent", MEDTL_RULE_ABSENT},
};

static void read_kind(medtl_xml *xml, const xmlNode *element, medtl_rule *rule)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp((const char *)element->name, kinds[i].element) == 0) {
            rule->kind = kinds[i].kind;
            return;
        }
    medtl_xml_fail(xml, element, "<%s> is not a rule", (const char *)element->name);
}

static void read_values(medtl_xml *xml, const xmlNode *element, medtl_rule *rule)
{
    const size_t count = xmlChildElementCount((xmlNode *)element);

    rule->values = calloc(count + 1, sizeof *rule->values);
    if (rule->values == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *child = xmlFirstElementChild((xmlNode *)element);
         child != NULL && xml->status == MEDTL_OK; child = xmlNextElementSibling(child)) {
        char *value = medtl_xml_text(xml, child);

        if (value != NULL)
            rule->values[rule->value_count++] = value;
    }
}

static void read_bounds(medtl_xml *xml, const xmlNode *element, medtl_rule *rule)
{
    rule->has_min = medtl_xml_number(xml, element, "min", &rule->min);
    rule->has_max = medtl_xml_number(xml, element, "max", &rule->max);
    if (!rule->has_min && !rule->has_max)
        medtl_xml_fail(xml, element, "a range needs min, max or both");
    else if (rule->has_min && rule->has_max && rule->min > rule->max)
        medtl_xml_fail(xml, element, "min %g is larger than max %g", rule->min, rule->max);
}

/* The pattern is for the whole value, as people expect of a rule on a code string. */
static void read_pattern(medtl_xml *xml, const xmlNode *element, medtl_rule *rule)
{
    char *pattern = medtl_xml_attribute(xml, element, "pattern");
    char *whole = NULL;
    int failure;

    if (pattern == NULL)
        return;
    if (asprintf(&whole, "^(%s)$", pattern) < 0) {
        medtl_xml_fail_memory(xml);
        free(pattern);
        return;
    }
    failure = regcomp(&rule->regex, whole, REG_EXTENDED | REG_NOSUB);
    if (failure != 0) {
        char why[128];

        regerror(failure, &rule->regex, why, sizeof why);
        medtl_xml_fail(xml, element, "pattern \"%.120s\": %s", pattern, why);
        free(pattern);
    } else {
        rule->pattern = pattern;
    }
    free(whole);
}

static void read_rule(medtl_xml *xml, const xmlNode *element, unsigned depth, medtl_rule *rule);

static void read_group(medtl_xml *xml, const xmlNode *element, unsigned depth, medtl_rule *rule)
{
    const size_t count = xmlChildElementCount((xmlNode *)element);

    if (depth >= DEPTH_LIMIT) {
        medtl_xml_fail(xml, element, "groups are nested more than %d deep", DEPTH_LIMIT);
        return;
    }
    rule->rules = calloc(count + 1, sizeof *rule->rules);
    if (rule->rules == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *child = xmlFirstElementChild((xmlNode *)element);
         child != NULL && xml->status == MEDTL_OK; child = xmlNextElementSibling(child))
        read_rule(xml, child, depth + 1, &rule->rules[rule->rule_count++]);
    if (rule->rule_count == 0)
        medtl_xml_fail(xml, element, "an empty group");
}

static void read_rule(medtl_xml *xml, const xmlNode *element, unsigned depth, medtl_rule *rule)
{
    double item = 0.0;

    read_kind(xml, element, rule);
    if (xml->status != MEDTL_OK)
        return;
    rule->otherwise = medtl_xml_attribute(xml, element, "otherwise");
    if (rule->kind == MEDTL_RULE_ALL || rule->kind == MEDTL_RULE_ANY) {
        read_group(xml, element, depth, rule);
        return;
    }
    rule->attribute = medtl_xml_attribute(xml, element, "attribute");
    rule->line = xmlGetLineNo(element);
    if (rule->attribute == NULL)
        medtl_xml_fail(xml, element, "a condition needs an attribute");
    if (medtl_xml_number(xml, element, "item", &item))
        rule->item = (unsigned)item;
    if (rule->kind == MEDTL_RULE_ONE_OF || rule->kind == MEDTL_RULE_NONE_OF)
        read_values(xml, element, rule);
    else if (rule->kind == MEDTL_RULE_RANGE)
        read_bounds(xml, element, rule);
    else if (rule->kind == MEDTL_RULE_MATCHES)
        read_pattern(xml, element, rule);
}

void medtl_rule_read(medtl_xml *xml, const xmlNode *element, medtl_rule *rule)
{
    memset(rule, 0, sizeof *rule);
    if (element != NULL)
        read_rule(xml, element, 0, rule);
}

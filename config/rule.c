/* Judges an image by a tree of conditions and says why. One function per kind of condition. */
#include "rule.h"

#include "core/base/c_locale.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    VALUE_LIMIT =
        1024, /* bytes of one value that are looked at; the Standard's longest code strings
                           and descriptions are far shorter, and free text is no ground for a rule */
    VALUES_SHOWN = 6
};

/* ---- the sentence that explains ------------------------------------------------------- */

typedef struct text {
    char *at;
    size_t size, used;
} text;

static void say(text *t, const char *format, ...) MEDTL_PRINTF(2, 3);

static void say(text *t, const char *format, ...)
{
    va_list arguments;
    int length;

    if (t->used + 1 >= t->size)
        return;
    va_start(arguments, format);
    length = medtl_vsnprintf(t->at + t->used, t->size - t->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        t->used += (size_t)length;
    if (t->used >= t->size)
        t->used = t->size - 1;
}

/* What an image is may be said; who is in it may not. */
static void say_value(text *t, const char *attribute, const medtl_subject *subject)
{
    static const char *const harmless[] = {"SOPClassUID", "sop-class", "Modality", "view",
                                           "laterality",  "intent",    "kind",     "view-modifier"};
    const char *value = subject->lookup(subject->context, attribute);

    if (strcmp(attribute, "SOPClassUID") == 0) {
        const char *name = subject->lookup(subject->context, "sop-class");

        if (name != NULL && name[0] != '\0')
            value = name;
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (strcmp(attribute, harmless[i]) == 0 && value != NULL)
            say(t, " (it is %s)", value);
}

static void say_attribute(text *t, const medtl_rule *rule)
{
    say(t, "%s", rule->attribute);
    if (rule->item > 0)
        say(t, " value %u", rule->item);
}

static void say_values(text *t, const medtl_rule *rule)
{
    for (size_t i = 0; i < rule->value_count && i < VALUES_SHOWN; i++)
        say(t, "%s%s", i == 0 ? "" : ", ", rule->values[i]);
    if (rule->value_count > VALUES_SHOWN)
        say(t, ", ...");
}

/* ---- conditions on one attribute ------------------------------------------------------ */

/* Judges one of an attribute's values. */
typedef bool (*value_test)(const medtl_rule *rule, const char *value);

static bool is_listed(const medtl_rule *rule, const char *value)
{
    for (size_t i = 0; i < rule->value_count; i++)
        if (strcmp(rule->values[i], value) == 0)
            return true;
    return false;
}

static bool is_in_range(const medtl_rule *rule, const char *value)
{
    char *end = NULL;
    const double number = medtl_strtod(value, &end);

    if (end == value || *end != '\0')
        return false;
    /* Written so that a NaN lies in no range. */
    return (!rule->has_min || number >= rule->min) && (!rule->has_max || number <= rule->max) &&
           number == number;
}

static bool fits_pattern(const medtl_rule *rule, const char *value)
{
    return regexec(&rule->regex, value, 0, NULL, 0) == 0;
}

static bool is_not_empty(const medtl_rule *rule, const char *value)
{
    (void)rule;
    return value[0] != '\0';
}

/* Copy value `number` (from 0) of a list joined by backslashes, without the padding around it. */
static bool copy_value(const char *list, unsigned number, char value[VALUE_LIMIT + 1])
{
    size_t length;

    for (; number > 0; number--) {
        list = strchr(list, '\\');
        if (list == NULL)
            return false;
        list++;
    }
    while (*list == ' ')
        list++;
    length = strcspn(list, "\\");
    while (length > 0 && list[length - 1] == ' ')
        length--;
    if (length > VALUE_LIMIT)
        length = VALUE_LIMIT;
    memcpy(value, list, length);
    value[length] = '\0';
    return true;
}

/* Does one of the values (or the one asked for) pass? An absent attribute passes nothing. */
static bool any_value(const medtl_rule *rule, const medtl_subject *subject, value_test test)
{
    const char *list = subject->lookup(subject->context, rule->attribute);
    char value[VALUE_LIMIT + 1];

    if (list == NULL)
        return false;
    if (rule->item > 0)
        return copy_value(list, rule->item - 1, value) && test(rule, value);
    for (unsigned i = 0; copy_value(list, i, value); i++)
        if (test(rule, value))
            return true;
    return false;
}

static void say_bounds(text *t, const medtl_rule *rule)
{
    if (rule->has_min && rule->has_max && rule->min == rule->max)
        say(t, "%g", rule->min);
    else if (rule->has_min && rule->has_max)
        say(t, "%g to %g", rule->min, rule->max);
    else
        say(t, "%s %g", rule->has_min ? "at least" : "at most",
            rule->has_min ? rule->min : rule->max);
}

/* ---- judging ---------------------------------------------------------------------------- */

static bool is_group(const medtl_rule *rule)
{
    return rule->kind == MEDTL_RULE_ALL || rule->kind == MEDTL_RULE_ANY;
}

static bool is_negative(const medtl_rule *rule)
{
    return rule->kind == MEDTL_RULE_NONE_OF || rule->kind == MEDTL_RULE_ABSENT;
}

static bool condition_holds(const medtl_rule *rule, const medtl_subject *subject)
{
    static const value_test tests[] = {
        [MEDTL_RULE_ONE_OF] = is_listed,     [MEDTL_RULE_NONE_OF] = is_listed,
        [MEDTL_RULE_RANGE] = is_in_range,    [MEDTL_RULE_MATCHES] = fits_pattern,
        [MEDTL_RULE_PRESENT] = is_not_empty, [MEDTL_RULE_ABSENT] = is_not_empty};

    return any_value(rule, subject, tests[rule->kind]) != is_negative(rule);
}

/* The first child for which judging gives `wanted`; NULL: none. */
static const medtl_rule *first_child(const medtl_rule *group, const medtl_subject *subject,
                                     bool wanted);

static bool holds(const medtl_rule *rule, const medtl_subject *subject)
{
    if (rule->kind == MEDTL_RULE_ALL)
        return first_child(rule, subject, false) == NULL;
    if (rule->kind == MEDTL_RULE_ANY)
        return first_child(rule, subject, true) != NULL;
    return condition_holds(rule, subject);
}

static const medtl_rule *first_child(const medtl_rule *group, const medtl_subject *subject,
                                     bool wanted)
{
    for (size_t i = 0; i < group->rule_count; i++)
        if (holds(&group->rules[i], subject) == wanted)
            return &group->rules[i];
    return NULL;
}

/* ---- explaining ------------------------------------------------------------------------- */

/* "Modality is not one of MG, CR (it is CT)" */
static void explain_condition(const medtl_rule *rule, const medtl_subject *subject, bool held,
                              text *t)
{
    say_attribute(t, rule);
    say(t, "%s", held != is_negative(rule) ? " is " : " is not ");
    switch (rule->kind) {
    case MEDTL_RULE_RANGE:
        say_bounds(t, rule);
        break;
    case MEDTL_RULE_MATCHES:
        say(t, "like %s", rule->pattern);
        break;
    case MEDTL_RULE_PRESENT:
    case MEDTL_RULE_ABSENT:
        say(t, "present");
        return;
    default:
        say(t, "%s", rule->value_count > 1 ? "one of " : "");
        say_values(t, rule);
    }
    say_value(t, rule->attribute, subject);
}

/* Of a group, what decided: the one child where one is enough, else all of them. */
static void explain(const medtl_rule *rule, const medtl_subject *subject, bool held, text *t)
{
    if (!held && rule->otherwise != NULL) {
        say(t, "%s", rule->otherwise);
        if (!is_group(rule))
            say_value(t, rule->attribute, subject);
    } else if (!is_group(rule)) {
        explain_condition(rule, subject, held, t);
    } else if (held == (rule->kind == MEDTL_RULE_ANY)) {
        explain(first_child(rule, subject, held), subject, held, t);
    } else {
        for (size_t i = 0; i < rule->rule_count; i++) {
            say(t, "%s", i == 0 ? "" : held ? "; " : ", and ");
            explain(&rule->rules[i], subject, held, t);
        }
    }
}

bool medtl_rule_holds(const medtl_rule *rule, const medtl_subject *subject, char *reason,
                      size_t reason_size)
{
    const bool held = holds(rule, subject);
    text t = {reason, reason_size, 0};

    if (reason != NULL && reason_size > 0) {
        reason[0] = '\0';
        explain(rule, subject, held, &t);
    }
    return held;
}

void medtl_rule_clear(medtl_rule *rule)
{
    for (size_t i = 0; i < rule->rule_count; i++)
        medtl_rule_clear(&rule->rules[i]);
    for (size_t i = 0; i < rule->value_count; i++)
        free(rule->values[i]);
    if (rule->pattern != NULL)
        regfree(&rule->regex);
    free(rule->rules);
    free(rule->values);
    free(rule->otherwise);
    free(rule->attribute);
    free(rule->pattern);
}

void medtl_rule_conditions(const medtl_rule *rule,
                           void (*visit)(void *context, const medtl_rule *condition), void *context)
{
    if (rule->attribute != NULL)
        visit(context, rule);
    for (size_t i = 0; i < rule->rule_count; i++)
        medtl_rule_conditions(&rule->rules[i], visit, context);
}

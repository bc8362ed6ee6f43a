/* Parsing and asking of conditions. Values are compared and never shown. */
#include "where.h"

#include "core/base/c_locale.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef enum comparison {
    PRESENT,
    ABSENT,
    EQUAL,
    DIFFERENT,
    LIKE,
    UNLIKE,
    LESS,
    LESS_EQUAL,
    GREATER,
    GREATER_EQUAL
} comparison;

typedef struct condition {
    char *keyword; /* owned, like value */
    char *value;   /* NULL for PRESENT and ABSENT */
    comparison how;
} condition;

struct medtl_where {
    condition *conditions;
    const char **keywords; /* those of the dictionary: derived facts are always there */
    size_t count, keyword_count;
};

/* The longer ones first: "<=" is not "<" and a value that begins with "=". */
static const struct operator
{
    const char *text;
    comparison how;
}
operators[] = {{"!=", DIFFERENT}, {"!~", UNLIKE}, {"<=", LESS_EQUAL}, {">=", GREATER_EQUAL},
               {"=", EQUAL},      {"~", LIKE},    {"<", LESS},        {">", GREATER}};
enum { OPERATOR_COUNT = sizeof operators / sizeof operators[0] };

medtl_status medtl_where_create(medtl_where **out, medtl_error *err)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? MEDTL_OK : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a filter");
}

static void clear(condition *c)
{
    free(c->keyword);
    free(c->value);
}

void medtl_where_destroy(medtl_where *where)
{
    if (where == NULL)
        return;
    for (size_t i = 0; i < where->count; i++)
        clear(&where->conditions[i]);
    free(where->conditions);
    free(where->keywords);
    free(where);
}

/* ---- parsing ---------------------------------------------------------------------------- */

static const struct operator* find_operator(const char *at)
{
    for (size_t i = 0; i < OPERATOR_COUNT; i++)
        if (strncmp(at, operators[i].text, strlen(operators[i].text)) == 0)
            return &operators[i];
    return NULL;
}

/* @return false where the text is no condition. Members stay NULL without memory. */
static bool split(const char *text, condition *c)
{
    const bool negated = text[0] == '!';
    const char *name = text + negated;
    const size_t length =
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
    const struct operator* found = find_operator(name + length);

    if (length == 0 || (negated && name[length] != '\0') || (name[length] != '\0' && found == NULL))
        return false;
    c->keyword = strndup(name, length);
    c->how = negated ? ABSENT : PRESENT;
    if (found != NULL) {
        c->how = found->how;
        c->value = strdup(name + length + strlen(found->text));
    }
    return true;
}

static medtl_status make_room(medtl_where *where, medtl_error *err)
{
    condition *conditions =
        realloc(where->conditions, (where->count + 1) * sizeof *where->conditions);
    const char **keywords;

    if (conditions != NULL)
        where->conditions = conditions;
    keywords = realloc(where->keywords, (where->count + 1) * sizeof *where->keywords);
    if (keywords != NULL)
        where->keywords = keywords;
    return conditions != NULL && keywords != NULL
               ? MEDTL_OK
               : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a filter");
}

medtl_status medtl_where_add(medtl_where *where, const char *text, medtl_error *err)
{
    condition c = {NULL, NULL, PRESENT};
    medtl_status status = make_room(where, err);
    bool derived;

    if (status != MEDTL_OK)
        return status;
    if (!split(text, &c))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "'%.100s' is no condition: KEYWORD, !KEYWORD, or KEYWORD and one of "
                          "= != ~ !~ < <= > >= and a value",
                          text);
    if (c.keyword == NULL || (c.how > ABSENT && c.value == NULL)) {
        clear(&c);
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a filter");
    }
    derived = medtl_attribute_is_derived(c.keyword);
    /* What is meant for a fact is not left to the reading of files: it is wrong before there are any. */
    if (!derived && islower((unsigned char)c.keyword[0]) &&
        (status = medtl_attribute_check(c.keyword, err)) != MEDTL_OK) {
        clear(&c);
        return status;
    }
    if (!derived)
        where->keywords[where->keyword_count++] = c.keyword;
    where->conditions[where->count++] = c;
    return MEDTL_OK;
}

const char *const *medtl_where_keywords(const medtl_where *where, size_t *count)
{
    *count = where->keyword_count;
    return where->keywords;
}

/* ---- asking ----------------------------------------------------------------------------- */

static bool as_number(const char *text, double *number)
{
    char *end = NULL;

    *number = medtl_strtod(text, &end);
    return end != text && *end == '\0';
}

/* Below 0, 0, above 0. */
static int order(const char *a, const char *b)
{
    double left, right;

    if (as_number(a, &left) && as_number(b, &right))
        return (left > right) - (left < right);
    return strcmp(a, b);
}

static bool fits(const condition *c, const char *value)
{
    switch (c->how) {
    case EQUAL:
    case DIFFERENT:
        return strcmp(value, c->value) == 0;
    case LIKE:
    case UNLIKE:
        return fnmatch(c->value, value, FNM_NOESCAPE) == 0;
    case LESS:
        return order(value, c->value) < 0;
    case LESS_EQUAL:
        return order(value, c->value) <= 0;
    case GREATER:
        return order(value, c->value) > 0;
    case GREATER_EQUAL:
        return order(value, c->value) >= 0;
    case PRESENT:
    case ABSENT:
        break;
    }
    return true;
}

/* Does the whole value fit, or one of those that backslashes part? */
static bool any_fits(const condition *c, const char *values)
{
    char *copy = strdup(values), *next = copy;
    bool found = false;

    if (copy == NULL)
        return false;
    found = fits(c, values);
    while (next != NULL && !found) {
        char *value = next, *end = strchr(value, '\\');

        next = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        found = value[0] != '\0' && fits(c, value);
    }
    free(copy);
    return found;
}

static bool holds(const condition *c, const medtl_instance *instance)
{
    const char *values = medtl_instance_value(instance, c->keyword);
    const bool present = values != NULL && values[0] != '\0';

    if (c->how == PRESENT || c->how == ABSENT)
        return present == (c->how == PRESENT);
    if (c->how == DIFFERENT || c->how == UNLIKE)
        return !present || !any_fits(c, values);
    return present && any_fits(c, values);
}

const char *medtl_where_failing(const medtl_where *where, const medtl_instance *instance)
{
    for (size_t i = 0; i < where->count; i++)
        if (!holds(&where->conditions[i], instance))
            return where->conditions[i].keyword;
    return NULL;
}

/* The comparison: each subject by itself, so that one difference does not hide another. */
#include "verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* In percent. Reports show two decimals, so that a decimal may be off by ROUNDING from its exact value. Kernels for
 * other processors add in another order and differ far below TOLERANCE. */
static const double TOLERANCE = 0.01, ROUNDING = 0.005001;

void verify_say(verify_check *check, verify_answer answer, const char *format, ...)
{
    va_list arguments;

    check->answer = answer;
    va_start(arguments, format);
    (void)vsnprintf(check->what, sizeof check->what, format, arguments);
    va_end(arguments);
    for (char *c = check->what; *c != '\0'; c++) /* what a report says goes to a terminal */
        if (*c < ' ' || *c > '~')
            *c = '?';
}

const char *verify_stated(const medtl_document *report, const char *beginning)
{
    const size_t length = strlen(beginning);
    size_t count = 0;
    const medtl_content_item *items = medtl_document_items(report, &count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].type, "TEXT") == 0 && strncmp(items[i].text, beginning, length) == 0)
            return items[i].text + length;
    return NULL;
}

/* ---- digests ------------------------------------------------------------------------------ */

static void compare_digest(const medtl_document *report, const char *beginning, const char *here,
                           verify_check *check)
{
    const char *stated = verify_stated(report, beginning);

    if (stated == NULL)
        verify_say(check, VERIFY_NOT_COMPARED, "the report states no SHA-256");
    else if (here == NULL)
        verify_say(check, VERIFY_DIFFERS, "the report's task is not configured here");
    else if (strcmp(stated, here) == 0)
        verify_say(check, VERIFY_AGREES, "sha256 %s", here);
    else
        verify_say(check, VERIFY_DIFFERS, "report: sha256 %.80s; here: sha256 %s", stated, here);
}

/* ---- images ------------------------------------------------------------------------------- */

/* Of two sorted lists: how many of `left` are not in `right`, and the first of them. */
static size_t count_missing(const verify_values *left, const verify_values *right,
                            const char **first)
{
    size_t missing = 0, r = 0;

    *first = "";
    for (size_t l = 0; l < left->count; l++) {
        const char *key = left->values[l].key;

        while (r < right->count && strcmp(right->values[r].key, key) < 0)
            r++;
        if (r < right->count && strcmp(right->values[r].key, key) == 0)
            r++;
        else if (missing++ == 0)
            *first = key;
    }
    return missing;
}

static medtl_status compare_images(const medtl_document *report, const medtl_document *again,
                                   verify_check *check, medtl_error *err)
{
    verify_values then = {.count = 0}, now = {.count = 0};
    medtl_status status = verify_images(report, &then, err);
    const char *first_gone, *first_new;
    size_t gone, added;

    if (status == MEDTL_OK)
        status = verify_images(again, &now, err);
    if (status == MEDTL_OK) {
        gone = count_missing(&then, &now, &first_gone);
        added = count_missing(&now, &then, &first_new);
        if (gone > 0)
            verify_say(check, VERIFY_DIFFERS, "%zu of the report's %zu missing: %.130s%s", gone,
                       then.count, first_gone, gone > 1 ? " ..." : "");
        else if (added > 0)
            verify_say(check, VERIFY_DIFFERS, "%zu that the report does not know: %.130s%s", added,
                       first_new, added > 1 ? " ..." : "");
        else
            verify_say(check, VERIFY_AGREES, "%zu", then.count);
    }
    verify_values_clear(&then);
    verify_values_clear(&now);
    return status;
}

/* ---- probabilities ------------------------------------------------------------------------ */

static double decimal_of(const medtl_content_item *item)
{
    char *end = NULL;
    const double value = strtod(item->text, &end);

    return item->text[0] != '\0' && *end == '\0' ? value : (double)NAN;
}

/* In percent; NaN where one is no number. A report states each number twice, as a decimal and exactly, and either
 * may have been changed. `now` is ours, and has both. */
static double difference_of(const medtl_content_item *then, const medtl_content_item *now)
{
    const double decimal = fabs(decimal_of(then) - now->exact) - ROUNDING;
    const double exact = then->has_exact ? fabs(then->exact - now->exact) : 0.0;

    return isnan(decimal) || decimal > exact ? decimal : exact;
}

static const char *after_colon(const char *sentence)
{
    const char *colon = strchr(sentence, ':');

    return colon != NULL ? colon : sentence;
}

/* @return does the pair agree? */
static bool compare_value(const verify_value *then, const verify_value *now, verification *v)
{
    double difference;

    if (strcmp(then->item->type, "NUM") != 0)
        return strcmp(after_colon(then->item->text), after_colon(now->item->text)) == 0;
    difference = difference_of(then->item, now->item);
    if (!(difference / 100.0 <= v->difference))
        v->difference = difference / 100.0;
    return difference <= TOLERANCE;
}

/* Pairs of the same key. @return how many differ; the first of them. */
static size_t compare_pairs(const verify_values *then, const verify_values *now, verification *v,
                            const verify_value **first_then, const verify_value **first_now)
{
    size_t differing = 0, n = 0;

    for (size_t t = 0; t < then->count; t++) {
        while (n < now->count && strcmp(now->values[n].key, then->values[t].key) < 0)
            n++;
        if (n == now->count || strcmp(now->values[n].key, then->values[t].key) != 0)
            continue;
        v->values++;
        if (!compare_value(&then->values[t], &now->values[n], v) && differing++ == 0) {
            *first_then = &then->values[t];
            *first_now = &now->values[n];
        }
        n++;
    }
    return differing;
}

static medtl_status compare_probabilities(const medtl_document *report, const medtl_document *again,
                                          verification *v, medtl_error *err)
{
    verify_check *check = &v->checks[VERIFY_PROBABILITIES];
    verify_values then = {.count = 0}, now = {.count = 0};
    const verify_value *a = NULL, *b = NULL;
    medtl_status status = verify_probabilities(report, &then, err);
    const char *first_gone, *first_new;
    size_t differing, gone, added;

    if (status == MEDTL_OK)
        status = verify_probabilities(again, &now, err);
    if (status == MEDTL_OK) {
        differing = compare_pairs(&then, &now, v, &a, &b);
        gone = count_missing(&then, &now, &first_gone);
        added = count_missing(&now, &then, &first_new);
        if (differing > 0)
            verify_say(check, VERIFY_DIFFERS,
                       "%zu of %zu: %.150s: report %.100s, recomputed %.100s", differing, v->values,
                       a->key, a->item->text, b->item->text);
        else if (gone > 0)
            verify_say(check, VERIFY_DIFFERS, "%zu of the report's %zu are not there again: %.150s",
                       gone, then.count, first_gone);
        else if (added > 0)
            verify_say(check, VERIFY_DIFFERS, "%zu that the report does not have: %.150s", added,
                       first_new);
        else
            verify_say(check, VERIFY_AGREES, "%zu, largest difference %.2g", v->values,
                       v->difference);
    }
    verify_values_clear(&then);
    verify_values_clear(&now);
    return status;
}

static bool same_version(const medtl_document *report, const medtl_document *again)
{
    const char *then = verify_stated(report, "software: "),
               *now = verify_stated(again, "software: ");

    return then != NULL && now != NULL && strcmp(then, now) == 0;
}

/* ---- all ---------------------------------------------------------------------------------- */

medtl_status verify_compare(const medtl_document *report, const verify_reference *here,
                            const medtl_document *again, verification *out, medtl_error *err)
{
    static const char none[] = "no such report can be made from these files";
    verify_check *checks = out->checks;
    medtl_status status;

    memset(out, 0, sizeof *out);
    compare_digest(report, "model sha256: ", here != NULL ? here->model_sha256 : NULL,
                   &checks[VERIFY_MODEL]);
    compare_digest(report, "configuration sha256: ", here != NULL ? here->task_digest : NULL,
                   &checks[VERIFY_CONFIGURATION]);
    for (int i = VERIFY_IMAGES; i < VERIFY_SUBJECT_COUNT; i++)
        verify_say(&checks[i], VERIFY_NOT_COMPARED, "%s", none);
    if (again == NULL)
        return MEDTL_OK;
    status = compare_images(report, again, &checks[VERIFY_IMAGES], err);
    if (status == MEDTL_OK)
        status = compare_probabilities(report, again, out, err);
    if (!same_version(report, again))
        verify_say(&checks[VERIFY_CONTENT], VERIFY_NOT_COMPARED,
                   "the report is of another version of medtl");
    else if (checks[VERIFY_MODEL].answer != VERIFY_AGREES ||
             checks[VERIFY_CONFIGURATION].answer != VERIFY_AGREES ||
             checks[VERIFY_IMAGES].answer != VERIFY_AGREES)
        verify_say(&checks[VERIFY_CONTENT], VERIFY_NOT_COMPARED,
                   "it follows from model, configuration and images");
    else
        verify_content(report, again, &checks[VERIFY_CONTENT]);
    return status;
}

bool verify_all_agrees(const verification *v)
{
    for (int i = 0; i < VERIFY_SUBJECT_COUNT; i++)
        if (v->checks[i].answer == VERIFY_DIFFERS ||
            (i != VERIFY_CONTENT && v->checks[i].answer != VERIFY_AGREES))
            return false;
    return true;
}

const char *verify_subject_name(verify_subject subject)
{
    static const char *const names[VERIFY_SUBJECT_COUNT] = {"model", "configuration", "images",
                                                            "probabilities", "content"};

    return names[subject];
}

const char *verify_answer_name(verify_answer answer)
{
    static const char *const names[] = {"agrees", "differs", "not-compared"};

    return names[answer];
}

/* Two reports' images and probabilities, found in each other by their keys. */
#include "verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In percent. Reports show two decimals, so that a decimal may be off by ROUNDING from its exact value. Kernels for
 * other processors add in another order and differ far below TOLERANCE. */
static const double TOLERANCE = 0.01, ROUNDING = 0.005001;

/* ---- images and probabilities of one report ------------------------------------------------ */

typedef struct said {
    verify_values images, probabilities;
} said;

static medtl_status gather(const medtl_document *report, said *out, medtl_error *err)
{
    const medtl_status status = verify_images(report, &out->images, err);

    return status == MEDTL_OK ? verify_probabilities(report, &out->probabilities, err) : status;
}

static void said_clear(said *report)
{
    verify_values_clear(&report->images);
    verify_values_clear(&report->probabilities);
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

/* Has an image a probability? Their keys begin with the image's. */
static bool has_result(const said *report, const char *image)
{
    const size_t length = strlen(image);

    for (size_t i = 0; i < report->probabilities.count; i++) {
        const char *key = report->probabilities.values[i].key;

        if (strncmp(key, image, length) == 0 && (key[length] == ',' || key[length] == '\0'))
            return true;
    }
    return false;
}

/* Images that the report has a result of, and that have none now; the first of them. */
static size_t count_lost(const said *then, const said *now, const char **first)
{
    size_t lost = 0;

    *first = "";
    for (size_t i = 0; i < then->images.count; i++) {
        const char *image = then->images.values[i].key;

        if (has_result(then, image) && !has_result(now, image) && lost++ == 0)
            *first = image;
    }
    return lost;
}

static void compare_images(const said *then, const said *now, verify_check *check)
{
    const char *first_gone, *first_new, *first_lost;
    const size_t gone = count_missing(&then->images, &now->images, &first_gone);
    const size_t added = count_missing(&now->images, &then->images, &first_new);
    const size_t lost = count_lost(then, now, &first_lost);

    if (gone > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu of the report's %zu missing: %.130s%s", gone,
                   then->images.count, first_gone, gone > 1 ? " ..." : "");
    else if (added > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu that the report does not know: %.130s%s", added,
                   first_new, added > 1 ? " ..." : "");
    else if (lost > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu of the report's %zu give no result now: %.130s%s",
                   lost, then->images.count, first_lost, lost > 1 ? " ..." : "");
    else
        verify_say(check, VERIFY_AGREES, "%zu", then->images.count);
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

static void compare_probabilities(const said *was, const said *is, verification *v)
{
    const verify_values *then = &was->probabilities, *now = &is->probabilities;
    verify_check *check = &v->checks[VERIFY_PROBABILITIES];
    const verify_value *a = NULL, *b = NULL;
    const char *first_gone, *first_new;
    const size_t differing = compare_pairs(then, now, v, &a, &b);
    const size_t gone = count_missing(then, now, &first_gone);
    const size_t added = count_missing(now, then, &first_new);

    if (differing > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu of %zu: %.150s: report %.100s, recomputed %.100s",
                   differing, v->values, a->key, a->item->text, b->item->text);
    else if (gone > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu of the report's %zu are not there again: %.150s",
                   gone, then->count, first_gone);
    else if (added > 0)
        verify_say(check, VERIFY_DIFFERS, "%zu that the report does not have: %.150s", added,
                   first_new);
    else
        verify_say(check, VERIFY_AGREES, "%zu, largest difference %.2g", v->values, v->difference);
}

medtl_status verify_result(const medtl_document *report, const medtl_document *again,
                           verification *out, medtl_error *err)
{
    said then = {.images.count = 0}, now = {.images.count = 0};
    medtl_status status = gather(report, &then, err);

    if (status == MEDTL_OK)
        status = gather(again, &now, err);
    if (status == MEDTL_OK) {
        compare_images(&then, &now, &out->checks[VERIFY_IMAGES]);
        compare_probabilities(&then, &now, out);
    }
    said_clear(&then);
    said_clear(&now);
    return status;
}

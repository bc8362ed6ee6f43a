#include "compare_output.h"

#include "evaluation_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static medtl_mcnemar count_right(const scored *a, const scored *b,
                                 const medtl_evaluation_options *how)
{
    uint64_t first_only = 0, second_only = 0;

    for (size_t i = 0; i < a->count; i++) {
        const bool first = medtl_predicted_class(a->probabilities + i * a->classes, a->classes,
                                                 how) == a->labels[i];
        const bool second = medtl_predicted_class(b->probabilities + i * b->classes, b->classes,
                                                  how) == b->labels[i];

        first_only += first && !second;
        second_only += second && !first;
    }
    return medtl_mcnemar_test(first_only, second_only);
}

medtl_status compared_models_test(const scored *first, const scored *second,
                                  const medtl_evaluation_options *how, compared_models *out,
                                  medtl_error *err)
{
    const medtl_predictions a = scored_view(first), b = scored_view(second);
    medtl_status status;

    *out = (compared_models){.first = first, .second = second};
    out->per_class = calloc(first->classes + 1, sizeof *out->per_class);
    if (out->per_class == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a comparison");
    if ((status = medtl_compare(&a, &b, how, &out->bootstrap, err)) != MEDTL_OK ||
        (status = medtl_delong_test(&a, &b, MEDTL_ALL_CLASSES, &out->macro, err)) != MEDTL_OK)
        return status;
    for (size_t k = 0; k < first->classes; k++)
        if ((status = medtl_delong_test(&a, &b, k, &out->per_class[k], err)) != MEDTL_OK)
            return status;
    out->mcnemar = count_right(first, second, how);
    return MEDTL_OK;
}

void compared_models_clear(compared_models *c)
{
    free(c->per_class);
    memset(c, 0, sizeof *c);
}

static void print_p(FILE *stream, double p)
{
    if (isnan(p))
        fputs("  -", stream);
    else if (p < 0.0001)
        fputs("  < 0.0001", stream);
    else
        fprintf(stream, "  %.4f", p);
}

static void print_line(FILE *stream, const char *name, const medtl_interval *first,
                       const medtl_interval *second, const medtl_interval *difference, double p)
{
    char a[EVALUATION_TEXT_SIZE], b[EVALUATION_TEXT_SIZE], d[EVALUATION_TEXT_SIZE] = "-";

    evaluation_interval_text(first, a);
    evaluation_interval_text(second, b);
    if (!isnan(difference->low))
        snprintf(d, sizeof d, "%+.3f (%+.3f to %+.3f)", difference->value, difference->low,
                 difference->high);
    else if (!isnan(difference->value))
        snprintf(d, sizeof d, "%+.3f", difference->value);
    fprintf(stream, "  %-20.20s %-20s %-20s %-26s", name, a, b, d);
    print_p(stream, p);
    fputc('\n', stream);
}

static void print_compared(FILE *stream, const char *name, const medtl_compared *c)
{
    print_line(stream, name, &c->first, &c->second, &c->difference, c->p);
}

static void print_delong(FILE *stream, const char *name, const medtl_delong *d)
{
    print_line(stream, name, &d->first, &d->second, &d->difference, d->p);
}

void compared_models_print(FILE *stream, const compared_models *c)
{
    const medtl_mcnemar *m = &c->mcnemar;

    fprintf(stream, "  %zu images of %zu groups\n\n  %-20s %-20s %-20s %-26s  p\n", c->first->count,
            c->first->group_count, "", "A", "B", "B - A (95 % interval)");
    fputs("  paired bootstrap of groups\n", stream);
    print_compared(stream, "  macro AUC", &c->bootstrap.macro_auc);
    print_compared(stream, "  balanced accuracy", &c->bootstrap.balanced_accuracy);
    print_compared(stream, "  accuracy", &c->bootstrap.accuracy);
    fputs("  DeLong, groups counted as wholes\n", stream);
    print_delong(stream, "  macro AUC", &c->macro);
    for (size_t k = 0; k < c->first->classes; k++) {
        char name[32];

        snprintf(name, sizeof name, "  AUC of %.22s", c->first->names[k]);
        print_delong(stream, name, &c->per_class[k]);
    }
    fprintf(stream,
            "  McNemar, images taken as independent\n"
            "    only A is right for %llu images, only B for %llu: exact p %.4g, mid-p %.4g, "
            "chi-square %.3f with p %.4g\n",
            (unsigned long long)m->first_only, (unsigned long long)m->second_only, m->exact,
            m->mid_p, m->chi2, m->p);
    if (c->first->group_count < c->first->count)
        fputs("    note: groups have several images here, so believe the bootstrap instead\n",
              stream);
    fprintf(stream,
            "\n  the same class for %.2f %% of the images; no probability differs by more than "
            "%.4f\n",
            100.0 * c->bootstrap.equal, c->bootstrap.largest);
}

static json_t *test_json(const medtl_interval *first, const medtl_interval *second,
                         const medtl_interval *difference, double p)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "a", evaluation_interval_json(first), "b",
                     evaluation_interval_json(second), "difference",
                     evaluation_interval_json(difference), "p", evaluation_number_json(p));
}

static json_t *compared_json(const medtl_compared *c)
{
    return test_json(&c->first, &c->second, &c->difference, c->p);
}

static json_t *delong_json(const medtl_delong *d)
{
    return test_json(&d->first, &d->second, &d->difference, d->p);
}

json_t *compared_models_json(const compared_models *c)
{
    const medtl_mcnemar *m = &c->mcnemar;
    json_t *classes = json_array();
    int failed = classes == NULL;

    for (size_t k = 0; k < c->first->classes && !failed; k++) {
        json_t *one = delong_json(&c->per_class[k]);

        failed = json_object_set_new(one, "name", json_string(c->first->names[k])) |
                 json_array_append_new(classes, one);
    }
    if (failed) {
        json_decref(classes);
        return NULL;
    }
    return json_pack(
        "{s:I, s:I, s:{s:o, s:o, s:o}, s:{s:o, s:o}, s:{s:I, s:I, s:f, s:f, s:f, s:f}, s:f, s:f}",
        "images", (json_int_t)c->first->count, "groups", (json_int_t)c->first->group_count,
        "bootstrap", "macro_auc", compared_json(&c->bootstrap.macro_auc), "balanced_accuracy",
        compared_json(&c->bootstrap.balanced_accuracy), "accuracy",
        compared_json(&c->bootstrap.accuracy), "delong", "macro_auc", delong_json(&c->macro),
        "classes", classes, "mcnemar", "only_a_right", (json_int_t)m->first_only, "only_b_right",
        (json_int_t)m->second_only, "exact_p", m->exact, "mid_p", m->mid_p, "chi_square", m->chi2,
        "chi_square_p", m->p, "same_class", c->bootstrap.equal, "largest_probability_difference",
        c->bootstrap.largest);
}

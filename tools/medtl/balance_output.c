#include "balance_output.h"

#include "evaluation_output.h"

#include "core/eval/class_offsets.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 5, BEFORE = 0, AFTER = 1 };

static const double shrinks[] = {0.3, 0.1, 0.03, 0.01, 0.003, 0.001};

/* Each class must stay where any one part is left out. */
static medtl_status count_classes(const scored *cases, balanced *b, medtl_error *err)
{
    b->images = calloc(cases->classes, sizeof *b->images);
    b->offsets = calloc(cases->classes, sizeof *b->offsets);
    if (b->images == NULL || b->offsets == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for offsets");
    for (uint32_t k = 0; k < cases->classes; k++) {
        size_t first = cases->count;
        bool several = false;

        for (size_t i = 0; i < cases->count; i++)
            if (cases->labels[i] == k) {
                b->images[k]++;
                first = first == cases->count ? i : first;
                several = several || cases->groups[i] != cases->groups[first];
            }
        if (!several)
            return medtl_fail(
                err, MEDTL_E_ARGUMENT,
                "class %.40s: %zu images of %s; two groups are needed at least to fit "
                "an offset and measure it",
                cases->names[k], b->images[k], b->images[k] == 0 ? "no group" : "one group");
    }
    return MEDTL_OK;
}

/* The shrink with the least balanced log loss; `after` gets its probabilities. */
static medtl_status choose(const medtl_predictions *before, double shrink, double *best,
                           float *after, medtl_error *err)
{
    const size_t count = shrink > 0.0 ? 1 : sizeof shrinks / sizeof shrinks[0];
    double least = 0.0;
    medtl_predictions trial = *before;
    medtl_status status = MEDTL_OK;

    trial.probabilities = after;
    *best = shrink;
    for (size_t i = 0; i < count && status == MEDTL_OK && count > 1; i++) {
        double loss;

        status = medtl_class_offsets_cross_validate(before, shrinks[i], PARTS, after, err);
        loss = status == MEDTL_OK ? medtl_balanced_log_loss(&trial) : 0.0;
        if (i == 0 || loss < least) {
            least = loss;
            *best = shrinks[i];
        }
    }
    return status == MEDTL_OK ? medtl_class_offsets_cross_validate(before, *best, PARTS, after, err)
                              : status;
}

static medtl_status measure(const medtl_predictions *cases, size_t side, balanced *b,
                            medtl_error *err)
{
    const medtl_evaluation_options how = {.positive_class = -1};
    medtl_evaluation *evaluation = NULL;
    const medtl_status status = medtl_evaluation_create(cases, &how, &evaluation, err);

    if (status == MEDTL_OK) {
        b->log_loss[side] = evaluation->log_loss.value;
        b->calibration_error[side] = evaluation->calibration_error.value;
        b->balanced_log_loss[side] = medtl_balanced_log_loss(cases);
    }
    medtl_evaluation_destroy(evaluation);
    return status;
}

medtl_status balanced_find(const scored *cases, double shrink, uint64_t resamples, uint64_t seed,
                           balanced *out, medtl_error *err)
{
    const medtl_evaluation_options how = {
        .resamples = (size_t)resamples, .seed = seed, .positive_class = -1};
    const medtl_predictions before = scored_view(cases);
    medtl_predictions after = before;
    float *moved = calloc(cases->count * cases->classes, sizeof *moved);
    medtl_status status = moved != NULL ? count_classes(cases, out, err)
                                        : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    after.probabilities = moved;
    if (status == MEDTL_OK &&
        (status = choose(&before, shrink, &out->shrink, moved, err)) == MEDTL_OK &&
        (status = medtl_compare(&before, &after, &how, &out->measured, err)) == MEDTL_OK &&
        (status = measure(&before, BEFORE, out, err)) == MEDTL_OK &&
        (status = measure(&after, AFTER, out, err)) == MEDTL_OK)
        status = medtl_class_offsets_fit(&before, out->shrink, out->offsets, err);
    free(moved);
    return status;
}

void balanced_clear(balanced *b)
{
    free(b->offsets);
    free(b->images);
    memset(b, 0, sizeof *b);
}

/* ---- output --------------------------------------------------------------------------- */

static void print_compared(FILE *stream, const char *name, const medtl_compared *c)
{
    char first[EVALUATION_TEXT_SIZE], second[EVALUATION_TEXT_SIZE], less[EVALUATION_TEXT_SIZE];

    evaluation_interval_text(&c->first, first);
    evaluation_interval_text(&c->second, second);
    evaluation_interval_text(&c->difference, less);
    fprintf(stream, "  %-20s %-20s %-20s %s\n", name, first, second, less);
}

static void print_numbers(FILE *stream, const char *name, const double *sides)
{
    fprintf(stream, "  %-20s %-20.3f %-20.3f %.3f\n", name, sides[BEFORE], sides[AFTER],
            sides[AFTER] - sides[BEFORE]);
}

void balanced_print(FILE *stream, const balanced *b, const scored *cases)
{
    fputs("class                images  offset of its logit\n", stream);
    for (size_t k = 0; k < cases->classes; k++)
        fprintf(stream, "  %-18.40s %6zu  %+.3f\n", cases->names[k], b->images[k], b->offsets[k]);
    fprintf(
        stream,
        "shrink %g; %zu images of %zu groups, each with the offsets that the other %d of %d parts "
        "give\n  %-20s %-20s %-20s %s\n",
        b->shrink, cases->count, cases->group_count, PARTS - 1, PARTS, "", "as it was", "balanced",
        "change (95 % interval)");
    print_compared(stream, "balanced accuracy", &b->measured.balanced_accuracy);
    print_compared(stream, "accuracy", &b->measured.accuracy);
    print_compared(stream, "macro AUC", &b->measured.macro_auc);
    print_numbers(stream, "log loss", b->log_loss);
    print_numbers(stream, "balanced log loss", b->balanced_log_loss);
    print_numbers(stream, "calibration error", b->calibration_error);
}

json_t *balanced_offsets_json(const balanced *b, const scored *cases)
{
    json_t *root = json_object();

    for (size_t k = 0; k < cases->classes && root != NULL; k++)
        if (json_object_set_new(root, cases->names[k], json_real(b->offsets[k])) != 0) {
            json_decref(root);
            root = NULL;
        }
    return root;
}

static json_t *compared_json(const medtl_compared *c)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "before", evaluation_interval_json(&c->first), "after",
                     evaluation_interval_json(&c->second), "difference",
                     evaluation_interval_json(&c->difference), "p", evaluation_number_json(c->p));
}

static json_t *numbers_json(const double *sides)
{
    return json_pack("{s:o, s:o}", "before", evaluation_number_json(sides[BEFORE]), "after",
                     evaluation_number_json(sides[AFTER]));
}

medtl_status balanced_write(const char *path, const balanced *b, const scored *cases,
                            medtl_error *err)
{
    json_t *root = json_pack(
        "{s:o, s:f, s:I, s:I, s:{s:i, s:o, s:o, s:o, s:o, s:o, s:o}}", "offsets",
        balanced_offsets_json(b, cases), "shrink", b->shrink, "images", (json_int_t)cases->count,
        "groups", (json_int_t)cases->group_count, "cross_validation", "parts", PARTS,
        "balanced_accuracy", compared_json(&b->measured.balanced_accuracy), "accuracy",
        compared_json(&b->measured.accuracy), "macro_auc", compared_json(&b->measured.macro_auc),
        "log_loss", numbers_json(b->log_loss), "balanced_log_loss",
        numbers_json(b->balanced_log_loss), "calibration_error",
        numbers_json(b->calibration_error));
    const medtl_status status = root != NULL
                                    ? json_write(path, root, err)
                                    : medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);

    json_decref(root);
    return status;
}

/* Linear classifiers by LIBLINEAR (Fan et al., JMLR 9, 2008). Its primal solvers draw no random numbers, so that the
 * same features give the same weights. Its cross_validation() must not be called from a program that has a function
 * predict() of its own: it would find that one. */
#include "hybrid_parts.h"

#include <linear.h>
#include <stdlib.h>
#include <string.h>

enum { SOLVER_LOGISTIC = 0, SOLVER_SVM = 2 }; /* L2R_LR, L2R_L2LOSS_SVC */

static void print_nothing(const char *text) { (void)text; }

/* All samples in LIBLINEAR's sparse form, with the constant feature 1 behind the others. */
typedef struct samples {
    struct problem problem;
    struct feature_node *nodes;
    float *z;
} samples;

static void release(samples *s)
{
    free(s->problem.x);
    free(s->problem.y);
    free(s->nodes);
    free(s->z);
}

static medtl_status make_samples(const medtl_hybrid_data *data, const float *standard, samples *s,
                                 medtl_error *err)
{
    const size_t row = data->size + 2; /* the constant, and the end mark */

    s->problem = (struct problem){.l = (int)data->count, .n = (int)data->size + 1, .bias = 1.0};
    s->problem.y = malloc(data->count * sizeof *s->problem.y);
    s->problem.x = malloc(data->count * sizeof *s->problem.x);
    s->nodes = malloc(data->count * row * sizeof *s->nodes);
    s->z = malloc(data->size * sizeof *s->z);
    if (s->problem.y == NULL || s->problem.x == NULL || s->nodes == NULL || s->z == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu samples", data->count);
    for (size_t n = 0; n < data->count; n++) {
        struct feature_node *at = s->nodes + n * row;

        medtl_hybrid_standardise(standard, data->features + n * data->size, data->size, s->z);
        s->problem.x[n] = at;
        s->problem.y[n] = (double)data->labels[n];
        for (size_t i = 0; i < data->size; i++)
            *at++ = (struct feature_node){(int)i + 1, (double)s->z[i]};
        *at++ = (struct feature_node){(int)data->size + 1, 1.0};
        *at = (struct feature_node){-1, 0.0};
    }
    return MEDTL_OK;
}

/* One class's row, from weights of standardised features to weights of features as they are. Of two classes LIBLINEAR has
 * one row, for the first: half of it for that class, half with the other sign for the other, differ by all of it. */
static void take_row(const struct model *model, int column, double sign, const float *standard,
                     medtl_hybrid *out, size_t class)
{
    const int columns = model->nr_class == 2 ? 1 : model->nr_class;
    const double *w = model->w + column;
    float *row = out->weights + class * out->size;
    double bias = sign * w[out->size * (size_t)columns];

    for (size_t i = 0; i < out->size; i++) {
        const double weight = sign * w[i * (size_t)columns] * (double)standard[out->size + i];

        row[i] = (float)weight;
        bias -= weight * (double)standard[i];
    }
    out->bias[class] = (float)bias;
}

/* A class that no sample is of is never the answer: far below all others, in a number that every format can hold. */
static void take_model(const struct model *model, const float *standard, medtl_hybrid *out)
{
    for (size_t k = 0; k < out->classes; k++)
        out->bias[k] = -1e4f;
    if (model->nr_class == 2) {
        take_row(model, 0, 0.5, standard, out, (size_t)model->label[0]);
        take_row(model, 0, -0.5, standard, out, (size_t)model->label[1]);
        return;
    }
    for (int k = 0; k < model->nr_class; k++)
        take_row(model, k, 1.0, standard, out, (size_t)model->label[k]);
}

static medtl_status set_class_weights(const medtl_hybrid_options *options, size_t classes,
                                      struct parameter *p, medtl_error *err)
{
    if (options->class_weights == NULL)
        return MEDTL_OK;
    p->nr_weight = (int)classes;
    p->weight_label = calloc(classes, sizeof *p->weight_label);
    p->weight = calloc(classes, sizeof *p->weight);
    if (p->weight_label == NULL || p->weight == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a classifier");
    for (size_t k = 0; k < classes; k++) {
        p->weight_label[k] = (int)k;
        p->weight[k] = (double)options->class_weights[k];
    }
    return MEDTL_OK;
}

medtl_status medtl_hybrid_fit_linear(const medtl_hybrid_options *options,
                                     const medtl_hybrid_data *data, const float *standard,
                                     medtl_hybrid *out, medtl_error *err)
{
    struct parameter parameter = {
        .solver_type = options->kind == MEDTL_HYBRID_LOGISTIC ? SOLVER_LOGISTIC : SOLVER_SVM,
        .eps = 1e-4,
        .C = options->cost};
    samples s = {0};
    struct model *model = NULL;
    const char *wrong;
    medtl_status status;

    out->weights = calloc(data->classes * data->size, sizeof(float));
    out->bias = calloc(data->classes, sizeof(float));
    if (out->weights == NULL || out->bias == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a classifier");
        goto done;
    }
    if ((status = make_samples(data, standard, &s, err)) != MEDTL_OK ||
        (status = set_class_weights(options, data->classes, &parameter, err)) != MEDTL_OK)
        goto done;
    set_print_string_function(print_nothing); /* it would write its iterations to stdout */
    wrong = check_parameter(&s.problem, &parameter);
    if (wrong != NULL) {
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "LIBLINEAR: %s", wrong);
        goto done;
    }
    model = train(&s.problem, &parameter);
    take_model(model, standard, out);
done:
    free_and_destroy_model(&model);
    free(parameter.weight_label);
    free(parameter.weight);
    release(&s);
    return status;
}

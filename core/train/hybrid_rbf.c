/* Support vector machines with Gaussian kernel by LIBSVM (Chang & Lin, ACM TIST 2, 2011): one for each class against the
 * rest. The kernel's width is in the standardised features, so LIBSVM's gamma is 1. */
#include "hybrid_parts.h"

#include <libsvm/svm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void print_nothing(const char *text) { (void)text; }

typedef struct fit {
    const medtl_hybrid_options *options;
    const medtl_hybrid_data *data;
    struct svm_problem problem;
    struct svm_node *nodes;
    float *z; /* [count][size] */
    double *
        values; /* [classes][count]: each sample's coefficient in each machine; 0: no support vector */
    float *bias; /* [classes]; borrowed */
} fit;

static void release(fit *f)
{
    free(f->problem.x);
    free(f->problem.y);
    free(f->nodes);
    free(f->z);
    free(f->values);
}

static medtl_status make_samples(fit *f, const float *standard, medtl_error *err)
{
    const medtl_hybrid_data *data = f->data;
    const size_t row = data->size + 1;

    f->problem.l = (int)data->count;
    f->problem.y = malloc(data->count * sizeof *f->problem.y);
    f->problem.x = malloc(data->count * sizeof *f->problem.x);
    f->nodes = malloc(data->count * row * sizeof *f->nodes);
    f->z = malloc(data->count * data->size * sizeof *f->z);
    f->values = calloc(data->count * data->classes, sizeof *f->values);
    if (f->problem.y == NULL || f->problem.x == NULL || f->nodes == NULL || f->z == NULL ||
        f->values == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu samples", data->count);
    for (size_t n = 0; n < data->count; n++) {
        struct svm_node *at = f->nodes + n * row;
        float *z = f->z + n * data->size;

        medtl_hybrid_standardise(standard, data->features + n * data->size, data->size, z);
        f->problem.x[n] = at;
        for (size_t i = 0; i < data->size; i++)
            *at++ = (struct svm_node){(int)i + 1, (double)z[i]};
        *at = (struct svm_node){-1, 0.0};
    }
    return MEDTL_OK;
}

/* One class against the rest. LIBSVM's first label is that of its first sample. */
static medtl_status fit_class(fit *f, size_t class, medtl_error *err)
{
    int labels[] = {1, -1};
    double weights[] = {1.0, 1.0};
    struct svm_parameter parameter = {.svm_type = C_SVC,
                                      .kernel_type = RBF,
                                      .gamma = 1.0,
                                      .cache_size = 100.0,
                                      .eps = 1e-3,
                                      .C = f->options->cost,
                                      .nr_weight = 2,
                                      .weight_label = labels,
                                      .weight = weights,
                                      .shrinking = 1};
    struct svm_model *model;
    const char *wrong;
    double sign;

    if (f->options->class_weights != NULL) {
        weights[0] = (double)f->options->class_weights[class];
        if (f->data->classes == 2) /* the rest is a class, too */
            weights[1] = (double)f->options->class_weights[1 - class];
    }
    for (size_t n = 0; n < f->data->count; n++)
        f->problem.y[n] = f->data->labels[n] == class ? 1.0 : -1.0;
    svm_set_print_string_function(print_nothing); /* it would write its iterations to stdout */
    wrong = svm_check_parameter(&f->problem, &parameter);
    if (wrong != NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "LIBSVM: %s", wrong);
    model = svm_train(&f->problem, &parameter);
    sign = model->label[0] == 1 ? 1.0 : -1.0;
    for (int i = 0; i < model->l; i++)
        f->values[class * f->data->count + (size_t)model->sv_indices[i] - 1] =
            sign * model->sv_coef[0][i];
    f->bias[class] = (float)(-sign * model->rho[0]);
    svm_free_and_destroy_model(&model);
    return MEDTL_OK;
}

static bool has_class(const medtl_hybrid_data *data, size_t class)
{
    for (size_t n = 0; n < data->count; n++)
        if (data->labels[n] == class)
            return true;
    return false;
}

/* Two classes need one machine: half of it for one, half with the other sign for the other. */
static medtl_status fit_two(fit *f, medtl_error *err)
{
    const size_t count = f->data->count;
    const medtl_status status = fit_class(f, 1, err);

    for (size_t n = 0; n < count && status == MEDTL_OK; n++) {
        f->values[count + n] *= 0.5;
        f->values[n] = -f->values[count + n];
    }
    f->bias[1] *= 0.5f;
    f->bias[0] = -f->bias[1];
    return status;
}

static medtl_status fit_all(fit *f, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (f->data->classes == 2)
        return fit_two(f, err);
    for (size_t k = 0; k < f->data->classes && status == MEDTL_OK; k++) {
        f->bias[k] = -1e4f; /* a class without samples is never the answer */
        if (has_class(f->data, k))
            status = fit_class(f, k, err);
    }
    return status;
}

static bool supports(const fit *f, size_t sample)
{
    for (size_t k = 0; k < f->data->classes; k++)
        if (f->values[k * f->data->count + sample] != 0.0)
            return true;
    return false;
}

/* Only samples that some machine needs. */
static medtl_status take_vectors(const fit *f, medtl_hybrid *out, medtl_error *err)
{
    const size_t count = f->data->count, size = f->data->size;
    size_t vectors = 0, at = 0;

    for (size_t n = 0; n < count; n++)
        vectors += supports(f, n);
    out->vectors = malloc((vectors + 1) * size * sizeof(float));
    out->shares = malloc((vectors + 1) * f->data->classes * sizeof(float));
    if (out->vectors == NULL || out->shares == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu vectors", vectors);
    for (size_t n = 0; n < count; n++)
        if (supports(f, n)) {
            memcpy(out->vectors + at * size, f->z + n * size, size * sizeof(float));
            for (size_t k = 0; k < f->data->classes; k++)
                out->shares[k * vectors + at] = (float)f->values[k * count + n];
            at++;
        }
    out->vector_count = vectors;
    return vectors > 0 ? MEDTL_OK
                       : medtl_fail(err, MEDTL_E_ARGUMENT, "LIBSVM found no support vector");
}

medtl_status medtl_hybrid_fit_rbf(const medtl_hybrid_options *options,
                                  const medtl_hybrid_data *data, medtl_hybrid *out,
                                  medtl_error *err)
{
    fit f = {.options = options, .data = data};
    medtl_status status;

    out->bias = f.bias = calloc(data->classes, sizeof(float));
    if (f.bias == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a classifier");
    else if ((status = make_samples(&f, out->standard, err)) == MEDTL_OK &&
             (status = fit_all(&f, err)) == MEDTL_OK)
        status = take_vectors(&f, out, err);
    release(&f);
    return status;
}

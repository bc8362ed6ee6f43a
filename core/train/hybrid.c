#include "hybrid_parts.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void medtl_hybrid_standard(const medtl_hybrid_data *data, float *standard)
{
    for (size_t i = 0; i < data->size; i++) {
        double sum = 0.0, squares = 0.0, mean;

        for (size_t n = 0; n < data->count; n++)
            sum += (double)data->features[n * data->size + i];
        mean = sum / (double)data->count;
        for (size_t n = 0; n < data->count; n++) {
            const double d = (double)data->features[n * data->size + i] - mean;

            squares += d * d;
        }
        standard[i] = (float)mean;
        standard[data->size + i] =
            squares > 0.0 ? (float)(1.0 / sqrt(squares / (double)data->count)) : 0.0f;
        if (!isfinite(standard[data->size + i])) /* differs by less than a float can say */
            standard[data->size + i] = 0.0f;
    }
}

void medtl_hybrid_standardise(const float *standard, const float *x, size_t size, float *z)
{
    for (size_t i = 0; i < size; i++)
        z[i] = (x[i] - standard[i]) * standard[size + i];
}

static medtl_status fit_neighbours(const medtl_hybrid_options *options,
                                   const medtl_hybrid_data *data, medtl_hybrid *out,
                                   medtl_error *err)
{
    out->neighbours = options->neighbours;
    out->vector_count = data->count;
    out->vectors = malloc(data->count * data->size * sizeof(float));
    out->shares = calloc(data->count * data->classes, sizeof(float));
    if (out->vectors == NULL || out->shares == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu vectors", data->count);
    for (size_t n = 0; n < data->count; n++) {
        medtl_hybrid_standardise(out->standard, data->features + n * data->size, data->size,
                                 out->vectors + n * data->size);
        out->shares[n * data->classes + data->labels[n]] = 1.0f;
    }
    return MEDTL_OK;
}

static medtl_status check_samples(const medtl_hybrid_options *options,
                                  const medtl_hybrid_data *data, medtl_error *err)
{
    size_t present = 0;

    for (size_t k = 0; k < data->classes; k++) {
        size_t found = 0;

        for (size_t n = 0; n < data->count; n++)
            found += data->labels[n] == k;
        present += found > 0;
    }
    if (present < 2)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%zu samples of %zu class: a classifier needs two classes", data->count,
                          present);
    if (options->kind == MEDTL_HYBRID_NEIGHBOURS &&
        (options->neighbours == 0 || options->neighbours > MEDTL_MOST_NEIGHBOURS ||
         options->neighbours > data->count))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "%zu neighbours among %zu samples (1 to %d are possible)",
                          options->neighbours, data->count, MEDTL_MOST_NEIGHBOURS);
    return MEDTL_OK;
}

static medtl_status check(const medtl_hybrid_options *options, const medtl_hybrid_data *data,
                          medtl_error *err)
{
    if (data->count == 0 || data->size == 0 || data->classes < 2 || data->count > 1000000 ||
        (options->kind != MEDTL_HYBRID_NEIGHBOURS && !(options->cost > 0.0)) ||
        !(options->gamma >= 0.0))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "impossible options of a classifier");
    for (size_t i = 0; i < data->count * data->size; i++)
        if (!isfinite(data->features[i]))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "feature %zu of image %zu is no number",
                              i % data->size, i / data->size);
    for (size_t n = 0; n < data->count; n++)
        if (data->labels[n] >= data->classes)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "sample %zu: class %u of %zu", n,
                              (unsigned)data->labels[n], data->classes);
    return check_samples(options, data, err);
}

medtl_status medtl_hybrid_fit(const medtl_hybrid_options *options, const medtl_hybrid_data *data,
                              medtl_hybrid *out, medtl_error *err)
{
    const double gamma = options->gamma > 0.0 ? options->gamma : 1.0 / (double)data->size;
    medtl_status status;

    *out = (medtl_hybrid){.kind = options->kind, .size = data->size, .classes = data->classes};
    if ((status = check(options, data, err)) != MEDTL_OK)
        return status;
    out->standard = malloc(2 * data->size * sizeof(float));
    if (out->standard == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a classifier");
    medtl_hybrid_standard(data, out->standard);
    switch (options->kind) {
    case MEDTL_HYBRID_LOGISTIC:
    case MEDTL_HYBRID_SVM:
        return medtl_hybrid_fit_linear(options, data, out->standard, out, err);
    case MEDTL_HYBRID_RBF:
        for (size_t i = data->size; i < 2 * data->size; i++)
            out->standard[i] *= (float)sqrt(gamma);
        return medtl_hybrid_fit_rbf(options, data, out, err);
    case MEDTL_HYBRID_NEIGHBOURS:
        break;
    }
    return fit_neighbours(options, data, out, err);
}

void medtl_hybrid_clear(medtl_hybrid *hybrid)
{
    free(hybrid->weights);
    free(hybrid->bias);
    free(hybrid->standard);
    free(hybrid->vectors);
    free(hybrid->shares);
    memset(hybrid, 0, sizeof *hybrid);
}

/* Values of the network's parameter whose name ends with ".SUFFIX" and that is in the head. */
static void put(medtl_network *network, const char *suffix, const float *values)
{
    const size_t length = strlen(suffix);

    for (size_t i = medtl_network_parameter_count(network); i-- > 0 && values != NULL;) {
        medtl_parameter *p = medtl_network_parameter(network, i);
        const size_t name = strlen(p->name);

        if (name > length && strcmp(p->name + name - length, suffix) == 0) {
            memcpy(p->value, values, p->size * sizeof(float));
            return;
        }
    }
}

static void put_classifier(medtl_network *network, const medtl_hybrid *hybrid)
{
    if (hybrid->weights != NULL) {
        put(network, ".weight", hybrid->weights);
        put(network, ".bias", hybrid->bias);
        return;
    }
    put(network, ".standard", hybrid->standard);
    put(network, ".vectors", hybrid->vectors);
    put(network, hybrid->kind == MEDTL_HYBRID_RBF ? ".coefficients" : ".votes", hybrid->shares);
    if (hybrid->kind == MEDTL_HYBRID_RBF)
        put(network, ".bias", hybrid->bias);
}

static medtl_classifier classifier_of(const medtl_hybrid *hybrid)
{
    if (hybrid->weights != NULL)
        return (medtl_classifier){0};
    return (medtl_classifier){hybrid->kind == MEDTL_HYBRID_RBF ? MEDTL_CLASSIFIER_KERNEL
                                                               : MEDTL_CLASSIFIER_NEIGHBOURS,
                              (uint32_t)hybrid->vector_count, (uint32_t)hybrid->neighbours};
}

/* Parameters of the same name and size: everything but the last layer, which is put in behind. */
static void copy_trunk(medtl_network *to, medtl_network *from)
{
    const size_t count = medtl_network_parameter_count(to);

    for (size_t i = 0; i < count && i < medtl_network_parameter_count(from); i++) {
        medtl_parameter *p = medtl_network_parameter(to, i);
        const medtl_parameter *q = medtl_network_parameter(from, i);

        if (strcmp(p->name, q->name) == 0 && p->size == q->size)
            memcpy(p->value, q->value, p->size * sizeof(float));
    }
}

medtl_status medtl_hybrid_network(medtl_network *network, const medtl_hybrid *hybrid,
                                  medtl_network **out, medtl_error *err)
{
    medtl_network_spec spec = *medtl_network_get_spec(network);
    medtl_status status;

    *out = NULL;
    if (medtl_network_output_size(network, "features") != hybrid->size ||
        spec.classes != hybrid->classes)
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "a classifier of %zu features and %zu classes does not fit %s",
                          hybrid->size, hybrid->classes, spec.architecture);
    spec.classifier = classifier_of(hybrid);
    if ((status = medtl_network_create(&spec, 1, out, err)) != MEDTL_OK)
        return status;
    copy_trunk(*out, network);
    put_classifier(*out, hybrid);
    return MEDTL_OK;
}

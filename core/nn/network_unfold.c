/* Batch norms put back where they had been folded away. Folding (Jacob et al. 2018, section 3.2) turns a convolution w and
 * its norm into one convolution: w' = w scale / sd, b' = shift - mean scale / sd. Which scale, mean and sd they were
 * cannot be told from w' and b'; but norms of scale and sd 1, mean 0 and shift b' behind w' compute the same. */
#include "architecture.h"
#include "network_parts.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *with_norms, *folded; /* alike but for the norms, node by node in one order */
} forms[] = {{"mobilenet_v2_keras_bn", "mobilenet_v2_keras"}};

const char *medtl_architecture_folded(const char *architecture)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i].with_norms, architecture) == 0)
            return forms[i].folded;
    return NULL;
}

static bool is_folded_form(const medtl_network_spec *network, const medtl_network_spec *folded)
{
    const char *architecture = medtl_architecture_folded(network->architecture);

    return architecture != NULL && strcmp(architecture, folded->architecture) == 0 &&
           network->width == folded->width && network->channels == folded->channels &&
           network->height == folded->height && network->width_px == folded->width_px &&
           network->classes == folded->classes && network->members == folded->members;
}

static medtl_parameter *parameter(const medtl_network *network, const medtl_node *node, size_t k)
{
    return &network->parameters[node->parameters[k]];
}

static void copy(medtl_parameter *to, const medtl_parameter *from)
{
    memcpy(to->value, from->value, from->size * sizeof(float));
}

static void fill(medtl_parameter *p, float value)
{
    for (size_t i = 0; i < p->size; i++)
        p->value[i] = value;
}

/* Parameters of a norm: scale, shift, mean, variance. */
static void start_norm(const medtl_network *network, const medtl_node *norm,
                       const medtl_parameter *bias)
{
    fill(parameter(network, norm, 0), sqrtf(1.0f + norm->u.norm.epsilon));
    copy(parameter(network, norm, 1), bias);
    fill(parameter(network, norm, 2), 0.0f);
    fill(parameter(network, norm, 3), 1.0f);
}

/* The next node from *at on that has parameters. */
static const medtl_node *next(const medtl_network *network, size_t *at)
{
    while (network->graph.nodes[*at].parameter_count == 0)
        ++*at;
    return &network->graph.nodes[(*at)++];
}

medtl_status medtl_network_unfold(medtl_network *network, const medtl_network *folded,
                                  medtl_error *err)
{
    size_t at = 0;

    if (!is_folded_form(&network->spec, &folded->spec))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%s is not the folded form of this %s",
                          folded->spec.architecture, network->spec.architecture);
    for (size_t i = 0; i < folded->graph.node_count; i++) {
        const medtl_node *from = &folded->graph.nodes[i], *to;

        if (from->parameter_count == 0)
            continue;
        to = next(network, &at);
        copy(parameter(network, to, 0), parameter(folded, from, 0));
        if (from->ops == &medtl_node_conv)
            start_norm(network, next(network, &at), parameter(folded, from, 1));
        else
            copy(parameter(network, to, 1), parameter(folded, from, 1));
    }
    return MEDTL_OK;
}

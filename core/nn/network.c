/* Making a network: the graph of its architecture, room for its parameters, and their first values. */
#include "network_parts.h"

#include "architecture.h"
#include "core/base/random.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, MOST_HEADS = 8, MOST_CLASSES = 100000 };

/* Large blocks ask for huge pages: weights that stream from memory would otherwise wait for address translation
 * at every fourth kilobyte. Advice only; where the system knows no such thing nothing changes. */
static float *allocate_aligned(size_t bytes)
{
    const bool large = bytes >= 2 * (size_t)HUGE_PAGE;
    void *block = NULL;

    if (posix_memalign(&block, large ? HUGE_PAGE : ALIGNMENT, bytes + ALIGNMENT) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (large) /* the rest of the last one stays in small pages, which are not taken before they are used */
        (void)madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return block;
}

float *medtl_floats_allocate(size_t count)
{
    if (count > SIZE_MAX / (2 * sizeof(float)))
        return NULL;
    return allocate_aligned(count * sizeof(float));
}

void medtl_node_run_init(medtl_node_run *run, const medtl_graph *graph, size_t index)
{
    memset(run, 0, sizeof *run);
    run->node = &graph->nodes[index];
    run->index = index;
    for (size_t i = 0; i < run->node->input_count; i++)
        run->in[i] = graph->nodes[run->node->inputs[i]].shape;
}

/* One block for all values, so that a network is two allocations whatever its depth. */
static medtl_status lay_parameters(medtl_network *network, size_t most, medtl_error *err)
{
    const medtl_graph *graph = &network->graph;
    size_t total = 0, exact = 0;
    float *at;

    for (size_t i = 0; i < graph->declaration_count; i++) {
        exact += graph->declarations[i].size;
        total += (graph->declarations[i].size + 15) / 16 * 16; /* each starts a cache line */
    }
    if (exact > most)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s has %zu parameters, more than the file can hold",
                          network->spec.architecture, exact);
    network->value_count = total;
    network->parameters = calloc(graph->declaration_count, sizeof *network->parameters);
    network->values = medtl_floats_allocate(total);
    if (network->parameters == NULL || network->values == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %zu parameters", total);
    memset(network->values, 0, total * sizeof(float));
    at = network->values;
    for (size_t i = 0; i < graph->declaration_count; i++) {
        const medtl_declaration *d = &graph->declarations[i];
        medtl_parameter *p = &network->parameters[i];

        *p = (medtl_parameter){.name = d->name,
                               .value = at,
                               .size = d->size,
                               .dimensions = d->dimensions,
                               .role = d->role,
                               .stage = d->stage};
        memcpy(p->shape, d->shape, sizeof p->shape);
        at += (d->size + 15) / 16 * 16;
        if (d->stage >= network->stage_count)
            network->stage_count = d->stage + 1;
    }
    return MEDTL_OK;
}

static medtl_status create_empty(const medtl_network_spec *spec, const medtl_head *heads,
                                 size_t head_count, size_t most, medtl_network **out,
                                 medtl_error *err)
{
    medtl_network *network = calloc(1, sizeof *network);
    medtl_status status;

    *out = NULL;
    if (network == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network");
    network->spec = *spec;
    if ((status = medtl_spec_complete(&network->spec, err)) == MEDTL_OK &&
        (status = medtl_architecture_build(&network->spec, heads, head_count, &network->graph,
                                           err)) == MEDTL_OK &&
        (status = lay_parameters(network, most, err)) == MEDTL_OK) {
        *out = network;
        network = NULL;
    }
    medtl_network_destroy(network);
    return status;
}

medtl_status medtl_network_create_empty(const medtl_network_spec *spec, size_t most,
                                        medtl_network **out, medtl_error *err)
{
    return create_empty(spec, NULL, 0, most, out, err);
}

static void fill_uniform(medtl_parameter *p, double bound, medtl_random *random)
{
    for (size_t i = 0; i < p->size; i++)
        p->value[i] = (float)((2.0 * medtl_random_uniform(random) - 1.0) * bound);
}

static void fill_normal(medtl_parameter *p, double deviation, medtl_random *random)
{
    for (size_t i = 0; i < p->size; i++)
        p->value[i] = (float)(medtl_random_normal(random) * deviation);
}

static void initialise(medtl_parameter *p, const medtl_declaration *d, medtl_random *random)
{
    switch (d->initialiser) {
    case MEDTL_INIT_ZERO:
        break; /* as allocated */
    case MEDTL_INIT_ONE:
        for (size_t i = 0; i < p->size; i++)
            p->value[i] = 1.0f;
        break;
    case MEDTL_INIT_HE:
        fill_normal(p, sqrt(2.0 / (double)d->fan_out), random);
        break;
    case MEDTL_INIT_HE_IN:
        fill_normal(p, sqrt(2.0 / (double)d->fan_in), random);
        break;
    case MEDTL_INIT_NORMAL:
        fill_normal(p, (double)d->deviation, random);
        break;
    case MEDTL_INIT_GLOROT:
        fill_uniform(p, sqrt(6.0 / (double)(d->fan_in + d->fan_out)), random);
        break;
    case MEDTL_INIT_FAN_IN:
        fill_uniform(p, 1.0 / sqrt((double)d->fan_in), random);
        break;
    }
}

static void initialise_all(medtl_network *network, uint64_t seed)
{
    medtl_random root;

    medtl_random_seed(&root, seed);
    for (size_t i = 0; i < network->graph.declaration_count; i++) {
        medtl_random own;

        medtl_random_fork(&root, i, &own);
        initialise(&network->parameters[i], &network->graph.declarations[i], &own);
    }
}

medtl_status medtl_network_create(const medtl_network_spec *spec, uint64_t seed,
                                  medtl_network **out, medtl_error *err)
{
    return medtl_network_create_with_heads(spec, NULL, 0, seed, out, err);
}

static medtl_status check_heads(const medtl_head *heads, size_t count, medtl_error *err)
{
    if (count > MOST_HEADS)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "%zu more heads (at most %d)", count, MOST_HEADS);
    for (size_t i = 0; i < count; i++) {
        if (memchr(heads[i].name, '\0', sizeof heads[i].name) == NULL || heads[i].name[0] == '\0' ||
            heads[i].classes == 0 || heads[i].classes > MOST_CLASSES)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "head %zu has no name, or too many classes",
                              i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(heads[i].name, heads[k].name) == 0)
                return medtl_fail(err, MEDTL_E_ARGUMENT, "two heads are called %s", heads[i].name);
    }
    return MEDTL_OK;
}

medtl_status medtl_network_create_with_heads(const medtl_network_spec *spec,
                                             const medtl_head *heads, size_t count, uint64_t seed,
                                             medtl_network **out, medtl_error *err)
{
    medtl_status status;

    *out = NULL;
    if (count > 0 && spec->members > 1)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "an ensemble with several heads");
    if ((status = check_heads(heads, count, err)) == MEDTL_OK &&
        (status = create_empty(spec, heads, count, SIZE_MAX, out, err)) == MEDTL_OK)
        initialise_all(*out, seed);
    return status;
}

medtl_status medtl_network_from_graph_take(medtl_graph *graph, uint64_t seed, medtl_network **out,
                                           medtl_error *err)
{
    medtl_network *network;
    medtl_status status;

    *out = NULL;
    if ((status = medtl_graph_finish(graph, err)) != MEDTL_OK)
        return status;
    network = calloc(1, sizeof *network);
    if (network == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a network");
    network->graph = *graph;
    network->spec.classes = (uint32_t)graph->nodes[graph->node_count - 1].shape.channels;
    status = lay_parameters(network, SIZE_MAX, err);
    if (status != MEDTL_OK) {
        memset(&network->graph, 0, sizeof network->graph); /* stays the caller's */
        medtl_network_destroy(network);
        return status;
    }
    initialise_all(network, seed);
    memset(graph, 0, sizeof *graph);
    *out = network;
    return MEDTL_OK;
}

void medtl_network_destroy(medtl_network *network)
{
    if (network == NULL)
        return;
    medtl_graph_clear(&network->graph);
    free(network->parameters);
    free(network->values);
    free(network);
}

const medtl_network_spec *medtl_network_get_spec(const medtl_network *network)
{
    return &network->spec;
}

size_t medtl_network_parameter_count(const medtl_network *network)
{
    return network->graph.declaration_count;
}

medtl_parameter *medtl_network_parameter(medtl_network *network, size_t index)
{
    return index < network->graph.declaration_count ? &network->parameters[index] : NULL;
}

uint32_t medtl_network_stage_count(const medtl_network *network) { return network->stage_count; }

size_t medtl_network_output_size(const medtl_network *network, const char *name)
{
    const medtl_output *output = medtl_graph_find_output(&network->graph, name);

    return output != NULL ? medtl_shape_size(network->graph.nodes[output->node].shape) : 0;
}

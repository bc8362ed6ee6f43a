#include "plan.h"

#include "plan_rewrite.h"

#include <stdlib.h>
#include <string.h>

/* At most, a node becomes itself, a norm behind it and one before each of its inputs; and all of these in the
 * other layout, too. */
enum { MADE_PER_NODE = 2 * (2 + MEDTL_NODE_MAX_INPUTS) };

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void measure_scratch(medtl_plan *plan)
{
    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_node *node = &plan->graph.nodes[i];
        size_t size = 0;

        if (plan->convs[i] != NULL)
            size = medtl_blocked_scratch_size(plan->convs[i]);
        else if (node->ops->scratch_size != NULL)
            size = node->ops->scratch_size(node, false);
        plan->scratch = larger(plan->scratch, (size + 15) / 16 * 16);
    }
}

size_t medtl_plan_shared_size(const medtl_plan *plan, size_t count)
{
    size_t size = 0;

    for (size_t i = 1; i < plan->graph.node_count; i++) {
        const medtl_blocked_conv *conv = plan->convs[i];

        if (conv != NULL)
            size = larger(
                size, medtl_blocked_shared_size(conv, count < conv->images ? count : conv->images));
    }
    return size;
}

static const char *weight_name(const medtl_network *network, size_t conv)
{
    return network->parameters[network->graph.nodes[conv].parameters[0]].name;
}

static bool has_conv(const medtl_network *network, const char *weight)
{
    for (size_t i = 1; i < network->graph.node_count; i++)
        if (medtl_plan_is_conv(&network->graph.nodes[i]) &&
            strcmp(weight_name(network, i), weight) == 0)
            return true;
    return false;
}

static medtl_status use_int8(const medtl_network *network, const medtl_ranges *ranges,
                             const medtl_made *made, medtl_plan *plan, medtl_error *err)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (!has_conv(network, ranges->items[i].weight))
            return medtl_fail(err, MEDTL_E_FORMAT,
                              "metadata: \"int8\" has a range of what is no convolution of %s",
                              network->spec.architecture);
    for (size_t i = 1; i < plan->graph.node_count && ranges->count > 0; i++) {
        const medtl_range *range;

        if (plan->convs[i] == NULL || made[i].part_count != 1)
            continue;
        range = medtl_ranges_find(ranges, weight_name(network, made[i].parts[0].conv));
        if (range != NULL)
            (void)medtl_blocked_take_int8(plan->convs[i], range->low, range->high);
    }
    return MEDTL_OK;
}

medtl_status medtl_plan_create(const medtl_network *network, medtl_plan *plan, medtl_error *err)
{
    return medtl_plan_create_int8(network, &(medtl_ranges){NULL, 0}, plan, err);
}

medtl_status medtl_plan_create_int8(const medtl_network *network, const medtl_ranges *ranges,
                                    medtl_plan *plan, medtl_error *err)
{
    medtl_made *made = calloc(MADE_PER_NODE * network->graph.node_count, sizeof *made);
    medtl_status status;

    memset(plan, 0, sizeof *plan);
    medtl_graph_init(&plan->graph);
    if (made == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a model's plan");
    if ((status = medtl_plan_rewrite(network, plan, made, err)) == MEDTL_OK &&
        (status = use_int8(network, ranges, made, plan, err)) == MEDTL_OK &&
        (status = medtl_plan_fill_weights(network, plan, made, err)) == MEDTL_OK &&
        (status = medtl_layout_create(&plan->graph, MEDTL_LAYOUT_INFER, NULL, &plan->layout,
                                      err)) == MEDTL_OK)
        measure_scratch(plan);
    free(made);
    if (status != MEDTL_OK)
        medtl_plan_clear(plan);
    return status;
}

void medtl_plan_clear(medtl_plan *plan)
{
    for (size_t i = 0; plan->convs != NULL && i < plan->graph.node_count; i++)
        free(plan->convs[i]);
    free(plan->convs);
    medtl_graph_clear(&plan->graph);
    medtl_layout_clear(&plan->layout);
    free(plan->weights);
    free(plan->values);
    memset(plan, 0, sizeof *plan);
}

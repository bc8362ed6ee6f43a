#include "graph_run.h"

#include "core/nn/tensor/nd_runner.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

medtl_nd_type shape(size_t rank, ...)
{
    medtl_nd_type type = {MEDTL_ND_FLOAT, rank, {0}};
    va_list sizes;

    va_start(sizes, rank);
    for (size_t d = 0; d < rank; d++)
        type.size[d] = (size_t)va_arg(sizes, int);
    va_end(sizes);
    return type;
}

void noise(float *values, size_t count, unsigned seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u; /* Numerical Recipes */
        values[i] = (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
    }
}

void add_floats(medtl_nd_graph *graph, const char *name, medtl_nd_type type, const float *values)
{
    cr_assert_eq(medtl_nd_graph_add_constant(graph, name, &type, values, NULL), MEDTL_OK);
}

void add_input(medtl_nd_graph *graph, const char *name, medtl_nd_type type)
{
    cr_assert_eq(medtl_nd_graph_add_input(graph, name, &type, NULL), MEDTL_OK);
}

void add_node(medtl_nd_graph *graph, const char *op, const char *inputs, const char *output,
              const int_list *ints, size_t count)
{
    char text[128], *rest = NULL;
    const char *names[8];
    size_t name_count = 0;
    medtl_nd_attribute attributes[8] = {0};
    medtl_error err = {0};

    snprintf(text, sizeof text, "%s", inputs);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        names[name_count++] = word;
    for (size_t i = 0; i < count; i++)
        attributes[i] = (medtl_nd_attribute){.name = (char *)ints[i].name,
                                             .kind = MEDTL_ND_INTS,
                                             .list = !ints[i].single,
                                             .count = ints[i].count,
                                             .ints = (int64_t *)ints[i].values};
    cr_assert_eq(medtl_nd_graph_add_node(graph, op, output, names, name_count, &output, 1,
                                         attributes, count, &err),
                 MEDTL_OK, "%s", err.message);
}

void run_graph(medtl_nd_graph *graph, const float *input, size_t threads, float *output)
{
    const void *inputs[] = {input};
    medtl_nd_plan plan;
    medtl_pool *pool = NULL;
    medtl_nd_runner *runner = NULL;
    medtl_error err = {0};
    const medtl_nd_type *type;

    cr_assert_eq(medtl_nd_plan_create_take(graph, &plan, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_pool_create(threads, &pool, NULL), MEDTL_OK);
    cr_assert_eq(medtl_nd_runner_create(&plan, pool, &runner, NULL), MEDTL_OK);
    medtl_nd_runner_run(runner, inputs);
    type = &plan.graph->values[plan.graph->outputs[0]].type;
    memcpy(output, medtl_nd_runner_output(runner, 0),
           medtl_nd_count(type) * medtl_nd_width(type->element));
    medtl_nd_runner_destroy(runner);
    medtl_pool_destroy(pool);
    medtl_nd_plan_clear(&plan);
}

size_t live_nodes(const medtl_nd_plan *plan)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->graph->node_count; i++)
        count += plan->graph->nodes[i].dead ? 0 : 1;
    return count;
}

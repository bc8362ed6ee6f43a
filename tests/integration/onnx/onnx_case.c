#include "onnx_case.h"

#include "core/base/file.h"
#include "core/base/pool.h"
#include "core/nn/tensor/nd_runner.h"
#include "core/onnx/onnx_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TENSORS = 64 };
static const size_t most_bytes = (size_t)1 << 30;

/* numpy's allclose with the tolerances of ONNX's own test runner (onnx/backend/test/runner). */
static const double relative = 1e-3, absolute = 1e-7;

typedef struct data_set {
    medtl_onnx_tensor inputs[MOST_TENSORS], outputs[MOST_TENSORS];
    size_t input_count, output_count;
} data_set;

static bool is_initialiser(const Onnx__GraphProto *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0)
            return true;
    return false;
}

static void note_op(onnx_case *c, const char *op)
{
    for (size_t i = 0; i < c->op_count; i++)
        if (strcmp(c->ops[i], op) == 0)
            return;
    if (c->op_count < CASE_OPS)
        snprintf(c->ops[c->op_count++], sizeof c->ops[0], "%s", op);
}

static void list_ops(const Onnx__GraphProto *graph, onnx_case *c)
{
    for (size_t i = 0; i < graph->n_node; i++) {
        const char *op = graph->node[i]->op_type, *domain = graph->node[i]->domain;

        note_op(c, op);
        c->lacks = c->lacks || (domain != NULL && domain[0] != '\0') ||
                   (strcmp(op, "Constant") != 0 && !medtl_nd_has_op(op));
    }
}

static medtl_status read_tensors(const char *folder, size_t set, const char *kind,
                                 medtl_onnx_tensor *out, size_t *count, medtl_error *err)
{
    for (*count = 0; *count < MOST_TENSORS; ++*count) {
        char path[2048];
        unsigned char *bytes;
        size_t size;
        medtl_status status;

        snprintf(path, sizeof path, "%s/test_data_set_%zu/%s_%zu.pb", folder, set, kind, *count);
        if (access(path, R_OK) != 0)
            return MEDTL_OK;
        if ((status = medtl_file_read(path, most_bytes, &bytes, &size, err)) != MEDTL_OK)
            return status;
        status = medtl_onnx_parse_tensor(strrchr(path, '/') + 1, bytes, size, &out[*count], err);
        free(bytes);
        if (status != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

static void clear_set(data_set *set)
{
    for (size_t i = 0; i < MOST_TENSORS; i++) {
        medtl_onnx_tensor_clear(&set->inputs[i]);
        medtl_onnx_tensor_clear(&set->outputs[i]);
    }
}

/* The files of the inputs are in the order of the graph's, initialisers left out. */
static void name_inputs(const Onnx__GraphProto *graph, data_set *set)
{
    for (size_t i = 0, k = 0; i < graph->n_input && k < set->input_count; i++)
        if (!is_initialiser(graph, graph->input[i]->name)) {
            free(set->inputs[k].name);
            set->inputs[k++].name = strdup(graph->input[i]->name);
        }
}

static bool near(double got, double expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? isnan(got) != 0 : got == expected;
    return fabs(got - expected) <= absolute + relative * fabs(expected);
}

static double element_of(const medtl_nd_type *type, const void *data, size_t i)
{
    return type->element == MEDTL_ND_FLOAT ? (double)((const float *)data)[i]
           : type->element == MEDTL_ND_INT ? (double)((const int64_t *)data)[i]
                                           : (double)((const bool *)data)[i];
}

static bool compare(const medtl_nd_type *type, const void *data, const medtl_onnx_tensor *expected,
                    size_t k, char *why, size_t room)
{
    if (type->element != expected->type.element || !medtl_nd_same_shape(type, &expected->type)) {
        snprintf(why, room, "output %zu is of another type or shape", k);
        return false;
    }
    for (size_t i = 0; i < medtl_nd_count(type); i++)
        if (!near(element_of(type, data, i), element_of(type, expected->data, i))) {
            snprintf(why, room, "output %zu: element %zu is %.9g, not %.9g", k, i,
                     element_of(type, data, i), element_of(type, expected->data, i));
            return false;
        }
    return true;
}

/* Run a plan on a data set and look at the outputs. */
static medtl_status run_plan(const medtl_nd_plan *plan, const data_set *set, size_t threads,
                             onnx_case *c, medtl_error *err)
{
    const medtl_nd_graph *graph = plan->graph;
    const void *inputs[MOST_TENSORS] = {NULL};
    medtl_pool *pool = NULL;
    medtl_nd_runner *runner = NULL;
    medtl_status status;

    if ((status = medtl_pool_create(threads, &pool, err)) != MEDTL_OK ||
        (status = medtl_nd_runner_create(plan, pool, &runner, err)) != MEDTL_OK)
        goto done;
    for (size_t i = 0; i < graph->input_count; i++)
        for (size_t k = 0; k < set->input_count; k++)
            if (strcmp(graph->values[graph->inputs[i]].name, set->inputs[k].name) == 0)
                inputs[i] = set->inputs[k].data;
    medtl_nd_runner_run(runner, inputs);
    for (size_t k = 0; k < set->output_count && c->verdict != VERDICT_FAILED; k++)
        if (!compare(&graph->values[graph->outputs[k]].type, medtl_nd_runner_output(runner, k),
                     &set->outputs[k], k, c->why, sizeof c->why))
            c->verdict = VERDICT_FAILED;
done:
    medtl_nd_runner_destroy(runner);
    medtl_pool_destroy(pool);
    return status;
}

static medtl_status try_once(const unsigned char *bytes, size_t size, const data_set *set,
                             size_t open, size_t threads, onnx_case *c, medtl_error *err)
{
    const size_t kept =
        open < set->input_count ? open : set->input_count; /* inputs that stay inputs */
    const medtl_onnx_options options = {.bound = set->inputs + kept,
                                        .bound_count = set->input_count - kept};
    medtl_nd_graph *graph = NULL;
    medtl_nd_plan plan;
    medtl_status status;

    if ((status = medtl_onnx_parse("model.onnx", bytes, size, &options, &graph, err)) != MEDTL_OK)
        return status;
    if ((status = medtl_nd_plan_create_take(graph, &plan, err)) != MEDTL_OK) {
        medtl_nd_graph_destroy(graph);
        return status;
    }
    status = run_plan(&plan, set, threads, c, err);
    medtl_nd_plan_clear(&plan);
    return status;
}

/* `statuses` of several tries: one that could be planned is enough. */
static void judge(onnx_case *c, const medtl_status *statuses, size_t count, const medtl_error *err)
{
    bool refused = false;

    for (size_t i = 0; i < count; i++) {
        if (c->verdict == VERDICT_FAILED || statuses[i] == MEDTL_OK)
            return;
        refused = refused || statuses[i] == MEDTL_E_UNSUPPORTED;
    }
    c->verdict = refused ? VERDICT_REFUSED : VERDICT_FAILED;
    snprintf(c->why, sizeof c->why, "%s", err->message);
}

static bool run_set(const char *folder, size_t index, const Onnx__GraphProto *graph,
                    const unsigned char *bytes, size_t size, size_t threads, onnx_case *c)
{
    static data_set set;
    medtl_error err = {0};
    static const size_t open_inputs[] = {MOST_TENSORS, 1, 0};
    enum { TRIES = sizeof open_inputs / sizeof open_inputs[0] };
    medtl_status statuses[TRIES];
    char path[2048];

    snprintf(path, sizeof path, "%s/test_data_set_%zu", folder, index);
    if (access(path, R_OK) != 0)
        return false;
    memset(&set, 0, sizeof set);
    statuses[0] = read_tensors(folder, index, "input", set.inputs, &set.input_count, &err);
    if (statuses[0] == MEDTL_OK)
        statuses[0] = read_tensors(folder, index, "output", set.outputs, &set.output_count, &err);
    if (statuses[0] != MEDTL_OK) {
        judge(c, statuses, 1, &err);
    } else {
        name_inputs(graph, &set);
        for (size_t i = 0; i < TRIES; i++)
            statuses[i] = try_once(bytes, size, &set, open_inputs[i], threads, c, &err);
        judge(c, statuses, TRIES, &err);
    }
    clear_set(&set);
    return c->verdict == VERDICT_PASSED;
}

void onnx_case_run(const char *folder, const char *name, size_t threads, onnx_case *out)
{
    char path[1024];
    unsigned char *bytes = NULL;
    size_t size = 0, sets = 0;
    medtl_error err = {0};
    ProtobufCMessage *message = NULL;

    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s/model.onnx", folder, name);
    out->verdict = VERDICT_FAILED;
    if (medtl_file_read(path, most_bytes, &bytes, &size, &err) == MEDTL_OK)
        message = medtl_onnx_unpack(path, &onnx__model_proto__descriptor, bytes, size, &err);
    if (message == NULL) {
        snprintf(out->why, sizeof out->why, "%s", err.message);
    } else {
        const Onnx__GraphProto *graph = ((const Onnx__ModelProto *)message)->graph;

        list_ops(graph, out);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        out->verdict = VERDICT_PASSED;
        while (!out->lacks && run_set(path, sets, graph, bytes, size, threads, out))
            sets++;
        if (!out->lacks && sets == 0 && out->verdict == VERDICT_PASSED)
            out->verdict = VERDICT_FAILED;
    }
    medtl_onnx_free(message);
    free(bytes);
}

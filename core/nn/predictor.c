/* Running a plan: one arena, one pool, the nodes in order. Every image is computed by itself, so neither
 * its neighbours nor its place change its bits. */
#include "model_parts.h"
#include "profile.h"
#include "tensor/nd_runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BATCH = 65536, /* keep every product of sizes below 2^64 */
    MOST_THREADS = 1024,
    /* Images are run in groups, so that weights are read once for several: as many as fit this. */
    GROUP_FLOATS = 6 << 20
};

struct medtl_predictor {
    const medtl_model *model;
    medtl_pool *pool;
    medtl_node_run *runs;
    float *arena, *scratch, *shared;
    medtl_nd_runner *tensors;    /* instead of runs, where the model is a graph of tensors */
    size_t group;                /* images that the arena holds */
    float *views, *views_logits; /* of one image: [views][...]; NULL where a model has one view */
    medtl_node_watch watch;      /* or NULL */
    void *watch_context;
};

static size_t group_size(size_t batch, size_t floats_per_image)
{
    const size_t fitting = GROUP_FLOATS / (floats_per_image > 0 ? floats_per_image : 1);

    if (fitting == 0)
        return 1;
    return batch < fitting ? batch : fitting;
}

static void connect(medtl_predictor *p)
{
    const medtl_plan *plan = &p->model->plan;

    for (size_t i = 1; i < plan->graph.node_count; i++) {
        medtl_node_run *run = &p->runs[i];

        medtl_node_run_init(run, &plan->graph, i);
        run->pool = p->pool;
        run->packed = plan->weights[i].packed;
        run->conv = plan->convs[i];
        run->shared = p->shared;
        memcpy(run->parameters, plan->weights[i].parameters, sizeof plan->weights[i].parameters);
        run->scratch = p->scratch;
        run->scratch_stride = plan->scratch;
        run->y = medtl_layout_tensor(&plan->layout, p->arena, p->group, i);
        for (size_t k = 0; k < run->node->input_count; k++)
            if (run->node->inputs[k] != 0)
                run->x[k] =
                    medtl_layout_tensor(&plan->layout, p->arena, p->group, run->node->inputs[k]);
    }
}

static bool allocate_views(medtl_predictor *p)
{
    const medtl_model_info *info = &p->model->info;
    const size_t views = medtl_views_count(p->model->metadata.views);

    if (views == 1)
        return true;
    p->views = medtl_floats_allocate(views * info->channels * info->height * info->width);
    p->views_logits = medtl_floats_allocate(views * info->class_count);
    return p->views != NULL && p->views_logits != NULL;
}

medtl_status medtl_predictor_create(const medtl_model *model, size_t batch, size_t threads,
                                    medtl_predictor **out, medtl_error *err)
{
    const medtl_plan *plan = &model->plan;
    medtl_predictor *p;
    medtl_status status;

    *out = NULL;
    if (batch == 0 || batch > MOST_BATCH || threads == 0 || threads > MOST_THREADS)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "a batch of %zu images on %zu threads", batch,
                          threads);
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a predictor");
    p->model = model;
    p->group = group_size(batch * medtl_views_count(model->metadata.views), plan->layout.total);
    if ((status = medtl_pool_create(threads, &p->pool, err)) != MEDTL_OK)
        goto done;
    p->runs = calloc(plan->graph.node_count, sizeof *p->runs);
    p->arena = medtl_floats_allocate(p->group * plan->layout.total);
    p->scratch = medtl_floats_allocate(threads * plan->scratch);
    p->shared = medtl_floats_allocate(medtl_plan_shared_size(plan, p->group));
    if (p->runs == NULL || p->arena == NULL || p->scratch == NULL || p->shared == NULL ||
        !allocate_views(p)) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for running a model");
        goto done;
    }
    if (model->tensors.graph != NULL &&
        (status = medtl_nd_runner_create(&model->tensors, p->pool, &p->tensors, err)) != MEDTL_OK)
        goto done;
    connect(p);
    *out = p;
    p = NULL;
done:
    medtl_predictor_destroy(p);
    return status;
}

void medtl_predictor_destroy(medtl_predictor *predictor)
{
    if (predictor == NULL)
        return;
    medtl_nd_runner_destroy(predictor->tensors);
    medtl_pool_destroy(predictor->pool);
    free(predictor->runs);
    free(predictor->arena);
    free(predictor->scratch);
    free(predictor->shared);
    free(predictor->views);
    free(predictor->views_logits);
    free(predictor);
}

void medtl_predictor_watch(medtl_predictor *predictor, medtl_node_watch watch, void *context)
{
    predictor->watch = watch;
    predictor->watch_context = context;
}

const medtl_graph *medtl_predictor_graph(const medtl_predictor *predictor)
{
    return &predictor->model->plan.graph;
}

/* Up to a group of images; the values of node `wanted` into `values`. */
static void run_group(medtl_predictor *p, const float *input, size_t count, size_t wanted,
                      float *values)
{
    const medtl_graph *graph = &p->model->plan.graph;
    const medtl_tensor in = {(float *)input, medtl_shape_size(graph->nodes[0].shape)};
    const size_t size = medtl_shape_size(graph->nodes[wanted].shape);

    for (size_t i = 1; i < graph->node_count; i++) {
        medtl_node_run *run = &p->runs[i];

        run->count = count;
        for (size_t k = 0; k < run->node->input_count; k++)
            if (run->node->inputs[k] == 0)
                run->x[k] = in;
        run->node->ops->forward(run);
        if (p->watch != NULL)
            p->watch(p->watch_context, run);
    }
    for (size_t n = 0; n < count; n++)
        memcpy(values + n * size, medtl_image_of(p->runs[wanted].y, n), size * sizeof(float));
}

/* A graph of tensors takes one image at a time. */
static void run_tensors(medtl_predictor *p, const float *input, float *logits)
{
    const void *inputs[] = {input};

    medtl_nd_runner_run(p->tensors, inputs);
    memcpy(logits, medtl_nd_runner_output(p->tensors, 0),
           p->model->info.class_count * sizeof *logits);
}

static void run_node(medtl_predictor *predictor, const float *input, size_t count, size_t wanted,
                     float *values)
{
    const medtl_graph *graph = &predictor->model->plan.graph;
    const size_t size = medtl_shape_size(graph->nodes[wanted].shape);
    const medtl_model_info *info = &predictor->model->info;
    const size_t image = (size_t)info->channels * info->height * info->width;

    for (size_t first = 0; first < count; first += predictor->group) {
        const size_t left = count - first;

        run_group(predictor, input + first * image,
                  left < predictor->group ? left : predictor->group, wanted, values + first * size);
    }
}

static void run_images(medtl_predictor *predictor, const float *input, size_t count, float *logits)
{
    const medtl_model_info *info = &predictor->model->info;
    const size_t image = (size_t)info->channels * info->height * info->width;

    if (predictor->tensors == NULL)
        run_node(predictor, input, count, predictor->model->plan.graph.node_count - 1, logits);
    else
        for (size_t n = 0; n < count; n++)
            run_tensors(predictor, input + n * image, logits + n * info->class_count);
}

size_t medtl_model_output_size(const medtl_model *model, const char *name)
{
    const medtl_graph *graph = &model->plan.graph;
    const medtl_output *output = medtl_graph_find_output(graph, name);

    return output != NULL ? medtl_shape_size(graph->nodes[output->node].shape) : 0;
}

bool medtl_predictor_run_output(medtl_predictor *predictor, const float *input, size_t count,
                                const char *name, float *values)
{
    const medtl_output *output = medtl_graph_find_output(&predictor->model->plan.graph, name);

    if (output != NULL)
        run_node(predictor, input, count, output->node, values);
    return output != NULL;
}

static void run_views(medtl_predictor *p, const float *input, float *logits)
{
    const medtl_model_info *info = &p->model->info;
    const medtl_views views = p->model->metadata.views;
    const size_t image = (size_t)info->channels * info->height * info->width;

    for (size_t v = 0; v < medtl_views_count(views); v++)
        medtl_view_draw(views, v, info->channels, info->height, info->width, input,
                        p->views + v * image);
    run_images(p, p->views, medtl_views_count(views), p->views_logits);
    medtl_views_mean(views, p->views_logits, info->class_count, logits);
}

void medtl_predictor_run_logits(medtl_predictor *predictor, const float *input, size_t count,
                                float *logits)
{
    const medtl_model_info *info = &predictor->model->info;
    const size_t image = (size_t)info->channels * info->height * info->width;

    if (predictor->views == NULL)
        run_images(predictor, input, count, logits);
    else
        for (size_t n = 0; n < count; n++)
            run_views(predictor, input + n * image, logits + n * info->class_count);
}

/* Softmax of logits / temperature, in place; the largest is subtracted so that nothing overflows. */
static void softmax(float *row, size_t count, double temperature)
{
    double largest = (double)row[0], sum = 0.0;

    for (size_t i = 1; i < count; i++)
        largest = (double)row[i] > largest ? (double)row[i] : largest;
    for (size_t i = 0; i < count; i++)
        sum += exp(((double)row[i] - largest) / temperature);
    for (size_t i = 0; i < count; i++)
        row[i] = (float)(exp(((double)row[i] - largest) / temperature) / sum);
}

void medtl_predictor_run(medtl_predictor *predictor, const float *input, size_t count,
                         float *probabilities)
{
    const medtl_model_info *info = &predictor->model->info;

    medtl_predictor_run_logits(predictor, input, count, probabilities);
    for (size_t n = 0; n < count; n++)
        softmax(probabilities + n * info->class_count, info->class_count,
                (double)info->temperature);
}

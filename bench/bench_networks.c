/* Milliseconds per image of whole networks, inference and training, and where the time of an inference goes:
 * `bench_networks --help` says how to ask.
 *
 * The median of several runs and the best of them; where they lie far apart, the machine was busy. Two clocks:
 * the wall, and CPU time of the whole process divided by the images, which other programs disturb less. */
#include "core/nn/kernels.h"
#include "core/nn/network_parts.h"
#include "core/nn/profile.h"
#include "machine.h"
#include "networks/measure.h"
#include "networks/options.h"
#include "networks/profile.h"
#include "networks/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run of options prints: text at once, or pieces of one JSON object. */
typedef struct output {
    const bench_options *options;
    size_t results; /* so far */
} output;

static void print(output *out, const char *what, size_t batch, bench_timing t)
{
    const double scale = 1e3 / (double)batch;

    if (out->options->json)
        printf(
            "%s\n {\"what\":\"%s\",\"batch\":%zu,\"ms_per_image\":%.6g,\"best_ms_per_image\":%.6g,"
            "\"runs\":%zu,\"peak_mib\":%.1f}",
            out->results > 0 ? "," : "", what, batch, t.median * scale, t.best * scale, t.runs,
            t.peak);
    else
        printf("%-9s %-6s batch %2zu  threads %zu  median %8.2f  best %8.2f  cpu %8.2f ms/image\n",
               out->options->network, what, batch, out->options->threads, t.median * scale,
               t.best * scale, t.cpu * scale);
    out->results++;
    fflush(stdout);
}

typedef struct inference {
    medtl_predictor *predictor;
    const float *input;
    size_t batch;
    float *logits;
} inference;

static void infer(void *context)
{
    inference *i = context;

    medtl_predictor_run_logits(i->predictor, i->input, i->batch, i->logits);
}

static medtl_status bench_inference(output *out, const medtl_model *model, size_t batch,
                                    medtl_error *err)
{
    const bench_options *o = out->options;
    float *input = bench_subject_noise(o, batch);
    inference i = {
        .input = input, .batch = batch, .logits = calloc(batch * o->classes, sizeof(float))};
    medtl_status status;

    if (input == NULL || i.logits == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the images");
    else
        status = medtl_predictor_create(model, batch, o->threads, &i.predictor, err);
    if (status == MEDTL_OK)
        print(out, "infer", batch, bench_measure(o, infer, &i));
    medtl_predictor_destroy(i.predictor);
    free(input);
    free(i.logits);
    return status;
}

typedef struct training {
    medtl_trainer_pass *pass;
    const float *input;
    size_t batch;
    float *dlogits;
} training;

static void train(void *context)
{
    training *t = context;

    (void)medtl_trainer_pass_forward(t->pass, t->input, t->batch, 1);
    medtl_trainer_pass_backward(t->pass, t->dlogits);
}

static medtl_status bench_training(output *out, medtl_network *network, size_t batch,
                                   medtl_error *err)
{
    const bench_options *o = out->options;
    const size_t values = batch * o->classes;
    float *input = bench_subject_noise(o, batch);
    training t = {.input = input, .batch = batch, .dlogits = malloc(values * sizeof(float))};
    medtl_status status;

    if (input == NULL || t.dlogits == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the images");
    else
        status = medtl_trainer_pass_create(network, batch, o->threads, &t.pass, err);
    if (status == MEDTL_OK) {
        for (size_t i = 0; i < values; i++)
            t.dlogits[i] = i % 2 == 0 ? 0.01f : -0.01f;
        print(out, "train", batch, bench_measure(o, train, &t));
    }
    medtl_trainer_pass_destroy(t.pass);
    free(input);
    free(t.dlogits);
    return status;
}

static medtl_status print_logits(const bench_options *o, const medtl_model *model, medtl_error *err)
{
    float *images = NULL, *logits = NULL;
    size_t count = 0;
    medtl_predictor *predictor = NULL;
    medtl_status status = bench_subject_input(o, &images, &count, err);

    if (status == MEDTL_OK)
        status = medtl_predictor_create(model, count, o->threads, &predictor, err);
    if (status != MEDTL_OK)
        goto done;
    logits = calloc(count * o->classes, sizeof *logits);
    if (logits == NULL) {
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the logits");
        goto done;
    }
    medtl_predictor_run_logits(predictor, images, count, logits);
    printf(o->json ? ",\n\"logits\":[" : "logits");
    for (size_t i = 0; i < count * o->classes; i++)
        printf("%s%.9g", !o->json ? " " : i > 0 ? "," : "", (double)logits[i]);
    printf(o->json ? "]" : "\n");
done:
    medtl_predictor_destroy(predictor);
    free(images);
    free(logits);
    return status;
}

/* The first layer's data gradient is nobody's. */
static double training_products(const medtl_graph *graph)
{
    double sum = 3.0 * medtl_graph_products(graph);

    for (size_t i = 1; i < graph->node_count; i++)
        if (graph->nodes[i].inputs[0] == 0)
            sum -= medtl_node_products(&graph->nodes[i], graph->nodes[0].shape);
    return sum;
}

static medtl_status run_inference(output *out, medtl_error *err)
{
    const bench_options *o = out->options;
    medtl_model *model = NULL;
    medtl_status status = MEDTL_OK;
    double loaded, loading; /* memory, before anything ran */

    if (o->batch_count > 0 || o->logits)
        status = bench_subject_model(o, &model, err);
    loaded = machine_memory("VmRSS:");
    loading = machine_memory("VmHWM:");
    for (size_t i = 0; i < o->batch_count && status == MEDTL_OK; i++)
        status = bench_inference(out, model, o->batches[i], err);
    if (o->json)
        printf("],\n\"loaded_mib\":%.1f,\"loading_peak_mib\":%.1f", loaded, loading);
    if (status == MEDTL_OK && o->logits)
        status = print_logits(o, model, err);
    medtl_model_destroy(model);
    return status;
}

/* After inference, so that its peak of memory is its own. */
static medtl_status run_training(output *out, medtl_error *err)
{
    const bench_options *o = out->options;
    medtl_network *network = NULL;
    medtl_status status = bench_subject_network(o, &network, err);

    out->results = 0;
    if (o->json)
        printf(",\n\"training\":[");
    if (status == MEDTL_OK && o->train > 0)
        status = bench_training(out, network, o->train, err);
    if (status == MEDTL_OK && o->json)
        printf("],\n\"multiply_adds\":%.0f,\"training_multiply_adds\":%.0f",
               medtl_graph_products(&network->graph), training_products(&network->graph));
    medtl_network_destroy(network);
    return status;
}

static medtl_status run_options(const bench_options *o, medtl_error *err)
{
    output out = {.options = o};
    medtl_status status;

    if (o->json)
        printf("{\"program\":\"medtl\",\"kernels\":\"%s\",\"network\":\"%s\",\"size\":%u,"
               "\"threads\":%zu,\n\"inference\":[",
               medtl_kernels_name(), o->network, o->size, o->threads);
    status = run_inference(&out, err);
    if (status == MEDTL_OK)
        status = run_training(&out, err);
    if (o->json)
        printf("}\n");
    return status;
}

/* Both batches and a training step, on one and two threads. */
static medtl_status run_usual(const bench_options *given, const char *network, medtl_error *err)
{
    static const size_t batches[] = {1, 16};
    bench_options o = *given;
    output out = {.options = &o};
    medtl_model *model = NULL;
    medtl_network *trained = NULL;
    medtl_status status;

    snprintf(o.network, sizeof o.network, "%s", network);
    status = bench_subject_model(&o, &model, err);
    for (o.threads = 1; o.threads <= 2 && status == MEDTL_OK; o.threads++)
        for (size_t i = 0; i < 2 && status == MEDTL_OK; i++)
            status = bench_inference(&out, model, batches[i], err);
    medtl_model_destroy(model);
    if (status == MEDTL_OK)
        status = bench_subject_network(&o, &trained, err);
    for (o.threads = 1; o.threads <= 2 && status == MEDTL_OK; o.threads++)
        status = bench_training(&out, trained, 16, err);
    medtl_network_destroy(trained);
    return status;
}

static medtl_status run(const bench_options *o, medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    if (o->peak) {
        printf(o->json ? "{\"kernels\":\"%s\",\"threads\":%zu,\"peak_gflops\":%.1f}\n"
                       : "kernels %s, %zu thread(s): multiply-add peak %.1f GFLOP/s\n",
               medtl_kernels_name(), o->threads, bench_peak(o->threads));
        return MEDTL_OK;
    }
    if (!o->json)
        machine_print();
    if (o->profile)
        return bench_profile(o, err);
    if (!o->json)
        printf("kernels %s, input %dx%ux%u, %zu repeats\n", medtl_kernels_name(), BENCH_CHANNELS,
               o->size, o->size, o->rounds);
    if (!o->usual)
        return run_options(o, err);
    if (o->network[0] != '\0')
        return run_usual(o, o->network, err);
    status = run_usual(o, "hybrid2", err);
    return status == MEDTL_OK ? run_usual(o, "resnet18", err) : status;
}

int main(int argc, char **argv)
{
    bench_options options;
    medtl_error err = {MEDTL_OK, ""};
    const int status = bench_options_parse(&options, argc, argv);

    if (status != -1)
        return status;
    if (options.kernels != NULL && !medtl_kernels_force(options.kernels)) {
        fprintf(stderr, "bench_networks: this processor has no kernels %s\n", options.kernels);
        return 2;
    }
    if (run(&options, &err) != MEDTL_OK) {
        fprintf(stderr, "bench_networks: %s\n", err.message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

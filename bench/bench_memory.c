/* Memory of whole networks, as planned and as the system counts it.
 *
 *   bench_memory [ARCHITECTURE [SIZE [BATCH]]]      default: resnet50 at 224 pixels, training batches of 8
 *
 * Inference of one image: weights, arena and scratch of the plan, and the process' peak resident memory while a predictor
 * is made and run (its high-water mark is set back once the model is loaded, where the system allows it), against
 * 1.3 x (weights + the two largest activations that are alive together). Training: what a pass allocates with all
 * activations kept and with recomputation, and the time of a step with each. */
#include "core/nn/model_parts.h"
#include "core/nn/network.h"
#include "machine.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHANNELS = 3, CLASSES = 1000 };

static const double MEBIBYTE = 1048576.0, LIMIT = 1.3;

static float *noise(size_t count)
{
    float *values = malloc(count * sizeof *values);
    unsigned seed = 1;

    for (size_t i = 0; values != NULL && i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

static double parameters_size(medtl_network *network)
{
    double floats = 0.0;

    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        floats += (double)medtl_network_parameter(network, i)->size;
    return floats * sizeof(float) / MEBIBYTE;
}

/* The largest sum of two activations that any step needs at once: made by it or before it, and read by it or later. */
static double two_largest(const medtl_graph *graph)
{
    size_t most = 0;

    for (size_t step = 1; step < graph->node_count; step++) {
        size_t first = 0, second = 0;

        for (size_t i = 1; i <= step; i++) {
            const size_t size = medtl_shape_size(graph->nodes[i].shape);

            if (medtl_graph_last_reader(graph, i) < step && i != step)
                continue;
            if (size > first) {
                second = first;
                first = size;
            } else if (size > second) {
                second = size;
            }
        }
        most = first + second > most ? first + second : most;
    }
    return (double)most * sizeof(float) / MEBIBYTE;
}

static medtl_status save(medtl_network *network, const char *path, medtl_error *err)
{
    char(*names)[8] = calloc(CLASSES, sizeof *names);
    const char **classes = calloc(CLASSES, sizeof *classes);
    const medtl_model_description description = {
        .name = "bench", .class_names = (const char *const *)classes, .temperature = 1.0f};
    medtl_status status = MEDTL_E_MEMORY;

    for (size_t i = 0; names != NULL && classes != NULL && i < CLASSES; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        classes[i] = names[i];
    }
    if (names != NULL && classes != NULL)
        status = medtl_network_save(network, &description, false, path, err);
    free(names);
    free(classes);
    return status;
}

static medtl_status measure_inference(const char *path, double weights, medtl_error *err)
{
    medtl_model *model = NULL;
    medtl_predictor *predictor = NULL;
    medtl_status status = medtl_model_load(path, &model, err);
    double start, loading, pair, limit, peak;
    float *input = NULL, *logits = NULL;

    if (status != MEDTL_OK)
        return status;
    input = noise((size_t)model->info.channels * model->info.height * model->info.width);
    logits = malloc(CLASSES * sizeof *logits);
    loading = machine_memory("VmHWM:");
    malloc_trim(0);
    machine_forget_peak();
    start = machine_memory("VmHWM:");
    status = input != NULL && logits != NULL ? medtl_predictor_create(model, 1, 1, &predictor, err)
                                             : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    if (status == MEDTL_OK) {
        medtl_predictor_run_logits(predictor, input, 1, logits);
        pair = two_largest(&model->plan.graph);
        limit = LIMIT * (weights + pair);
        peak = machine_memory("VmHWM:");
        printf("  weights %.1f MiB, two largest live activations %.1f MiB, limit %.1f MiB\n",
               weights, pair, limit);
        printf("  arena %.1f MiB, scratch %.1f MiB a thread\n",
               (double)model->plan.layout.total * sizeof(float) / MEBIBYTE,
               (double)model->plan.scratch * sizeof(float) / MEBIBYTE);
        printf("  resident: %.1f MiB with the model loaded, peak %.1f MiB while it runs: %.2f of "
               "the limit%s\n",
               start, peak, peak / limit, peak <= limit ? "" : " (NOT HELD)");
        printf("  resident peak of loading: %.1f MiB\n", loading);
    }
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    free(input);
    free(logits);
    return status;
}

static medtl_status measure_pass(medtl_network *network, size_t batch, bool recompute,
                                 const float *input, medtl_error *err)
{
    medtl_trainer_pass *pass = NULL;
    float *dlogits = noise(batch * CLASSES);
    medtl_status status = recompute
                              ? medtl_trainer_pass_create_recomputing(network, batch, 1, &pass, err)
                              : medtl_trainer_pass_create(network, batch, 1, &pass, err);

    if (status == MEDTL_OK && dlogits != NULL) {
        double best = 1e9;

        for (int i = 0; i < 3; i++) {
            const double start = machine_seconds();

            (void)medtl_trainer_pass_forward(pass, input, batch, 1);
            medtl_trainer_pass_backward(pass, dlogits);
            best = machine_seconds() - start < best ? machine_seconds() - start : best;
        }
        printf("  training, batch %zu, %-9s %8.1f MiB, of that activations %8.1f MiB; %.0f ms an "
               "image\n",
               batch, recompute ? "recompute" : "keep",
               (double)medtl_trainer_pass_memory(pass) / MEBIBYTE,
               (double)medtl_trainer_pass_activation_memory(pass) / MEBIBYTE,
               best * 1e3 / (double)batch);
    }
    medtl_trainer_pass_destroy(pass);
    free(dlogits);
    return status;
}

int main(int argc, char **argv)
{
    medtl_network_spec spec = {
        .architecture = "resnet50", .channels = CHANNELS, .classes = CLASSES, .dropout = -1.0f};
    const size_t batch = argc > 3 ? strtoul(argv[3], NULL, 10) : 8;
    medtl_network *network = NULL;
    medtl_error err = {MEDTL_OK, ""};
    medtl_status status;
    char path[] = P_tmpdir "/bench-memory-XXXXXX";
    float *input = NULL;
    const int file = mkstemp(path);

    if (file >= 0)
        close(file);
    if (argc > 1)
        snprintf(spec.architecture, sizeof spec.architecture, "%s", argv[1]);
    spec.height = spec.width_px = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 224;
    machine_print();
    printf("%s, input %dx%ux%u, %d classes\n", spec.architecture, CHANNELS, spec.height,
           spec.height, CLASSES);
    if ((status = medtl_network_create(&spec, 1, &network, &err)) == MEDTL_OK &&
        (status = save(network, path, &err)) == MEDTL_OK) {
        const double weights = parameters_size(network);

        medtl_network_destroy(network); /* inference first, with nothing else in memory */
        network = NULL;
        malloc_trim(0);
        machine_forget_peak();
        status = measure_inference(path, weights, &err);
    }
    unlink(path);
    input = noise(batch * CHANNELS * spec.height * spec.width_px);
    if (status == MEDTL_OK && input != NULL &&
        (status = medtl_network_create(&spec, 1, &network, &err)) == MEDTL_OK &&
        (status = measure_pass(network, batch, false, input, &err)) == MEDTL_OK)
        status = measure_pass(network, batch, true, input, &err);
    if (status != MEDTL_OK)
        fprintf(stderr, "bench_memory: %s\n", err.message);
    medtl_network_destroy(network);
    free(input);
    return status == MEDTL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

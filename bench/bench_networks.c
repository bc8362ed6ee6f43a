/* Milliseconds per image of whole networks: inference at batch 1 and 16, and a training step (forward and
 * backward, no optimiser) at batch 16.
 *
 *   bench_networks [ARCHITECTURE [SIZE [WIDTH]]]      default: hybrid2 and resnet18 at 224 pixels, own width
 *
 * The median of REPEATS runs and the best of them; where they lie far apart, the machine was busy. Two clocks:
 * the wall, and CPU time of the whole process divided by the images, which other programs disturb less. */
#include "core/nn/kernels.h"
#include "core/nn/network.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHANNELS = 3, CLASSES = 2, REPEATS = 7, TRAIN_BATCH = 16 };

typedef struct timing {
    double median, best, cpu; /* seconds a run */
} timing;

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static timing measure(void (*run)(void *context), void *context)
{
    double wall[REPEATS], cpu[REPEATS];

    run(context); /* warm up: first touch of the memory */
    for (int i = 0; i < REPEATS; i++) {
        const double start = machine_seconds(), cpu_start = cpu_seconds();

        run(context);
        wall[i] = machine_seconds() - start;
        cpu[i] = cpu_seconds() - cpu_start;
    }
    machine_sort(wall, REPEATS);
    machine_sort(cpu, REPEATS);
    return (timing){wall[REPEATS / 2], wall[0], cpu[REPEATS / 2]};
}

static void print(const char *architecture, const char *what, size_t batch, size_t threads,
                  timing t)
{
    const double scale = 1e3 / (double)batch;

    printf("%-9s %-6s batch %2zu  threads %zu  median %8.2f  best %8.2f  cpu %8.2f ms/image\n",
           architecture, what, batch, threads, t.median * scale, t.best * scale, t.cpu * scale);
    fflush(stdout);
}

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

typedef struct inference {
    medtl_predictor *predictor;
    const float *input;
    size_t batch;
    float logits[TRAIN_BATCH * CLASSES];
} inference;

static void infer(void *context)
{
    inference *i = context;

    medtl_predictor_run_logits(i->predictor, i->input, i->batch, i->logits);
}

typedef struct training {
    medtl_trainer_pass *pass;
    const float *input;
    float dlogits[TRAIN_BATCH * CLASSES];
} training;

static void train(void *context)
{
    training *t = context;

    (void)medtl_trainer_pass_forward(t->pass, t->input, TRAIN_BATCH, 1);
    medtl_trainer_pass_backward(t->pass, t->dlogits);
}

/* The network through a file, as a model is used. */
static medtl_status load_model(medtl_network *network, medtl_model **model, medtl_error *err)
{
    static const char *const names[CLASSES] = {"a", "b"};
    const medtl_model_description description = {.class_names = names, .temperature = 1.0f};
    char path[] = "/tmp/bench_networks.XXXXXX";
    const int fd = mkstemp(path);
    medtl_status status;

    if (fd < 0)
        return medtl_fail(err, MEDTL_E_IO, "cannot make a temporary file");
    close(fd);
    status = medtl_network_save(network, &description, false, path, err);
    if (status == MEDTL_OK)
        status = medtl_model_load(path, model, err);
    unlink(path);
    return status;
}

static medtl_status bench_inference(const char *name, medtl_network *network, const float *input,
                                    medtl_error *err)
{
    static const size_t batches[] = {1, 16};
    medtl_model *model = NULL;
    medtl_status status = load_model(network, &model, err);

    for (size_t threads = 1; threads <= 2 && status == MEDTL_OK; threads++)
        for (size_t b = 0; b < 2 && status == MEDTL_OK; b++) {
            inference i = {.input = input, .batch = batches[b]};

            status = medtl_predictor_create(model, batches[b], threads, &i.predictor, err);
            if (status == MEDTL_OK)
                print(name, "infer", batches[b], threads, measure(infer, &i));
            medtl_predictor_destroy(i.predictor);
        }
    medtl_model_destroy(model);
    return status;
}

static medtl_status bench_training(const char *name, medtl_network *network, const float *input,
                                   medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    for (size_t threads = 1; threads <= 2 && status == MEDTL_OK; threads++) {
        training t = {.input = input};

        for (size_t i = 0; i < TRAIN_BATCH * CLASSES; i++)
            t.dlogits[i] = i % 2 == 0 ? 0.01f : -0.01f;
        status = medtl_trainer_pass_create(network, TRAIN_BATCH, threads, &t.pass, err);
        if (status == MEDTL_OK)
            print(name, "train", TRAIN_BATCH, threads, measure(train, &t));
        medtl_trainer_pass_destroy(t.pass);
    }
    return status;
}

static medtl_status bench(const char *name, uint32_t size, uint32_t width, medtl_error *err)
{
    medtl_network_spec spec = {.width = width,
                               .channels = CHANNELS,
                               .height = size,
                               .width_px = size,
                               .classes = CLASSES,
                               .dropout = -1.0f};
    float *input = noise((size_t)TRAIN_BATCH * CHANNELS * size * size);
    medtl_network *network = NULL;
    medtl_status status = MEDTL_OK;

    snprintf(spec.architecture, sizeof spec.architecture, "%s", name);
    if (input == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the images");
    if (status == MEDTL_OK)
        status = medtl_network_create(&spec, 1, &network, err);
    if (status == MEDTL_OK)
        status = bench_inference(name, network, input, err);
    if (status == MEDTL_OK)
        status = bench_training(name, network, input, err);
    medtl_network_destroy(network);
    free(input);
    return status;
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"hybrid2", "resnet18"};
    const uint32_t size = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 224;
    const uint32_t width = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    medtl_error err = {MEDTL_OK, ""};

    machine_print();
    printf("kernels %s, input %dx%ux%u, %d repeats\n", medtl_kernels_name(), CHANNELS, size, size,
           REPEATS);
    if (argc > 1)
        (void)bench(argv[1], size, width, &err);
    else
        for (size_t i = 0; i < 2 && err.status == MEDTL_OK; i++)
            (void)bench(usual[i], size, width, &err);
    if (err.status != MEDTL_OK)
        fprintf(stderr, "bench_networks: %s\n", err.message);
    return err.status == MEDTL_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

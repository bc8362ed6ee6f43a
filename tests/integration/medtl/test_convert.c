/* medtl inspect and medtl convert: weights without our metadata become the model that they were. */
#include "tool.h"

#include "core/nn/safetensors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(convert, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define NORMALISER                                                                                 \
    "--normaliser 'v1 channels=1 size=32x32 voi=full crop=none side=keep fit=stretch "             \
    "constancy=none mean=0.5,0.5,0.5 sd=0.25,0.25,0.25' "
#define CONVERT                                                                                    \
    "convert weights.safetensors model.safetensors --architecture hybrid2 --width 4 "              \
    "--dropout 0.2 " NORMALISER

enum { MOST_TENSORS = 128 };

/* What PyTorch would save of a model: its tensors with a counter, and no metadata of ours. */
static void strip(const char *from, const char *to)
{
    static const size_t one[1] = {1};
    static const float zero = 0.0f;
    medtl_safetensors *file = NULL;
    medtl_to_store tensors[MOST_TENSORS];
    size_t count;

    cr_assert_eq(medtl_safetensors_read(from, &file, NULL), MEDTL_OK);
    count = medtl_safetensors_count(file);
    cr_assert_lt(count, MOST_TENSORS);
    for (size_t i = 0; i < count; i++) {
        const medtl_stored *s = medtl_safetensors_at(file, i);
        float *values = malloc((s->count + 1) * sizeof *values);

        cr_assert(medtl_stored_floats(s, values));
        tensors[i] = (medtl_to_store){s->name, s->shape, s->dimensions, values, s->count, false};
    }
    tensors[count] = (medtl_to_store){"norm1.num_batches_tracked", one, 1, &zero, 1, false};
    cr_assert_eq(medtl_safetensors_write(to, "format", "pt", tensors, count + 1, NULL), MEDTL_OK);
    for (size_t i = 0; i < count; i++)
        free((void *)tensors[i].values);
    medtl_safetensors_destroy(file);
}

static void prepare(void)
{
    pictures_write(60);
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 -o run");
    strip("run/model.safetensors", "weights.safetensors");
}

Test(convert, stripped_weights_become_a_model_that_predicts_the_same)
{
    prepare();
    EXITS(3, "evaluate --model weights.safetensors --data labels.csv");
    SAYS("without the metadata of a model");
    EXITS(0, CONVERT "--classes no,yes");
    SAYS("tensors: 78 matched, 1 counters, not needed");
    EXITS(
        0,
        "evaluate --model run/model.safetensors --data labels.csv --leaks warn --predictions a.csv "
        "--resamples 0");
    EXITS(
        0,
        "evaluate --model model.safetensors --data labels.csv --leaks warn --predictions b.csv --resamples 0");
    cr_assert(same_bytes("a.csv", "b.csv"));
    EXITS(0, CONVERT "--classes no,yes --f16");
    EXITS(0, "inspect model.safetensors");
    SAYS("F16");
    SAYS("\"converted_from\": \"weights.safetensors\"");
}

Test(convert, what_does_not_fit_is_named_and_nothing_is_written)
{
    static const struct {
        const char *arguments, *expected;
        int status;
    } cases[] = {
        {CONVERT "--classes a,b,c", "tensor fc2.weight is [2, 200], the network's [3, 200]", 3},
        {"convert weights.safetensors model.safetensors --classes a,b " NORMALISER,
         "--architecture is needed", 2},
        {"convert weights.safetensors model.safetensors --architecture lenet --classes "
         "a,b " NORMALISER,
         "there is no architecture \"lenet\"", 3},
        {"convert weights.safetensors model.safetensors --architecture resnet18 --classes a,b",
         "--task or --normaliser is needed", 2},
        {CONVERT, "--classes or --task is needed", 2},
        {"convert weights.safetensors", "INPUT and OUTPUT are needed", 2},
        {"convert a b c", "'c' is no option", 2},
        {"convert labels.csv model.safetensors " NORMALISER, "its name does not end in", 2},
        {"convert absent.safetensors model.safetensors --architecture hybrid2 --classes "
         "a,b " NORMALISER,
         "absent.safetensors: cannot open", 3},
    };

    prepare();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXITS(cases[i].status, "%s", cases[i].arguments);
        SAYS(cases[i].expected);
        cr_assert(!exists("model.safetensors"));
    }
}

Test(convert, plain_weights_start_a_training_and_every_tensor_is_accounted_for)
{
    prepare();
    EXITS(
        0,
        "finetune " SMALL_RUN
        "--classes no,yes,maybe --allow-empty-classes --epochs 1 --init weights.safetensors -o next");
    SAYS("started from weights.safetensors");
    SAYS("tensors: 76 matched, 2 reshaped, 1 counters, not needed");
    SAYS("fc2.weight: file F32 [2, 200], network [3, 200] (the head: may start anew)");
    EXITS(3, "finetune " SMALL_RUN
             "--architecture resnet18 --epochs 1 --init weights.safetensors -o none");
    SAYS("no tensor fits this network");
    SAYS("more that do not fit");
    cr_assert_lt(strlen(tool_output), 4000, "a few of them, not hundreds: %s", tool_output);
}

Test(convert, inspect_shows_a_model_and_compares_it)
{
    prepare();
    EXITS(0, "inspect run/model.safetensors");
    SAYS("architecture  hybrid2");
    SAYS("classes       2: no, yes");
    SAYS("normaliser    v1 channels=1 size=32x32");
    SAYS("78 tensors");
    SAYS("stem1.0.weight");
    EXITS(0, "inspect weights.safetensors --against hybrid2 --width 4");
    SAYS("no model yet");
    SAYS("against hybrid2 of width 4 with 1 channels and 2 classes");
    EXITS(1, "inspect weights.safetensors --against hybrid2 --width 4 --class-count 3");
    SAYS("2 reshaped");
    EXITS(1, "inspect weights.safetensors --against resnet18 --json");
    text_write("seen.json", tool_output);
    cr_assert_eq(json_number("seen.json", "against/channels"), 3);
    EXITS(3, "inspect weights.safetensors --against lenet");
    SAYS("there is no architecture");
    EXITS(2, "inspect");
    SAYS("which file?");
    text_write("bad.safetensors", "not a model");
    EXITS(3, "inspect bad.safetensors");
    SAYS("bad.safetensors: the header claims to be longer");
}

Test(convert, published_weights_of_a_known_network_become_a_model)
{
    const char *set = getenv("MEDTL_TEST_DATA");
    char path[1024];

    snprintf(path, sizeof path, "%s/weights/cifar10-resnet20.safetensors",
             set != NULL ? set : MEDTL_SOURCE_DIR "/../shared/data");
    if (!exists(path))
        cr_skip("%s is absent", path);
    EXITS(0,
          "convert '%s' c10.safetensors --architecture resnet20 --normaliser 'v1 channels=3 "
          "size=32x32 voi=full crop=none side=keep fit=stretch constancy=none "
          "mean=0.485,0.456,0.406 sd=0.229,0.224,0.225' "
          "--classes airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
          path);
    SAYS("tensors: 97 matched\n");
    EXITS(0, "inspect c10.safetensors --against resnet20");
    SAYS("against resnet20 of width 16 with 3 channels and 10 classes");
}

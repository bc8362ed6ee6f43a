/* medtl ensemble: several trained models as one. */
#include "tool.h"

#include "core/nn/model_parts.h"

#include <criterion/criterion.h>
#include <string.h>

#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)

static void setup(void)
{
    folder_make();
    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 --seed 1 -o run1");
    EXITS(0, "finetune " SMALL_RUN "--epochs 2 --seed 2 -o run2");
}

TestSuite(ensemble, .init = setup, .fini = folder_remove);

Test(ensemble, of_one_model_twice_answers_as_that_model)
{
    EXITS(0, "ensemble run1/model.safetensors run1/model.safetensors -o twice.safetensors");
    EXITS(
        0,
        "evaluate --model run1/model.safetensors --data labels.csv --leaks warn --predictions one.csv");
    EXITS(
        0,
        "evaluate --model twice.safetensors --data labels.csv --leaks warn --predictions twice.csv");
    /* Twice a float and half of that are exact. */
    cr_expect(same_bytes("one.csv", "twice.csv"));
}

Test(ensemble, says_what_its_members_are)
{
    EXITS(0, "ensemble run1/model.safetensors run2/model.safetensors --name pair --f16 -o "
             "pair.safetensors");
    EXITS(0, "inspect pair.safetensors");
    cr_expect_not_null(strstr(tool_output, "\"members\":2"), "%s", tool_output);
    cr_expect_not_null(strstr(tool_output, "pair 1.0.0"), "%s", tool_output);
    EXITS(3, "ensemble pair.safetensors run1/model.safetensors -o no.safetensors");
    cr_expect_not_null(strstr(tool_output, "pair.safetensors: has several members already"), "%s",
                       tool_output);
    cr_expect_not(exists("no.safetensors"));
}

Test(ensemble, has_other_views_where_asked)
{
    EXITS(0, "ensemble run1/model.safetensors run2/model.safetensors --views flip-x -o "
             "mirrored.safetensors");
    EXITS(0, "inspect mirrored.safetensors");
    cr_expect_not_null(strstr(tool_output, "views         flip-x"), "%s", tool_output);
    EXITS(0, "evaluate --model mirrored.safetensors --data labels.csv --leaks warn --predictions "
             "said.csv");
    EXITS(0, "ensemble run1/model.safetensors run2/model.safetensors -o plain.safetensors");
    EXITS(0, "evaluate --model plain.safetensors --views flip-x --data labels.csv --leaks warn "
             "--predictions asked.csv");
    cr_expect(same_bytes("said.csv", "asked.csv"));
    EXITS(2, "ensemble run1/model.safetensors run2/model.safetensors --views both -o "
             "no.safetensors");
    cr_expect_not_null(strstr(tool_output, "'both' is none of"), "%s", tool_output);
}

Test(ensemble, of_models_that_differ_is_refused)
{
    EXITS(0, "finetune " SMALL_RUN "--epochs 1 --width 5 -o run3");
    EXITS(2, "ensemble run1/model.safetensors run3/model.safetensors -o no.safetensors");
    cr_expect_not_null(strstr(tool_output, "run3/model.safetensors: another width"), "%s",
                       tool_output);
    EXITS(2, "ensemble run1/model.safetensors -o no.safetensors");
    EXITS(3, "ensemble run1/model.safetensors missing.safetensors -o no.safetensors");
    cr_expect_not(exists("no.safetensors"));
}

static medtl_network *network_of(const char *file)
{
    medtl_model *model = NULL;
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_model_load_network(file, &model, &network, &err), MEDTL_OK, "%s",
                 err.message);
    medtl_model_destroy(model);
    return network;
}

Test(ensemble, average_of_weights_is_their_mean)
{
    medtl_network *one, *two, *mean;

    EXITS(0, "finetune " SMALL_RUN "--init run1/model.safetensors --epochs 1 --seed 3 -o run3");
    EXITS(0, "finetune " SMALL_RUN "--init run1/model.safetensors --epochs 1 --seed 4 -o run4");
    EXITS(0, "ensemble --average-weights run3/model.safetensors run4/model.safetensors -o "
             "mean.safetensors");
    one = network_of("run3/model.safetensors");
    two = network_of("run4/model.safetensors");
    mean = network_of("mean.safetensors");
    cr_assert_eq(medtl_network_get_spec(mean)->members, medtl_network_get_spec(one)->members);
    for (size_t i = 0; i < medtl_network_parameter_count(one); i++) {
        const medtl_parameter *a = medtl_network_parameter(one, i),
                              *b = medtl_network_parameter(two, i),
                              *m = medtl_network_parameter(mean, i);

        for (size_t j = 0; j < a->size; j++)
            cr_assert_float_eq(m->value[j], (a->value[j] + b->value[j]) / 2.0f, 1e-6, "%s",
                               a->name);
    }
    medtl_network_destroy(one);
    medtl_network_destroy(two);
    medtl_network_destroy(mean);
}

Test(ensemble, average_of_weights_of_other_starts_is_refused)
{
    EXITS(2, "ensemble --average-weights run1/model.safetensors run2/model.safetensors -o "
             "no.safetensors");
    cr_expect_not_null(strstr(tool_output, "run1/model.safetensors: not fine-tuned from another"),
                       "%s", tool_output);
    EXITS(0, "finetune " SMALL_RUN "--init run1/model.safetensors --epochs 1 -o run3");
    EXITS(0, "finetune " SMALL_RUN "--init run2/model.safetensors --epochs 1 -o run4");
    EXITS(2, "ensemble --average-weights run3/model.safetensors run4/model.safetensors -o "
             "no.safetensors");
    cr_expect_not_null(strstr(tool_output, "run4/model.safetensors: not fine-tuned from the same "
                                           "start as run3/model.safetensors"),
                       "%s", tool_output);
    cr_expect_not(exists("no.safetensors"));
}

Test(ensemble, average_of_support_vectors_is_refused)
{
    EXITS(0, "finetune " SMALL_RUN "--init run1/model.safetensors --strategy hybrid --classifier "
             "neighbours --neighbours 3 -o near");
    EXITS(3, "ensemble --average-weights near/model.safetensors near/model.safetensors -o "
             "no.safetensors");
    cr_expect_not_null(strstr(tool_output, "which have no mean"), "%s", tool_output);
    cr_expect_not(exists("no.safetensors"));
}

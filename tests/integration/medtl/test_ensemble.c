/* medtl ensemble: several trained models as one. */
#include "tool.h"

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

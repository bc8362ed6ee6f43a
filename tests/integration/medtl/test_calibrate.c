/* medtl calibrate: a model in whole numbers of one in floats. */
#include "tool.h"

#include <criterion/criterion.h>
#include <string.h>

#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define SAYS(text)         cr_expect_not_null(strstr(tool_output, text), "%s", tool_output)
#define CALIBRATE                                                                                  \
    "calibrate --data labels.csv --calibration-folds 1 --test-folds 0 --model run/model.safetensors "

static void setup(void)
{
    folder_make();
    pictures_write(60);
    EXITS(0, "finetune " SMALL_RUN "--architecture resnet18 --width 16 --epochs 2 -o run");
}

TestSuite(calibrate, .init = setup, .fini = folder_remove, .timeout = 300);

Test(calibrate, writes_a_model_with_ranges_and_measures_both)
{
    EXITS(0, CALIBRATE "--images 5 -o m8.safetensors");
    SAYS("ranges of 19 convolutions from 5 images");
    SAYS("test   12 images");
    SAYS("macro AUC");
    SAYS("balanced accuracy");
    SAYS("same class predicted for");
    SAYS("2 threads");
    EXITS(0, "inspect m8.safetensors");
    SAYS("arithmetic    int8");
    SAYS("\"calibration\"");
    EXITS(0, "inspect --json m8.safetensors");
    SAYS("\"arithmetic\": \"int8\"");
    EXITS(0, "inspect run/model.safetensors");
    cr_expect_null(strstr(tool_output, "arithmetic"), "%s", tool_output);
    EXITS(0, "evaluate --model m8.safetensors --data labels.csv --folds 0 --leaks warn");
}

Test(calibrate, gives_the_same_bytes_whatever_the_threads)
{
    EXITS(0, CALIBRATE "--threads 1 -o a.safetensors");
    EXITS(0, CALIBRATE "--threads 3 -o b.safetensors");
    cr_expect(same_bytes("a.safetensors", "b.safetensors"));
    EXITS(0, CALIBRATE "--cut 0.01 -o c.safetensors");
    cr_expect_not(same_bytes("a.safetensors", "c.safetensors"));
}

Test(calibrate, refuses_what_it_cannot_do_and_then_writes_nothing)
{
    EXITS(2, CALIBRATE "--test-folds 1 -o no.safetensors");
    SAYS("a fold cannot be for calibration and for the test");
    EXITS(2, CALIBRATE "--calibration-folds 9 -o no.safetensors");
    EXITS(2, CALIBRATE);
    EXITS(2, CALIBRATE "--images 0 -o no.safetensors");
    EXITS(2, CALIBRATE "--cut 0.5 -o no.safetensors");
    cr_expect_not(exists("no.safetensors"));
    EXITS(0, CALIBRATE "-o m8.safetensors");
    EXITS(2, CALIBRATE "--model m8.safetensors -o no.safetensors");
    SAYS("is calibrated already");
    cr_expect_not(exists("no.safetensors"));
}

Test(calibrate, stops_where_too_many_images_cannot_be_read)
{
    text_write("pictures/2.png", "no picture"); /* fold 1 */
    EXITS(3, CALIBRATE "--max-unreadable 0 -o no.safetensors");
    SAYS("cannot be read; --max-unreadable 0");
    EXITS(1, CALIBRATE "--max-unreadable 1 -o some.safetensors");
    SAYS("pictures/2.png");
    cr_expect(exists("some.safetensors"));
}

Test(calibrate, is_not_lost_in_silence_by_other_commands)
{
    EXITS(0, CALIBRATE "-o m8.safetensors");
    EXITS(3, "export m8.safetensors no.onnx");
    SAYS("calibrated for 8-bit whole numbers");
    EXITS(3, "ensemble m8.safetensors m8.safetensors -o no.safetensors");
    SAYS("calibrated for 8-bit whole numbers");
    cr_expect_not(exists("no.onnx"));
    cr_expect_not(exists("no.safetensors"));
}

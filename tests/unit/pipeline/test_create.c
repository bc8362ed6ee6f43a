/* Configuration and models belong together, or nothing starts. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(create, .init = setup, .fini = teardown);

static void expect(medtl_status status, const char *file, const char *words)
{
    const char *path = path_of("10-gray.xml");
    medtl_pipeline *pipeline = (medtl_pipeline *)&status;
    medtl_error err = {MEDTL_OK, ""};

    cr_assert_eq(medtl_pipeline_create(&path, 1, &pipeline, &err), status, "%s", err.message);
    cr_assert_null(pipeline);
    cr_assert_not_null(strstr(err.message, file), "no file name: %s", err.message);
    cr_assert_not_null(strstr(err.message, words), "expected '%s' in: %s", words, err.message);
}

Test(create, gives_tasks_with_their_models_in_order)
{
    medtl_pipeline *pipeline = load_pipeline();

    cr_assert_eq(medtl_pipeline_task_count(pipeline), 2);
    cr_assert_str_eq(medtl_pipeline_task(pipeline, 0)->name, "gray");
    cr_assert_str_eq(medtl_pipeline_task(pipeline, 1)->name, "colour");
    cr_assert_eq(medtl_pipeline_model_info(pipeline, 0)->channels, 1);
    cr_assert_eq(medtl_pipeline_model_info(pipeline, 1)->channels, 3);
    cr_assert_null(medtl_pipeline_model(pipeline, 2));
    cr_assert_null(medtl_pipeline_model_info(pipeline, 2));
    medtl_pipeline_destroy(pipeline);
    medtl_pipeline_destroy(NULL);
}

Test(create, names_file_and_line_of_a_keyword_that_is_none)
{
    write_task("10-gray.xml", "gray", false, "\"Modality\"", "\"MODALITY\"");
    expect(MEDTL_E_CONFIG, "10-gray.xml:", ": 'MODALITY' is no keyword");
    expect(MEDTL_E_CONFIG, "10-gray.xml:", "'Modality' is one");
}

Test(create, names_a_model_that_is_missing)
{
    cr_assert_eq(unlink(path_of("gray.safetensors")), 0);
    expect(MEDTL_E_IO, "gray.safetensors", "cannot open");
}

Test(create, names_a_model_that_is_none)
{
    FILE *stream = fopen(path_of("gray.safetensors"), "wb");

    fputs("this is no model", stream);
    fclose(stream);
    expect(MEDTL_E_FORMAT, "gray.safetensors", "");
}

Test(create, refuses_a_model_of_another_size)
{
    write_task("10-gray.xml", "gray", false, "width=\"16\"", "width=\"18\"");
    expect(MEDTL_E_CONFIG, "gray.safetensors", "the model reads 1 x 24 x 16");
}

Test(create, refuses_a_model_with_other_channels)
{
    write_model("20-colour.xml", 1, "gray.safetensors");
    expect(MEDTL_E_CONFIG, "gray.safetensors", "the model reads 3 x 24 x 16");
}

Test(create, refuses_a_model_trained_on_other_pictures)
{
    write_task("10-gray.xml", "gray", false, "voi=\"full\"", "voi=\"percentile\"");
    expect(MEDTL_E_CONFIG, "gray.safetensors", "voi=full");
}

Test(create, refuses_classes_in_another_order)
{
    write_task("10-gray.xml", "gray", false, "label=\"a\"", "label=\"c\"");
    expect(MEDTL_E_CONFIG, "gray.safetensors", "class 1 of the model is \"a\"");
}

Test(create, refuses_another_number_of_classes)
{
    write_task(
        "10-gray.xml", "gray", false, "</classes>",
        "<class label=\"c\"><code value=\"1\" scheme=\"S\" meaning=\"C\"/></class></classes>");
    expect(MEDTL_E_CONFIG, "gray.safetensors", "the model has 2 classes");
}

Test(create, names_a_wrong_task_with_its_line)
{
    write_task("10-gray.xml", "gray", false, "voi=\"full\"", "voi=\"fool\"");
    expect(MEDTL_E_CONFIG, "10-gray.xml:1: ", "voi");
}

/* DCMTK reads the variable when the process starts to use it: this process has not yet. */
Test(create, says_that_the_data_dictionary_is_missing)
{
    setenv("DCMDICTPATH", "/nowhere/dicom.dic", 1);
    expect(MEDTL_E_CONFIG, "DCMDICTPATH", "data dictionary is not loaded");
}

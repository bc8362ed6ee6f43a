/* Where the default tasks and models are looked for. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

Test(data_folder, is_the_one_that_the_environment_names)
{
    char tasks[256], out[4096];
    const char *folder = make_folder();

    snprintf(tasks, sizeof tasks, "%s/tasks", folder);
    cr_assert_eq(mkdir(tasks, 0755), 0);
    setenv("MEDTL_DATA_DIR", folder, 1);
    cr_assert_eq(medtl_config_data_folder(out, sizeof out, NULL), MEDTL_OK);
    cr_assert_str_eq(out, folder);
    drop_folder();
}

/* A wrong setting is named; another folder would be used in silence otherwise. */
Test(data_folder, is_no_other_where_the_environment_names_a_wrong_one)
{
    medtl_error err = {MEDTL_OK, ""};
    char out[4096];

    setenv("MEDTL_DATA_DIR", "/nowhere", 1);
    cr_assert_eq(medtl_config_data_folder(out, sizeof out, &err), MEDTL_E_CONFIG);
    cr_assert_not_null(strstr(err.message, "/nowhere"), "%s", err.message);
    cr_assert_not_null(strstr(err.message, "MEDTL_DATA_DIR"), "%s", err.message);
}

/* This program lies in BUILD/tests, the data in BUILD/share/medtl. */
Test(data_folder, is_found_beside_the_program)
{
    char out[4096];
    struct stat found, expected;

    unsetenv("MEDTL_DATA_DIR");
    cr_assert_eq(medtl_config_data_folder(out, sizeof out, NULL), MEDTL_OK);
    cr_assert_eq(stat(out, &found), 0);
    cr_assert_eq(stat(MEDTL_BINARY_DIR "/share/medtl", &expected), 0);
    cr_assert_eq(found.st_ino, expected.st_ino, "%s", out);
}

Test(data_folder, does_not_overrun_a_small_buffer)
{
    char out[8] = "#######";

    unsetenv("MEDTL_DATA_DIR");
    cr_assert_neq(medtl_config_data_folder(out, 4, NULL), MEDTL_OK);
    cr_assert_eq(out[4], '#');
}

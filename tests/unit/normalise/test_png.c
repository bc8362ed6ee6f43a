/* The picture is read back with libpng itself. */
#include "make.h"

#include <criterion/criterion.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_back(const char *path, unsigned format, uint32_t width, uint32_t height,
                      unsigned char *bytes)
{
    png_image picture = {.version = PNG_IMAGE_VERSION};

    cr_assert(png_image_begin_read_from_file(&picture, path), "%s", picture.message);
    cr_assert_eq(picture.format, format);
    cr_assert_eq(picture.width, width);
    cr_assert_eq(picture.height, height);
    cr_assert(png_image_finish_read(&picture, NULL, bytes, 0, NULL));
}

Test(png, mean_and_sd_are_undone_and_values_clamped)
{
    const medtl_normaliser n = {.channels = 3,
                                .height = 1,
                                .width = 2,
                                .mean = {0.5f, 0.0f, 0.25f},
                                .sd = {0.25f, 1.0f, 0.5f}};
    const float input[] = {-2.0f, 2.0f, -3.0f, 9.0f, 0.3f, -0.1f};
    const unsigned char expected[] = {0, 0, 102, 255, 255, 51};
    char path[] = "/tmp/medtl-test-XXXXXX";
    unsigned char bytes[6];

    close(mkstemp(path));
    cr_assert_eq(medtl_normalised_write_png(input, &n, path, NULL), MEDTL_OK);
    read_back(path, PNG_FORMAT_RGB, 2, 1, bytes);
    cr_assert_arr_eq(bytes, expected, sizeof expected);
    unlink(path);
}

Test(png, one_channel_is_gray)
{
    const medtl_normaliser n = {.channels = 1, .height = 2, .width = 1, .sd = {1, 1, 1}};
    const float input[] = {0.2f, 1.0f};
    char path[] = "/tmp/medtl-test-XXXXXX";
    unsigned char bytes[2];

    close(mkstemp(path));
    cr_assert_eq(medtl_normalised_write_png(input, &n, path, NULL), MEDTL_OK);
    read_back(path, PNG_FORMAT_GRAY, 1, 2, bytes);
    cr_assert_eq(bytes[0], 51);
    cr_assert_eq(bytes[1], 255);
    unlink(path);
}

Test(png, a_folder_that_is_not_there_is_an_io_error)
{
    const medtl_normaliser n = {.channels = 1, .height = 1, .width = 1, .sd = {1, 1, 1}};
    const float input[] = {0.0f};
    medtl_error err = {0};

    cr_assert_eq(medtl_normalised_write_png(input, &n, "/nonexistent/folder/a.png", &err),
                 MEDTL_E_IO);
    cr_assert_not_null(strstr(err.message, "/nonexistent/folder/a.png"));
}

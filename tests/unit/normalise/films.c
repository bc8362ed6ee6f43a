/* The real films that some tests look at. */
#include "make.h"

#include <criterion/criterion.h>
#include <png.h>
#include <stdlib.h>

static void data_path(char *path, size_t size, const char *name)
{
    const char *root = getenv("MEDTL_TEST_DATA");

    snprintf(path, size, "%s/mini-mias-512/%s",
             root != NULL ? root : MEDTL_SOURCE_DIR "/../shared/data", name);
}

medtl_image *read_film(const char *name)
{
    png_image picture = {.version = PNG_IMAGE_VERSION};
    medtl_image *image;
    char file[64], path[600];

    snprintf(file, sizeof file, "images/%.40s.png", name);
    data_path(path, sizeof path, file);
    cr_assert(png_image_begin_read_from_file(&picture, path), "%s: %s", path, picture.message);
    picture.format = PNG_FORMAT_GRAY;
    cr_assert_eq(
        medtl_image_create(picture.height, picture.width, 1, MEDTL_PIXEL_U8, 8, &image, NULL),
        MEDTL_OK);
    cr_assert(png_image_finish_read(&picture, NULL, image->pixels, 0, NULL));
    return image;
}

FILE *open_films(const char *table)
{
    char path[600];

    data_path(path, sizeof path, table);
    return fopen(path, "r");
}

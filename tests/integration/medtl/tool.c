#include "tool.h"

#include "core/base/file.h"
#include "core/base/random.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char tool_output[TOOL_OUTPUT_SIZE];
static char folder[256];

void folder_make(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%s/medtl_test_XXXXXX", base != NULL ? base : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

void folder_remove(void)
{
    char command[300];

    cr_assert_eq(chdir("/"), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

int tool(const char *format, ...)
{
    char arguments[4096], command[4400];
    va_list list;
    FILE *stream;
    size_t size;

    va_start(list, format);
    vsnprintf(arguments, sizeof arguments, format, list);
    va_end(list);
    snprintf(command, sizeof command, "exec 2>&1; exec '%s/bin/medtl' %s", MEDTL_BINARY_DIR,
             arguments);
    stream = popen(command, "r");
    cr_assert_not_null(stream);
    size = fread(tool_output, 1, sizeof tool_output - 1, stream);
    tool_output[size] = '\0';
    return WEXITSTATUS(pclose(stream));
}

void picture_write(const char *path, unsigned seed, bool marked, bool inverted)
{
    unsigned char pixels[PICTURE_SIDE * PICTURE_SIDE];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = PICTURE_SIDE,
                       .height = PICTURE_SIDE,
                       .format = PNG_FORMAT_GRAY};
    medtl_random random;
    size_t x, y;

    medtl_random_seed(&random, seed);
    x = medtl_random_below(&random, PICTURE_SIDE / 2);
    y = medtl_random_below(&random, PICTURE_SIDE / 2);
    for (size_t row = 0; row < PICTURE_SIDE; row++)
        for (size_t column = 0; column < PICTURE_SIDE; column++) {
            const bool inside =
                marked && row - y < PICTURE_SIDE / 2 && column - x < PICTURE_SIDE / 2;
            const double value = 70.0 + 20.0 * medtl_random_normal(&random) + (inside ? 90.0 : 0.0);
            const int kept = value < 0.0 ? 0 : value > 255.0 ? 255 : (int)value;

            pixels[row * PICTURE_SIDE + column] = (unsigned char)(inverted ? 255 - kept : kept);
        }
    pixels[0] = inverted ? 255 : 0; /* the full range is the same in all pictures */
    pixels[1] = inverted ? 0 : 255;
    cr_assert_neq(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), 0, "%s", path);
}

void pictures_write(unsigned count)
{
    FILE *table;

    cr_assert_eq(medtl_file_make_folders("pictures", NULL), MEDTL_OK);
    table = fopen("labels.csv", "w");
    cr_assert_not_null(table);
    fputs("file,label,group,fold,photometric\n", table);
    for (unsigned i = 0; i < count; i++) {
        char path[64];

        snprintf(path, sizeof path, "pictures/%u.png", i);
        picture_write(path, i, i % 2 == 1, false);
        fprintf(table, "%s,%s,\"group, %u\",%u,0\n", path, i % 2 == 1 ? "yes" : "no", i / 2,
                i / 2 % 5);
    }
    fclose(table);
}

void text_write(const char *path, const char *text)
{
    cr_assert_eq(medtl_file_replace(path, text, strlen(text), NULL), MEDTL_OK, "%s", path);
}

bool exists(const char *path) { return access(path, F_OK) == 0; }

bool same_bytes(const char *a, const char *b)
{
    unsigned char *x = NULL, *y = NULL;
    size_t m = 0, n = 0;
    const bool same = medtl_file_read(a, 1 << 28, &x, &m, NULL) == MEDTL_OK &&
                      medtl_file_read(b, 1 << 28, &y, &n, NULL) == MEDTL_OK && m == n &&
                      memcmp(x, y, m) == 0;

    free(x);
    free(y);
    return same;
}

double json_number(const char *file, const char *path)
{
    json_t *root = json_load_file(file, 0, NULL), *at = root;
    char copy[128], *rest = NULL;
    double value;

    cr_assert_not_null(root, "%s is no JSON", file);
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok_r(copy, "/", &rest); key != NULL; key = strtok_r(NULL, "/", &rest))
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key)) : json_object_get(at, key);
    value = json_is_number(at) ? json_number_value(at) : (double)NAN;
    json_decref(root);
    return value;
}

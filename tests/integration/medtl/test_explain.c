#include "tool.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(explain, .init = folder_make, .fini = folder_remove, .timeout = 300);

#define SAYS(text)         cr_assert_not_null(strstr(tool_output, text), "%s", tool_output)
#define EXITS(status, ...) cr_assert_eq(tool(__VA_ARGS__), status, "%s", tool_output)
#define EXPLAIN            "explain -m run/model.safetensors -o heat "

static void train(void)
{
    pictures_write(40);
    EXITS(0, "finetune " SMALL_RUN "--test-folds 0 --validation-folds 1 --epochs 3 -o run");
}

static bool is_picture(const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    const bool read = png_image_begin_read_from_file(&image, path) != 0;

    png_image_free(&image);
    return read && image.width > 300 && image.height > 150;
}

Test(explain, writes_a_page_for_the_predicted_class_or_for_each)
{
    json_t *root, *map;

    train();
    EXITS(0, EXPLAIN "pictures/1.png --class all --json heat.json");
    cr_expect(is_picture("heat/1.png.no.png"));
    cr_expect(is_picture("heat/1.png.yes.png"));
    root = json_load_file("heat.json", 0, NULL);
    cr_assert_eq(json_array_size(json_object_get(root, "heat_maps")), 2);
    map = json_object_get(json_array_get(json_object_get(root, "heat_maps"), 0), "map");
    cr_expect_eq(json_array_size(map), (size_t)json_number("heat.json", "map_height"));
    cr_expect_eq(json_array_size(json_array_get(map, 0)),
                 (size_t)json_number("heat.json", "map_width"));
    json_decref(root);
    EXITS(0, EXPLAIN "pictures/0.png pictures/2.png --format svg --quiet");
    cr_expect(exists("heat/0.png.no.svg") || exists("heat/0.png.yes.svg"));
    cr_expect(exists("heat/2.png.no.svg") || exists("heat/2.png.yes.svg"));
    cr_expect_eq(tool_output[0], '\0', "%s", tool_output);
}

Test(explain, the_layer_decides_the_size_of_the_map)
{
    train();
    EXITS(0, EXPLAIN "pictures/1.png --class yes --layer stem1 --json heat.json");
    cr_expect_eq(json_number("heat.json", "map_height"), PICTURE_SIDE);
    EXITS(2, EXPLAIN "pictures/1.png --layer fc2");
    SAYS("single pixel");
    EXITS(2, EXPLAIN "pictures/1.png --layer layer9");
    SAYS("hybrid2 has no layer \"layer9\"");
}

/* Of files with the same name no page replaces another's. */
Test(explain, names_pages_after_folders_where_files_have_the_same_name)
{
    train();
    cr_assert(mkdir("a", 0777) == 0 && mkdir("b", 0777) == 0);
    cr_assert(link("pictures/1.png", "a/1.png") == 0 && link("pictures/3.png", "b/1.png") == 0);
    EXITS(0, EXPLAIN "a/1.png b/1.png pictures/2.png --class yes --quiet --json heat.json");
    cr_expect(exists("heat/a_1.png.yes.png") && exists("heat/b_1.png.yes.png") &&
              exists("heat/pictures_2.png.yes.png") && !exists("heat/1.png.yes.png"));
    EXITS(0, EXPLAIN "a/1.png a/1.png pictures/2.png --class yes --quiet");
    cr_expect(exists("heat/1.png.yes.png"), "given twice, it is the same");
}

Test(explain, an_inverted_picture_gives_what_the_plain_one_gives)
{
    train();
    picture_write("pictures/plain.png", 77, true, false);
    picture_write("pictures/inverted.png", 77, true, true);
    EXITS(0, EXPLAIN "pictures/plain.png --inverted pictures/inverted.png --class yes --quiet "
                     "--json heat.json");
    cr_expect_float_eq(json_number("heat.json", "heat_maps/0/probability"),
                       json_number("heat.json", "heat_maps/1/probability"), 1e-4);
    EXITS(0, EXPLAIN "pictures/plain.png pictures/inverted.png --class yes --quiet "
                     "--json heat.json");
    cr_expect(fabs(json_number("heat.json", "heat_maps/0/probability") -
                   json_number("heat.json", "heat_maps/1/probability")) > 1e-3,
              "they are different pictures");
}

Test(explain, bad_input_is_named_and_the_rest_is_done)
{
    train();
    text_write("no.png", "not a picture");
    EXITS(1, EXPLAIN "no.png pictures/1.png --class yes");
    SAYS("not used: no.png");
    cr_expect(exists("heat/1.png.yes.png"));
    EXITS(2, EXPLAIN "pictures/1.png --class maybe");
    SAYS("the model has no class 'maybe'");
    EXITS(2, EXPLAIN);
    EXITS(2, "explain pictures/1.png -o heat");
    EXITS(3, "explain pictures/1.png -m no.png -o heat");
    EXITS(3, "explain pictures/1.png -m run/model.safetensors -o no.png/heat");
}

#include "make.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(fit, letterbox_keeps_the_aspect_ratio_and_centres)
{
    const medtl_box tall = {0.0, 0.0, 100.0, 200.0};
    const medtl_placement p = medtl_fit_box(&tall, MEDTL_FIT_LETTERBOX, 64, 64);

    cr_assert(p.x == 16 && p.y == 0 && p.width == 32 && p.height == 64);
}

Test(fit, a_sliver_keeps_one_pixel)
{
    const medtl_box thin = {0.0, 0.0, 1.0, 10000.0};
    const medtl_placement p = medtl_fit_box(&thin, MEDTL_FIT_LETTERBOX, 64, 64);

    cr_assert(p.width == 1 && p.height == 64 && p.x == 31);
}

Test(fit, stretch_fills_the_input)
{
    const medtl_box tall = {0.0, 0.0, 100.0, 200.0};
    const medtl_placement p = medtl_fit_box(&tall, MEDTL_FIT_STRETCH, 50, 60);

    cr_assert(p.x == 0 && p.y == 0 && p.width == 50 && p.height == 60);
}

Test(fit, the_centre_crop_has_the_inputs_aspect_ratio)
{
    const medtl_box wide = medtl_center_box(450, 600, 224, 224),
                    tall = medtl_center_box(600, 450, 100, 50);

    cr_assert(wide.x0 == 75.0 && wide.x1 == 525.0 && wide.y0 == 0.0 && wide.y1 == 450.0);
    cr_assert(tall.x0 == 0.0 && tall.x1 == 450.0 && tall.y0 == 187.5 && tall.y1 == 412.5);
}

Test(fit, the_geometry_says_where_the_input_lies_in_the_image)
{
    medtl_normaliser n =
        plain(40, 20, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_LETTERBOX);
    medtl_image *image;
    medtl_geometry g;

    cr_assert_eq(medtl_image_create(30, 30, 1, MEDTL_PIXEL_U8, 8, &image, NULL), MEDTL_OK);
    put(image, 0, 1);
    free(run(image, &n, &g));
    cr_assert(g.x0 == 0.0 && g.y0 == 0.0 && g.x1 == 30.0 && g.y1 == 30.0 && !g.flipped);
    cr_assert(g.inner[0] == 10.0 && g.inner[1] == 0.0 && g.inner[2] == 30.0 && g.inner[3] == 20.0);
    n.crop = MEDTL_CROP_CENTER;
    free(run(image, &n, &g));
    cr_assert(g.x0 == 0.0 && g.y0 == 7.5 && g.x1 == 30.0 && g.y1 == 22.5);
    cr_assert(g.inner[0] == 0.0 && g.inner[2] == 40.0 && g.inner[3] == 20.0);
    medtl_image_destroy(image);
}

Test(fit, letterbox_margins_are_zero_before_mean_and_sd)
{
    const int values[] = {255, 255, 255, 255};
    medtl_normaliser n =
        plain(4, 2, MEDTL_VOI_IMAGE, MEDTL_CROP_NONE, MEDTL_SIDE_KEEP, MEDTL_FIT_LETTERBOX);
    medtl_image *image = make_gray(2, 2, MEDTL_PIXEL_U8, values);
    float *out;

    image->has_window = true;
    image->window_center = 128.0;
    image->window_width = 256.0;
    n.mean[0] = 0.5f;
    n.sd[0] = 0.25f;
    out = run(image, &n, NULL);
    cr_assert_eq(out[0], -2.0f);
    cr_assert_eq(out[1], 2.0f);
    cr_assert_eq(out[2], 2.0f);
    cr_assert_eq(out[3], -2.0f);
    free(out);
    medtl_image_destroy(image);
}

/* Mirror images and turns of an input, and the model that averages over them. */
#include "core/nn/views.h"
#include "naive_network.h"
#include "nn_model.h"

#include <criterion/parameterized.h>

enum { CLASSES = 3 };

/* Each view of the picture
 *     1 2
 *     3 4
 * written out by hand: itself, mirrored left-right, top-bottom, both; then the same of its transpose. */
static const float by_hand[8][4] = {
    {1, 2, 3, 4}, {2, 1, 4, 3}, {3, 4, 1, 2}, {4, 3, 2, 1},
    {1, 3, 2, 4}, {3, 1, 4, 2}, {2, 4, 1, 3}, {4, 2, 3, 1},
};

Test(views, of_a_square_are_its_eight_symmetries)
{
    cr_assert_eq(medtl_views_count(MEDTL_VIEWS_SYMMETRIES), 8);
    for (size_t v = 0; v < 8; v++) {
        float out[8];
        const float in[8] = {1, 2, 3, 4, 10, 20, 30, 40}; /* two channels */

        medtl_view_draw(MEDTL_VIEWS_SYMMETRIES, v, 2, 2, 2, in, out);
        for (size_t i = 0; i < 4; i++) {
            cr_expect_eq(out[i], by_hand[v][i], "view %zu", v);
            cr_expect_eq(out[4 + i], 10 * by_hand[v][i], "view %zu", v);
        }
    }
}

Test(views, of_an_oblong_are_its_mirror_images)
{
    const float in[6] = {1, 2, 3, 4, 5, 6}; /* 2 x 3 */
    const float left_right[6] = {3, 2, 1, 6, 5, 4}, top_bottom[6] = {4, 5, 6, 1, 2, 3};
    float out[6];

    cr_expect_not(medtl_views_fit(MEDTL_VIEWS_SYMMETRIES, 2, 3));
    cr_expect(medtl_views_fit(MEDTL_VIEWS_FLIPS, 2, 3));
    medtl_view_draw(MEDTL_VIEWS_FLIP_X, 1, 1, 2, 3, in, out);
    cr_expect_arr_eq(out, left_right, sizeof out);
    medtl_view_draw(MEDTL_VIEWS_FLIP_Y, 1, 1, 2, 3, in, out);
    cr_expect_arr_eq(out, top_bottom, sizeof out);
}

Test(views, names_and_kinds_correspond)
{
    static const char *const names[] = {"one", "flip-x", "flip-y", "flips", "symmetries"};
    medtl_views views = MEDTL_VIEWS_ONE;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_expect(medtl_views_parse(names[i], &views));
        cr_expect_str_eq(medtl_views_name(views), names[i]);
    }
    cr_expect_not(medtl_views_parse("rotations", &views));
}

struct views_case {
    medtl_views views;
    uint32_t height, width;
    float tolerance; /* relative to the largest logit */
};

ParameterizedTestParameters(views, a_model_answers_with_the_mean_of_its_views)
{
    static struct views_case cases[] = {
        {MEDTL_VIEWS_ONE, 33, 40, 1e-5f},
        {MEDTL_VIEWS_FLIP_X, 33, 40, 1e-5f},
        {MEDTL_VIEWS_FLIPS, 33, 40, 1e-5f},
        {MEDTL_VIEWS_SYMMETRIES, 36, 36, 1e-5f},
    };

    return cr_make_param_array(struct views_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct views_case *c, views, a_model_answers_with_the_mean_of_its_views)
{
    enum { IMAGES = 2 };
    medtl_network *network = nn_make_network("resnet18", 4, 3, c->height, c->width, CLASSES);
    medtl_model_description description = nn_description();
    const size_t image = 3 * (size_t)c->height * c->width, views = medtl_views_count(c->views);
    float *input = nn_make_input(IMAGES * image), *drawn = calloc(views * image, sizeof *drawn);
    float logits[IMAGES * CLASSES], again[CLASSES];
    medtl_predictor *predictor = NULL;
    medtl_model *model;
    char path[256];

    description.views = c->views;
    nn_temporary_path(path, sizeof path);
    cr_assert_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_OK);
    model = nn_load(path);
    unlink(path);
    cr_expect_str_eq(medtl_model_get_info(model)->views, medtl_views_name(c->views));
    cr_assert_eq(medtl_predictor_create(model, 1, 2, &predictor, NULL), MEDTL_OK);
    for (size_t n = 0; n < IMAGES; n++) {
        double *naive, mean[CLASSES] = {0}, largest = 0.0;

        medtl_predictor_run_logits(predictor, input + n * image, 1, logits + n * CLASSES);
        for (size_t v = 0; v < views; v++)
            medtl_view_draw(c->views, v, 3, c->height, c->width, input + n * image,
                            drawn + v * image);
        naive = naive_forward(network, drawn, views, false, NULL);
        for (size_t k = 0; k < CLASSES; k++) {
            for (size_t v = 0; v < views; v++)
                mean[k] += naive[v * CLASSES + k] / (double)views;
            largest = fmax(largest, fabs(mean[k]));
        }
        for (size_t k = 0; k < CLASSES; k++)
            cr_expect_float_eq(logits[n * CLASSES + k], mean[k], (double)c->tolerance * largest);
        free(naive);
    }
    medtl_predictor_destroy(predictor);

    /* Two at once give the same bits. */
    cr_assert_eq(medtl_predictor_create(model, IMAGES, 1, &predictor, NULL), MEDTL_OK);
    memcpy(again, logits + CLASSES, sizeof again);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    cr_expect_eq(memcmp(again, logits + CLASSES, sizeof again), 0);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(network);
    free(drawn);
    free(input);
}

Test(views, symmetries_of_an_oblong_are_refused)
{
    medtl_network *network = nn_make_network("resnet18", 4, 1, 40, 32, 2);
    medtl_model_description description = nn_description();
    medtl_error err = {0};
    char path[256];

    description.views = MEDTL_VIEWS_SYMMETRIES;
    nn_temporary_path(path, sizeof path);
    cr_expect_eq(medtl_network_save(network, &description, false, path, &err), MEDTL_E_FORMAT);
    cr_expect(strstr(err.message, "\"views\"") != NULL, "%s", err.message);
    unlink(path);
    medtl_network_destroy(network);
}

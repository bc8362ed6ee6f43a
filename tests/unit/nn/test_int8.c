/* Models for inference in whole numbers: ranges in the metadata, found by watching a predictor, and what they change. */
#include "nn_model.h"

#include "core/nn/metadata.h"
#include "core/nn/model_parts.h"
#include "core/nn/range_recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 40, CLASSES = 5, IMAGES = 4, INPUT = 3 * SIDE * SIDE };

static char path[256];

static void setup(void) { nn_temporary_path(path, sizeof path); }
static void tear_down(void) { unlink(path); }

TestSuite(int8, .init = setup, .fini = tear_down, .timeout = 60);

/* Metadata of a model with these "int8". */
static medtl_status parse(const char *int8, medtl_metadata *out)
{
    char text[1024];
    medtl_error err = {0};
    medtl_status status;

    snprintf(text, sizeof text,
             "{\"format\":1,\"architecture\":{\"name\":\"resnet18\"},\"classes\":[\"a\",\"b\"],"
             "\"input\":{\"channels\":3,\"height\":8,\"width\":8},\"int8\":%s}",
             int8);
    status = medtl_metadata_parse("m.safetensors", text, out, &err);
    if (status != MEDTL_OK)
        cr_expect_eq(strncmp(err.message, "m.safetensors: ", 15), 0, "%s", err.message);
    return status;
}

Test(int8, ranges_of_a_file_are_read)
{
    medtl_metadata m;

    cr_assert_eq(parse("{\"ranges\":{\"a.weight\":[0,3.5],\"b.weight\":[-1.25,0]},\"more\":1}", &m),
                 MEDTL_OK);
    cr_assert_eq(m.ranges.count, 2);
    cr_expect_eq(medtl_ranges_find(&m.ranges, "a.weight")->low, 0.0f);
    cr_expect_eq(medtl_ranges_find(&m.ranges, "a.weight")->high, 3.5f);
    cr_expect_eq(medtl_ranges_find(&m.ranges, "b.weight")->low, -1.25f);
    cr_expect_null(medtl_ranges_find(&m.ranges, "c.weight"));
    medtl_metadata_clear(&m);
}

Test(int8, ranges_that_are_none_are_refused)
{
    static const char *const bad[] = {"1",
                                      "[]",
                                      "null",
                                      "{}",
                                      "\"ranges\"",
                                      "{\"ranges\":{}}",
                                      "{\"ranges\":[0,1]}",
                                      "{\"ranges\":{\"a\":1}}",
                                      "{\"ranges\":{\"a\":[]}}",
                                      "{\"ranges\":{\"a\":[0]}}",
                                      "{\"ranges\":{\"a\":[0,1,2]}}",
                                      "{\"ranges\":{\"a\":[0,\"1\"]}}",
                                      "{\"ranges\":{\"a\":[null,1]}}",
                                      "{\"ranges\":{\"a\":{\"0\":0,\"1\":1}}}",
                                      "{\"ranges\":{\"a\":[0,0]}}",
                                      "{\"ranges\":{\"a\":[1,2]}}",
                                      "{\"ranges\":{\"a\":[-2,-1]}}",
                                      "{\"ranges\":{\"a\":[1,-1]}}",
                                      "{\"ranges\":{\"a\":[0,1e-30]}}",
                                      "{\"ranges\":{\"a\":[0,1e30]}}",
                                      "{\"ranges\":{\"a\":[0,1e400]}}",
                                      "{\"ranges\":{\"a\":[-1e39,1e39]}}",
                                      "{\"ranges\":{\"a\":[0,NaN]}}",
                                      "{\"ranges\":{\"a\":[0,1],\"a\":[0,2]}}",
                                      "{\"ranges\":{\"ok\":[0,1],\"a\":[0,-1]}}"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        medtl_metadata m;

        cr_expect_eq(parse(bad[i], &m), MEDTL_E_FORMAT, "%s", bad[i]);
    }
}

/* Load the network of the file, watch it see `images`, and write it again with the ranges. */
static void calibrate(const float *images, double cut, medtl_ranges *ranges)
{
    medtl_model *model = NULL;
    medtl_network *network = NULL;
    medtl_predictor *predictor = NULL;
    medtl_range_recorder *recorder = NULL;
    medtl_model_description description = nn_description();
    medtl_error err = {0};
    float logits[IMAGES * CLASSES];

    cr_assert_eq(medtl_model_load_network(path, &model, &network, &err), MEDTL_OK, "%s",
                 err.message);
    cr_assert_eq(medtl_plan_create(network, &model->plan, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_predictor_create(model, IMAGES, 2, &predictor, &err), MEDTL_OK);
    cr_assert_eq(medtl_range_recorder_create(network, &recorder, &err), MEDTL_OK);
    cr_expect_eq(medtl_range_recorder_finish(recorder, cut, ranges, &err), MEDTL_E_ARGUMENT,
                 "nothing was seen yet");
    medtl_predictor_watch(predictor, medtl_range_recorder_watch, recorder);
    medtl_predictor_run_logits(predictor, images, IMAGES, logits);
    cr_assert_eq(medtl_range_recorder_finish(recorder, cut, ranges, &err), MEDTL_OK, "%s",
                 err.message);
    description.ranges = ranges;
    cr_assert_eq(medtl_network_save(network, &description, false, path, &err), MEDTL_OK, "%s",
                 err.message);
    medtl_range_recorder_destroy(recorder);
    medtl_predictor_destroy(predictor);
    medtl_network_destroy(network);
    medtl_model_destroy(model);
}

static void run(const char *arithmetic, size_t threads, const float *images, float *logits)
{
    medtl_model *model = nn_load(path);
    medtl_predictor *predictor = NULL;

    cr_expect_str_eq(medtl_model_get_info(model)->arithmetic, arithmetic);
    cr_assert_eq(medtl_predictor_create(model, IMAGES, threads, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, images, IMAGES, logits);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
}

static size_t in_whole_numbers(void)
{
    medtl_model *model = nn_load(path);
    size_t count = 0;

    for (size_t i = 1; i < model->plan.graph.node_count; i++)
        count +=
            model->plan.convs[i] != NULL && model->plan.convs[i]->algorithm == MEDTL_BLOCKED_INT8;
    medtl_model_destroy(model);
    return count;
}

static void noise(float *values, size_t count)
{
    uint32_t seed = 5;

    for (size_t i = 0; i < count; i++)
        values[i] = (float)((seed = seed * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;
}

static double relative_change(const float *before, const float *after)
{
    double change = 0.0, power = 0.0;

    for (size_t i = 0; i < (size_t)IMAGES * CLASSES; i++) {
        change += pow((double)after[i] - (double)before[i], 2);
        power += pow((double)before[i], 2);
    }
    return sqrt(change / power);
}

static void expect_close(const char *architecture, uint32_t width, size_t least)
{
    medtl_network *network = nn_make_network(architecture, width, 3, SIDE, SIDE, CLASSES);
    float *images = calloc((size_t)IMAGES * INPUT, sizeof *images);
    float before[IMAGES * CLASSES], after[IMAGES * CLASSES], again[IMAGES * CLASSES];
    medtl_ranges ranges;

    noise(images, (size_t)IMAGES * INPUT);
    nn_save(network, false, path);
    cr_expect_eq(in_whole_numbers(), 0);
    run("float32", 1, images, before);
    calibrate(images, 0.0, &ranges);
    cr_expect_geq(in_whole_numbers(), least, "%s: %zu", architecture, in_whole_numbers());
    run("int8", 1, images, after);
    run("int8", 2, images, again);
    cr_expect_arr_eq(after, again, sizeof after, "threads");
    cr_expect_lt(relative_change(before, after), 0.05, "%s: %g", architecture,
                 relative_change(before, after));
    cr_expect_gt(relative_change(before, after), 0.0, "%s", architecture);
    medtl_ranges_clear(&ranges);
    free(images);
    medtl_network_destroy(network);
}

Test(int8, logits_are_close_to_those_in_floats)
{
    expect_close("resnet18", 16, 19);
    expect_close("densenet121", 16, 80);
    expect_close("mobilenet_v2", 32, 10);
}

Test(int8, ranges_hold_what_was_seen_and_may_be_cut)
{
    medtl_network *network = nn_make_network("resnet18", 16, 3, SIDE, SIDE, CLASSES);
    float *images = calloc((size_t)IMAGES * INPUT, sizeof *images);
    medtl_ranges whole, cut;

    noise(images, (size_t)IMAGES * INPUT);
    nn_save(network, false, path);
    calibrate(images, 0.0, &whole);
    nn_save(network, false, path);
    calibrate(images, 0.05, &cut);
    cr_assert_eq(whole.count, 19, "all but the first, which reads the picture");
    cr_expect_null(medtl_ranges_find(&whole, "conv1.weight"));
    for (size_t i = 0; i < whole.count; i++) {
        const medtl_range *r = &whole.items[i], *c = medtl_ranges_find(&cut, r->weight);

        cr_assert_not_null(c);
        cr_expect_eq(r->low, 0.0f, "%s: behind a ReLU", r->weight);
        cr_expect_gt(r->high, 0.0f);
        cr_expect_lt(c->high, r->high, "%s", r->weight);
    }
    medtl_ranges_clear(&whole);
    medtl_ranges_clear(&cut);
    free(images);
    medtl_network_destroy(network);
}

Test(int8, a_range_of_no_convolution_is_refused)
{
    static const char *const names[] = {"conv9.weight", "fc.weight", "bn1.weight", ""};
    medtl_network *network = nn_make_network("resnet18", 16, 3, SIDE, SIDE, CLASSES);

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        medtl_range range = {(char *)names[i], 0.0f, 1.0f};
        const medtl_ranges ranges = {&range, 1};
        medtl_model_description description = nn_description();
        medtl_model *model = NULL;
        medtl_error err = {0};

        description.ranges = &ranges;
        cr_assert_eq(medtl_network_save(network, &description, false, path, &err), MEDTL_OK);
        cr_expect_eq(medtl_model_load(path, &model, &err), MEDTL_E_FORMAT, "%s", names[i]);
        cr_expect_null(model);
    }
    medtl_network_destroy(network);
}

Test(int8, a_hostile_range_gives_logits_that_are_numbers)
{
    static const float edges[][2] = {{0.0f, 1e-19f}, {0.0f, 9e19f}, {-9e19f, 9e19f}, {-1e-19f, 0}};
    medtl_network *network = nn_make_network("resnet18", 16, 3, SIDE, SIDE, CLASSES);
    float *images = calloc((size_t)IMAGES * INPUT, sizeof *images);
    float logits[IMAGES * CLASSES];

    noise(images, (size_t)IMAGES * INPUT);
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        medtl_range range = {"layer1.0.conv1.weight", edges[i][0], edges[i][1]};
        const medtl_ranges ranges = {&range, 1};
        medtl_model_description description = nn_description();

        description.ranges = &ranges;
        cr_assert_eq(medtl_network_save(network, &description, false, path, NULL), MEDTL_OK);
        run("int8", 1, images, logits);
        for (size_t k = 0; k < IMAGES * CLASSES; k++)
            cr_expect(isfinite(logits[k]), "%zu", i);
    }
    free(images);
    medtl_network_destroy(network);
}

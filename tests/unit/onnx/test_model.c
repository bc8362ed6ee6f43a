/* Model files whose architecture is "graph" (docs/MODEL_FORMAT.md), written by hand: a 1x1 convolution, a global
 * average and a flattening, so that two classes get 2 and -1 times the mean of the picture. */
#include "core/nn/metadata.h"
#include "core/nn/safetensors.h"
#include "medtl/model.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT "{\"name\":\"x\",\"type\":\"float32\",\"shape\":[1,1,2,2]}"
#define CONV                                                                                       \
    "{\"op\":\"Conv\",\"name\":\"c\",\"inputs\":[\"x\",\"w\"],\"outputs\":[\"a\"],\"attributes\":" \
    "{\"pads\":[0,0,0,0]}}"
#define MEAN                                                                                       \
    "{\"op\":\"GlobalAveragePool\",\"name\":\"\",\"inputs\":[\"a\"],\"outputs\":[\"b\"],"          \
    "\"attributes\":{}}"
#define RESHAPE                                                                                    \
    "{\"op\":\"Reshape\",\"name\":\"r\",\"inputs\":[\"b\",\"s\"],\"outputs\":[\"y\"],"             \
    "\"attributes\":{}}"
#define SHAPE "{\"name\":\"s\",\"type\":\"int64\",\"shape\":[2],\"values\":[1,-1]}"
#define GRAPH(opset, input, constants, nodes, outputs)                                             \
    "{\"opset\":" opset ",\"inputs\":[" input "],\"constants\":[" constants "],\"nodes\":[" nodes  \
    "],\"outputs\":[" outputs "]}"
#define GOOD GRAPH("13", INPUT, SHAPE, CONV "," MEAN "," RESHAPE, "\"y\"")

/* Write a model with this graph and load it. The file is gone afterwards. */
static medtl_status load(const char *graph, const char *classes, medtl_model **out,
                         medtl_error *err)
{
    static const size_t shape[] = {2, 1, 1, 1};
    static const float weight[] = {2.0f, -1.0f};
    const medtl_to_store tensor = {"w", shape, 4, weight, 2, false};
    char path[] = "graph-XXXXXX", text[4096];
    medtl_status status;

    close(mkstemp(path));
    snprintf(text, sizeof text,
             "{\"format\":1,\"name\":\"n\",\"version\":\"1\",\"architecture\":{\"name\":\"graph\"},"
             "\"classes\":%s,\"input\":{\"channels\":1,\"height\":2,\"width\":2},\"graph\":%s}",
             classes, graph);
    cr_assert_eq(medtl_safetensors_write(path, MEDTL_METADATA_KEY, text, &tensor, 1, NULL),
                 MEDTL_OK);
    status = medtl_model_load(path, out, err);
    unlink(path);
    return status;
}

Test(onnx_model, a_graph_is_run_like_any_model)
{
    static const float input[] = {1.0f, 2.0f, 3.0f, 6.0f, 0.0f, 0.0f, 0.0f, 4.0f};
    static const float expected[] = {6.0f, -3.0f, 2.0f, -1.0f};
    medtl_model *model = NULL;
    medtl_predictor *predictor = NULL;
    medtl_error err = {0};
    float logits[4], probabilities[4];

    cr_assert_eq(load(GOOD, "[\"no\",\"yes\"]", &model, &err), MEDTL_OK, "%s", err.message);
    cr_expect_str_eq(medtl_model_get_info(model)->architecture, "graph");
    cr_expect_eq(medtl_model_get_info(model)->parameter_count, 2);
    cr_assert_eq(medtl_predictor_create(model, 2, 2, &predictor, &err), MEDTL_OK, "%s",
                 err.message);
    medtl_predictor_run_logits(predictor, input, 2, logits);
    for (size_t i = 0; i < 4; i++)
        cr_expect_float_eq(logits[i], expected[i], 1e-6);
    medtl_predictor_run(predictor, input, 2, probabilities);
    cr_expect_float_eq(probabilities[2] + probabilities[3], 1.0f, 1e-6);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
}

struct bad_case {
    char label[48], graph[1024], says[64];
};

ParameterizedTestParameters(onnx_model, broken_graphs_are_refused)
{
    static struct bad_case cases[] = {
        {"no graph", "null", "\"graph\" is not an object"},
        {"no nodes", GRAPH("13", INPUT, SHAPE, "", "\"y\""), "\"y\""},
        {"out of order", GRAPH("13", INPUT, SHAPE, MEAN "," CONV "," RESHAPE, "\"y\""),
         "reads \"a\""},
        {"a constant that lies",
         GRAPH("13", INPUT, "{\"name\":\"s\",\"type\":\"int64\",\"shape\":[3],\"values\":[1,-1]}",
               CONV "," MEAN "," RESHAPE, "\"y\""),
         "constant 0 is malformed"},
        {"a name twice", GRAPH("13", INPUT "," INPUT, SHAPE, CONV, "\"a\""),
         "\"x\" is written twice"},
        {"another input size",
         GRAPH("13", "{\"name\":\"x\",\"type\":\"float32\",\"shape\":[1,1,3,3]}", SHAPE,
               CONV "," MEAN "," RESHAPE, "\"y\""),
         "input of 1 x 1 x 2 x 2"},
        {"too many outputs", GRAPH("13", INPUT, SHAPE, CONV "," MEAN "," RESHAPE, "\"y\",\"a\""),
         "output of 2 classes"},
        {"an output of another size", GRAPH("13", INPUT, SHAPE, CONV, "\"a\""),
         "output of 2 classes"},
        {"an opset that we lack", GRAPH("99", INPUT, SHAPE, CONV "," MEAN "," RESHAPE, "\"y\""),
         "opset 99"},
        {"no outputs", GRAPH("13", INPUT, SHAPE, CONV "," MEAN "," RESHAPE, ""),
         "output 0 is malformed"},
        {"an operator that we lack",
         GRAPH("13", INPUT, SHAPE,
               "{\"op\":\"LSTM\",\"name\":\"l\",\"inputs\":[\"x\"],\"outputs\":[\"y\"],"
               "\"attributes\":{}}",
               "\"y\""),
         "LSTM (opset 13)"},
    };

    return cr_make_param_array(struct bad_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct bad_case *c, onnx_model, broken_graphs_are_refused)
{
    medtl_model *model = NULL;
    medtl_error err = {0};

    cr_expect_neq(load(c->graph, "[\"no\",\"yes\"]", &model, &err), MEDTL_OK, "%s", c->label);
    cr_expect_null(model, "%s", c->label);
    cr_expect_not_null(strstr(err.message, c->says), "%s: %s", c->label, err.message);
}

Test(onnx_model, the_number_of_classes_must_be_that_of_the_output)
{
    medtl_model *model = NULL;
    medtl_error err = {0};

    cr_expect_eq(load(GOOD, "[\"a\",\"b\",\"c\"]", &model, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "3 classes"), "%s", err.message);
}

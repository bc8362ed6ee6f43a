/* What a network is made of: counts, names, stages, first values, and what is refused. */
#include "core/nn/network.h"
#include "core/nn/network_parts.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static medtl_network_spec spec_of(const char *architecture, uint32_t channels, uint32_t size,
                                  uint32_t classes)
{
    medtl_network_spec spec = {.channels = channels,
                               .height = size,
                               .width_px = size,
                               .classes = classes,
                               .dropout = -1.0f};

    snprintf(spec.architecture, sizeof spec.architecture, "%s", architecture);
    return spec;
}

static medtl_network *make(const char *architecture, uint32_t channels, uint32_t size,
                           uint32_t classes)
{
    const medtl_network_spec spec = spec_of(architecture, channels, size, classes);
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_network_create(&spec, 1, &network, &err), MEDTL_OK, "%s", err.message);
    return network;
}

/* For tests that ask for names and sizes alone: drawing millions of weights is what takes time. */
static medtl_network *make_without_weights(const char *architecture, uint32_t channels,
                                           uint32_t size, uint32_t classes)
{
    const medtl_network_spec spec = spec_of(architecture, channels, size, classes);
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_network_create_empty(&spec, SIZE_MAX, &network, &err), MEDTL_OK, "%s",
                 err.message);
    return network;
}

struct count_case {
    char architecture[24];
    uint32_t channels, classes;
    size_t trainable, tensors; /* published: torchvision's documentation; hybrid2's layer table */
};

ParameterizedTestParameters(network, has_the_published_number_of_parameters)
{
    static struct count_case cases[] = {
        {"hybrid2", 3, 2, 1042394, 78},
        {"resnet18", 3, 1000, 11689512, 102},
        {"resnet34", 3, 1000, 21797672, 182},
        {"resnet50", 3, 1000, 25557032, 267},
        {"resnet101", 3, 1000, 44549160, 522},
        {"hybrid6", 3, 4, 73591380, 220},
        {"densenet121", 3, 1000, 7978856, 606},
        /* Both without their last layers (1025 and 2049 values a class), and one of 3072 features. */
        {"densenet121_resnet101", 3, 1000, 7978856 - 1025000 + 44549160 - 2049000 + 3073000,
         606 - 2 + 522 - 2 + 2},
        {"inception_v3", 3, 1000, 27161264, 484},
        {"vit_tiny", 3, 1000, 5717416, 152}, /* timm's, at 224 */
        {"mobilenet_v2", 3, 1000, 3504872, 262},
        {"mobilenet_v2_keras", 3, 1000, 3504872 - 17056, 106}, /* a bias for each scale and shift */
        {"mobilenet_v2_keras_bn", 3, 1000, 3504872, 262},
        {"resnet20", 3, 10, 269722, 97},
        {"resnet18_cifar", 3, 10, 11173962, 102},
        /* One input channel: 64 * 2 * 49 fewer; two classes: 998 * 513 fewer. */
        {"resnet18", 1, 2, 11689512 - 6272 - 511974, 102},
    };
    return cr_make_param_array(struct count_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct count_case *c, network, has_the_published_number_of_parameters)
{
    const uint32_t size = strcmp(c->architecture, "inception_v3") == 0 ? 299 : 224;
    medtl_network *network = make_without_weights(c->architecture, c->channels, size, c->classes);
    size_t trainable = 0;

    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        trainable += p->role != MEDTL_PARAMETER_STATISTIC ? p->size : 0;
    }
    cr_expect_eq(trainable, c->trainable, "%s: %zu", c->architecture, trainable);
    cr_expect_eq(medtl_network_parameter_count(network), c->tensors, "%s: %zu", c->architecture,
                 medtl_network_parameter_count(network));
    medtl_network_destroy(network);
}

struct name_case {
    char architecture[24], name[64];
    size_t dimensions, shape[4];
    medtl_parameter_role role;
    uint32_t stage;
};

ParameterizedTestParameters(network, names_its_parameters_as_pytorch_does)
{
    static struct name_case cases[] = {
        {"resnet18", "conv1.weight", 4, {64, 3, 7, 7}, MEDTL_PARAMETER_WEIGHT, 0},
        {"resnet18", "bn1.running_mean", 1, {64}, MEDTL_PARAMETER_STATISTIC, 0},
        {"resnet18", "layer1.0.conv1.weight", 4, {64, 64, 3, 3}, MEDTL_PARAMETER_WEIGHT, 1},
        {"resnet18", "layer2.0.downsample.0.weight", 4, {128, 64, 1, 1}, MEDTL_PARAMETER_WEIGHT, 2},
        {"resnet18", "layer2.0.downsample.1.bias", 1, {128}, MEDTL_PARAMETER_BIAS, 2},
        {"resnet18", "layer4.1.bn2.weight", 1, {512}, MEDTL_PARAMETER_BIAS, 4},
        {"resnet18", "fc.weight", 2, {5, 512}, MEDTL_PARAMETER_WEIGHT, 5},
        {"resnet50", "layer3.5.conv3.weight", 4, {1024, 256, 1, 1}, MEDTL_PARAMETER_WEIGHT, 3},
        {"densenet121_resnet101",
         "features.denseblock2.denselayer1.conv1.weight",
         4,
         {128, 128, 1, 1},
         MEDTL_PARAMETER_WEIGHT,
         2},
        {"densenet121_resnet101",
         "layer2.0.conv1.weight",
         4,
         {128, 256, 1, 1},
         MEDTL_PARAMETER_WEIGHT,
         2},
        {"densenet121_resnet101", "head.weight", 2, {5, 3072}, MEDTL_PARAMETER_WEIGHT, 5},
        {"hybrid2", "stem1.0.weight", 4, {32, 3, 3, 3}, MEDTL_PARAMETER_WEIGHT, 0},
        {"hybrid2", "stem2.1.running_var", 1, {32}, MEDTL_PARAMETER_STATISTIC, 0},
        {"hybrid2", "block1.branches.3.0.weight", 4, {32, 32, 7, 7}, MEDTL_PARAMETER_WEIGHT, 1},
        {"hybrid2", "block2.branches.2.0.bias", 1, {64}, MEDTL_PARAMETER_BIAS, 2},
        {"hybrid2", "skip2.0.weight", 4, {32, 32, 3, 3}, MEDTL_PARAMETER_WEIGHT, 2},
        {"hybrid2", "norm2.weight", 1, {288}, MEDTL_PARAMETER_BIAS, 2},
        {"hybrid2", "fc1.weight", 2, {200, 288}, MEDTL_PARAMETER_WEIGHT, 3},
        {"hybrid2", "fc2.bias", 1, {5}, MEDTL_PARAMETER_BIAS, 3},
    };
    return cr_make_param_array(struct name_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct name_case *c, network, names_its_parameters_as_pytorch_does)
{
    medtl_network *network = make_without_weights(c->architecture, 3, 64, 5);
    bool found = false;

    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);

        if (strcmp(p->name, c->name) != 0)
            continue;
        found = true;
        cr_expect_eq(p->dimensions, c->dimensions, "%s", c->name);
        cr_expect_eq(memcmp(p->shape, c->shape, sizeof c->shape), 0, "%s", c->name);
        cr_expect_eq(p->role, c->role, "%s", c->name);
        cr_expect_eq(p->stage, c->stage, "%s", c->name);
    }
    cr_expect(found, "%s has no %s", c->architecture, c->name);
    medtl_network_destroy(network);
}

Test(network, starts_with_the_published_spread)
{
    medtl_network *resnet = make("resnet18", 3, 64, 5), *hybrid = make("hybrid2", 3, 64, 5);
    const medtl_parameter *conv = medtl_network_parameter(resnet, 0);
    const medtl_parameter *stem = medtl_network_parameter(hybrid, 0);
    double squares = 0.0, largest = 0.0;

    /* He, fan out 64 * 49: sd 0.02525; 9408 values know it to within 2 percent. */
    for (size_t i = 0; i < conv->size; i++)
        squares += (double)conv->value[i] * (double)conv->value[i];
    cr_expect_float_eq(sqrt(squares / (double)conv->size), sqrt(2.0 / (64.0 * 49.0)), 6e-4);
    /* Glorot, fans 27 and 288: uniform up to sqrt(6 / 315) = 0.138. */
    for (size_t i = 0; i < stem->size; i++)
        largest = fmax(largest, fabs((double)stem->value[i]));
    cr_expect(largest <= sqrt(6.0 / 315.0) && largest > 0.95 * sqrt(6.0 / 315.0), "%g", largest);
    medtl_network_destroy(resnet);
    medtl_network_destroy(hybrid);
}

Test(network, starts_alike_from_the_same_seed_only)
{
    medtl_network_spec spec = {"resnet18", 8, 1, 32, 32, 2, 0.0f, 1, {0}};
    medtl_network *networks[3];

    for (uint64_t i = 0; i < 3; i++)
        cr_assert_eq(medtl_network_create(&spec, i / 2, &networks[i], NULL), MEDTL_OK);
    for (size_t i = 0; i < medtl_network_parameter_count(networks[0]); i++) {
        const medtl_parameter *p = medtl_network_parameter(networks[0], i);

        cr_expect_eq(memcmp(p->value, medtl_network_parameter(networks[1], i)->value,
                            p->size * sizeof(float)),
                     0);
        if (p->role == MEDTL_PARAMETER_WEIGHT)
            cr_expect_neq(memcmp(p->value, medtl_network_parameter(networks[2], i)->value,
                                 p->size * sizeof(float)),
                          0);
    }
    for (size_t i = 0; i < 3; i++)
        medtl_network_destroy(networks[i]);
}

struct refusal {
    char label[32];
    medtl_network_spec spec;
    medtl_status status;
};

ParameterizedTestParameters(network, refuses_what_cannot_be_built)
{
    static struct refusal cases[] = {
        {"unknown name", {"resnet19", 0, 3, 64, 64, 2, 0.0f, 1, {0}}, MEDTL_E_UNSUPPORTED},
        {"no channels", {"resnet18", 0, 0, 64, 64, 2, 0.0f, 1, {0}}, MEDTL_E_UNSUPPORTED},
        {"no height", {"hybrid2", 0, 3, 0, 64, 2, 0.0f, 1, {0}}, MEDTL_E_UNSUPPORTED},
        {"too wide a picture", {"hybrid2", 0, 3, 64, 100000, 2, 0.0f, 1, {0}}, MEDTL_E_UNSUPPORTED},
        {"no classes", {"hybrid2", 0, 3, 64, 64, 0, 0.0f, 1, {0}}, MEDTL_E_UNSUPPORTED},
        {"a kernel without vectors",
         {"hybrid2", 0, 3, 64, 64, 2, 0.0f, 1, {MEDTL_CLASSIFIER_KERNEL, 0, 0}},
         MEDTL_E_UNSUPPORTED},
        {"more neighbours than vectors",
         {"hybrid2", 0, 3, 64, 64, 2, 0.0f, 1, {MEDTL_CLASSIFIER_NEIGHBOURS, 4, 5}},
         MEDTL_E_UNSUPPORTED},
        {"too wide a network",
         {"resnet18", 100000, 3, 64, 64, 2, 0.0f, 1, {0}},
         MEDTL_E_UNSUPPORTED},
        {"dropout of everything", {"hybrid2", 0, 3, 64, 64, 2, 1.0f, 1, {0}}, MEDTL_E_ARGUMENT},
        {"dropout that is no number", {"hybrid2", 0, 3, 64, 64, 2, NAN, 1, {0}}, MEDTL_E_ARGUMENT},
        {"an activation of 9 GiB",
         {"hybrid2", 64, 3, 8192, 4096, 2, 0.0f, 1, {0}},
         MEDTL_E_UNSUPPORTED},
    };
    return cr_make_param_array(struct refusal, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct refusal *c, network, refuses_what_cannot_be_built)
{
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_expect_eq(medtl_network_create(&c->spec, 1, &network, &err), c->status, "%s: %s", c->label,
                 err.message);
    cr_expect_null(network);
    cr_expect_neq(err.message[0], '\0');
}

/* Nothing in the architectures demands a size: one pixel is enough. */
Test(network, takes_an_input_of_one_pixel)
{
    medtl_network *network = make("resnet18", 1, 1, 2);
    medtl_trainer_pass *pass = NULL;
    const float pixel = 0.5f;

    cr_assert_eq(medtl_trainer_pass_create(network, 1, 1, &pass, NULL), MEDTL_OK);
    cr_assert(isfinite(medtl_trainer_pass_evaluate(pass, &pixel, 1)[0]));
    medtl_trainer_pass_destroy(pass);
    medtl_network_destroy(network);
}

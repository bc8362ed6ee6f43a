/* A model of several networks: its logits are the sum of theirs, and its parameters are theirs. */
#include "nn_model.h"

#include "core/nn/network.h"

enum { MEMBERS = 3, CLASSES = 3, IMAGES = 2, HEIGHT = 33, WIDTH = 40 };

static medtl_network_spec members_spec(uint32_t members)
{
    return (medtl_network_spec){.architecture = "resnet18",
                                .width = 4,
                                .channels = 1,
                                .height = HEIGHT,
                                .width_px = WIDTH,
                                .classes = CLASSES,
                                .members = members};
}

static void logits_of(medtl_network *network, const float *input, float *logits)
{
    char path[256];
    medtl_predictor *predictor = NULL;
    medtl_model *model;

    nn_temporary_path(path, sizeof path);
    nn_save(network, false, path);
    model = nn_load(path);
    unlink(path);
    cr_assert_eq(medtl_predictor_create(model, IMAGES, 2, &predictor, NULL), MEDTL_OK);
    medtl_predictor_run_logits(predictor, input, IMAGES, logits);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
}

Test(members, add_their_logits)
{
    const medtl_network_spec one = members_spec(1), all = members_spec(MEMBERS);
    float *input = nn_make_input((size_t)IMAGES * HEIGHT * WIDTH);
    float together[IMAGES * CLASSES], each[IMAGES * CLASSES];
    double sum[IMAGES * CLASSES] = {0}, largest = 0.0;
    medtl_network *whole = NULL;
    size_t at = 0;

    cr_assert_eq(medtl_network_create(&all, 1, &whole, NULL), MEDTL_OK);
    for (size_t m = 0; m < MEMBERS; m++) {
        medtl_network *member = NULL;

        cr_assert_eq(medtl_network_create(&one, 10 + m, &member, NULL), MEDTL_OK);
        for (size_t i = 0; i < medtl_network_parameter_count(member); i++, at++) {
            const medtl_parameter *from = medtl_network_parameter(member, i);
            const medtl_parameter *to = medtl_network_parameter(whole, at);
            char name[128];

            snprintf(name, sizeof name, "members.%zu.%s", m, from->name);
            cr_expect_str_eq(to->name, name);
            cr_expect_eq(to->stage, from->stage);
            memcpy(to->value, from->value, from->size * sizeof(float));
        }
        logits_of(member, input, each);
        for (size_t i = 0; i < IMAGES * CLASSES; i++)
            sum[i] += (double)each[i];
        medtl_network_destroy(member);
    }
    cr_assert_eq(at, medtl_network_parameter_count(whole));
    logits_of(whole, input, together);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        largest = fmax(largest, fabs(sum[i]));
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        cr_expect_float_eq(together[i], sum[i], 1e-5 * largest);
    medtl_network_destroy(whole);
    free(input);
}

/* A shift of logits is that shift, of one network and of several. */
static void shifted_by(uint32_t members)
{
    const medtl_network_spec spec = members_spec(members);
    const float shift[CLASSES] = {0.5f, -2.0f, 1.25f};
    float *input = nn_make_input((size_t)IMAGES * HEIGHT * WIDTH);
    float before[IMAGES * CLASSES], after[IMAGES * CLASSES];
    medtl_network *network = NULL;

    cr_assert_eq(medtl_network_create(&spec, 5, &network, NULL), MEDTL_OK);
    logits_of(network, input, before);
    cr_assert_eq(medtl_network_shift_logits(network, shift, NULL), MEDTL_OK);
    logits_of(network, input, after);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        cr_expect_float_eq(after[i], before[i] + shift[i % CLASSES],
                           1e-5 * (4.0 + fabs((double)before[i])));
    medtl_network_destroy(network);
    free(input);
}

Test(members, shift_logits_together)
{
    shifted_by(1);
    shifted_by(MEMBERS);
}

Test(members, are_limited_in_number)
{
    const medtl_network_spec too_many = members_spec(65);
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_expect_eq(medtl_network_create(&too_many, 1, &network, &err), MEDTL_E_UNSUPPORTED);
    cr_expect(strstr(err.message, "65 members") != NULL, "%s", err.message);
}

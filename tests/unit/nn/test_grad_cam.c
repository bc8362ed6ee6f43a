/* Grad-CAM against PyTorch's hooks, against finite differences in double precision, and against what its parts must
 * add up to. */
#include "naive_network.h"
#include "nn_model.h"
#include "torch_grad_cam.h"

#include "core/nn/grad_cam.h"

#include <criterion/parameterized.h>
#include <pthread.h>

enum { MOST = 4096, THREADS = 3 };

static medtl_grad_cam *make_cam(medtl_network *network, const char *layer)
{
    medtl_grad_cam *cam = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_grad_cam_create(network, layer, 2, &cam, &err), MEDTL_OK, "%s", err.message);
    return cam;
}

static double largest_of(const double *values, size_t count)
{
    double largest = 0.0;

    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(values[i]));
    return largest;
}

ParameterizedTestParameters(grad_cam, maps_are_those_of_pytorch)
{
    static size_t cases[sizeof grad_cam_goldens / sizeof grad_cam_goldens[0]];
    const size_t count = sizeof cases / sizeof cases[0];

    for (size_t i = 0; i < count; i++)
        cases[i] = i;
    return cr_make_param_array(size_t, cases, count);
}

ParameterizedTest(size_t *index, grad_cam, maps_are_those_of_pytorch)
{
    const grad_cam_golden *g = &grad_cam_goldens[*index];
    medtl_network *network =
        nn_make_network(g->architecture, g->width, g->channels, g->height, g->width_px, g->classes);
    const double largest = largest_of(g->map, (size_t)g->map_height * g->map_width);
    float *input = nn_make_input((size_t)g->channels * g->height * g->width_px);
    medtl_grad_cam *cam;
    size_t height, width;
    float map[GRAD_CAM_MOST];

    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        medtl_parameter *p = medtl_network_parameter(network, i); /* as make_torch_networks.py */

        for (size_t k = 0; nn_ends_with(p->name, ".bn.bias") && k < p->size; k++)
            p->value[k] += 4.0f;
    }
    cam = make_cam(network, g->layer);
    medtl_grad_cam_size(cam, &height, &width);
    cr_assert(height == g->map_height && width == g->map_width, "%s %s: %zux%zu", g->architecture,
              g->layer, height, width);
    medtl_grad_cam_run(cam, input, g->class_index, map, NULL);
    for (size_t i = 0; i < height * width; i++)
        cr_expect(fabs((double)map[i] - g->map[i]) <= 1e-4 * largest, "%s %s: %g, not %g",
                  g->architecture, g->layer, (double)map[i], g->map[i]);
    medtl_grad_cam_destroy(cam);
    medtl_network_destroy(network);
    free(input);
}

/* Behind the layer, so that the same tail can be a network of its own that reads the layer. */
static void build_tail(medtl_graph *g, size_t x)
{
    const medtl_conv_options options = {
        .channels = 16, .kernel = 3, .stride = 2, .pad = 1, .bias = true};

    x = medtl_graph_conv(g, x, options, "tail.conv");
    x = medtl_graph_relu(g, medtl_graph_batch_norm(g, x, "tail.norm"));
    x = medtl_graph_silu(g, medtl_graph_linear(g, medtl_graph_global_avg_pool(g, x), 7, "tail.fc"));
    x = medtl_graph_dropout(g, x, 0.5f);
    (void)medtl_graph_linear(g, x, 3, "fc");
}

static medtl_network *network_of(medtl_graph *graph)
{
    medtl_network *network = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_network_from_graph_take(graph, 1, &network, &err), MEDTL_OK, "%s",
                 err.message);
    nn_fill_network(network);
    return network;
}

/* Sixteen channels, so that training lays the layer out in blocks; and six, which stay plain. */
static void check_finite_differences(size_t channels)
{
    enum { HEIGHT = 9, WIDTH = 7, CLASS = 2 };
    const medtl_conv_options options = {
        .channels = channels, .kernel = 3, .stride = 1, .pad = 1, .bias = true};
    const size_t plane = (size_t)HEIGHT * WIDTH, size = channels * plane;
    float *input = nn_make_input(2 * plane), *layer, *moved = malloc(size * sizeof *moved);
    double *expected = calloc(plane, sizeof *expected);
    medtl_network *whole, *tail;
    medtl_trainer_pass *pass = NULL;
    medtl_grad_cam *cam;
    float map[HEIGHT * WIDTH];
    size_t got_size, stride;
    medtl_graph g, t;

    medtl_graph_init(&g);
    (void)medtl_graph_input(&g, (medtl_shape){2, HEIGHT, WIDTH});
    build_tail(&g, medtl_graph_relu(&g, medtl_graph_conv(&g, 0, options, "head.conv")));
    whole = network_of(&g);
    medtl_graph_init(&t);
    (void)medtl_graph_input(&t, (medtl_shape){channels, HEIGHT, WIDTH});
    build_tail(&t, 0);
    tail = network_of(&t);

    cam = make_cam(whole, "head.conv");
    medtl_grad_cam_run(cam, input, CLASS, map, NULL);
    cr_assert_eq(medtl_trainer_pass_create(whole, 1, 1, &pass, NULL), MEDTL_OK);
    (void)medtl_trainer_pass_evaluate(pass, input, 1);
    layer = malloc(size * sizeof *layer);
    memcpy(layer, medtl_trainer_pass_output(pass, "cam.0", &got_size, &stride),
           size * sizeof *layer);
    cr_assert_eq(got_size, size);

    for (size_t k = 0; k < channels; k++) {
        double alpha = 0.0;

        for (size_t i = k * plane; i < (k + 1) * plane; i++) {
            const float step = 0x1p-10f;
            double *up, *down;

            memcpy(moved, layer, size * sizeof *moved);
            moved[i] = layer[i] + step;
            up = naive_forward(tail, moved, 1, false, NULL);
            moved[i] = layer[i] - step;
            down = naive_forward(tail, moved, 1, false, NULL);
            alpha += (up[CLASS] - down[CLASS]) / (2.0 * (double)step) / (double)plane;
            free(up);
            free(down);
        }
        for (size_t i = 0; i < plane; i++)
            expected[i] += alpha * (double)layer[k * plane + i];
    }
    for (size_t i = 0; i < plane; i++)
        cr_expect(fabs((double)map[i] - expected[i]) <= 2e-3 * largest_of(expected, plane),
                  "pixel %zu: %g, not %g", i, (double)map[i], expected[i]);
    medtl_trainer_pass_destroy(pass);
    medtl_grad_cam_destroy(cam);
    medtl_network_destroy(whole);
    medtl_network_destroy(tail);
    free(input);
    free(layer);
    free(moved);
    free(expected);
}

Test(grad_cam, gradients_are_those_of_finite_differences) { check_finite_differences(6); }
Test(grad_cam, gradients_of_blocked_layers_are_too) { check_finite_differences(16); }

/* Where the head takes the mean and weighs it, the map is Zhou et al.'s (2016) and adds up to the logit. */
Test(grad_cam, a_map_before_a_linear_head_adds_up_to_the_logit_less_its_bias)
{
    static const char *const architectures[] = {"resnet18", "densenet121", "mobilenet_v2",
                                                "densenet121_resnet101"};

    for (size_t a = 0; a < sizeof architectures / sizeof architectures[0]; a++) {
        medtl_network *network = nn_make_network(architectures[a], 8, 3, 64, 96, 3);
        float *input = nn_make_input((size_t)3 * 64 * 96), map[MOST], logits[3];
        medtl_grad_cam *cam = make_cam(network, NULL);
        const size_t last = medtl_network_parameter_count(network) - 1;
        double sum = 0.0, magnitude = 0.0;
        size_t height, width;

        medtl_grad_cam_size(cam, &height, &width);
        cr_expect(height == 2 && width == 3, "%s: %zux%zu", architectures[a], height, width);
        medtl_grad_cam_run(cam, input, 1, map, logits);
        for (size_t i = 0; i < height * width; i++) {
            sum += (double)map[i];
            magnitude += fabs((double)map[i]);
        }
        sum += (double)medtl_network_parameter(network, last)->value[1];
        cr_expect(fabs(sum - (double)logits[1]) <= 1e-4 * (magnitude + 1.0), "%s: %g, not %g",
                  architectures[a], sum, (double)logits[1]);
        medtl_grad_cam_destroy(cam);
        medtl_network_destroy(network);
        free(input);
    }
}

Test(grad_cam, an_ensembles_map_is_the_sum_of_its_members)
{
    enum { MEMBERS = 3, HEIGHT = 40, WIDTH = 33 };
    medtl_network_spec spec = {.architecture = "resnet18_cifar",
                               .width = 4,
                               .channels = 1,
                               .height = HEIGHT,
                               .width_px = WIDTH,
                               .classes = 3,
                               .members = MEMBERS};
    float *input = nn_make_input((size_t)HEIGHT * WIDTH), map[MOST], each[MOST];
    static const char *const layers[] = {"", "layer3"};

    for (size_t l = 0; l < 2; l++) {
        double sum[MOST] = {0};
        medtl_network *whole = NULL;
        size_t at = 0, height = 0, width = 0;
        medtl_grad_cam *cam;

        spec.members = MEMBERS;
        cr_assert_eq(medtl_network_create(&spec, 1, &whole, NULL), MEDTL_OK);
        for (uint64_t m = 0; m < MEMBERS; m++) {
            medtl_network *member = NULL;

            spec.members = 1;
            cr_assert_eq(medtl_network_create(&spec, 10 + m, &member, NULL), MEDTL_OK);
            for (size_t i = 0; i < medtl_network_parameter_count(member); i++, at++) {
                const medtl_parameter *p = medtl_network_parameter(member, i);

                memcpy(medtl_network_parameter(whole, at)->value, p->value,
                       p->size * sizeof(float));
            }
            cam = make_cam(member, layers[l]);
            medtl_grad_cam_size(cam, &height, &width);
            medtl_grad_cam_run(cam, input, 2, each, NULL);
            for (size_t i = 0; i < height * width; i++)
                sum[i] += (double)each[i];
            medtl_grad_cam_destroy(cam);
            medtl_network_destroy(member);
        }
        cam = make_cam(whole, layers[l]);
        medtl_grad_cam_run(cam, input, 2, map, NULL);
        for (size_t i = 0; i < height * width; i++)
            cr_expect(fabs((double)map[i] - sum[i]) <= 1e-5 * largest_of(sum, height * width));
        medtl_grad_cam_destroy(cam);
        medtl_network_destroy(whole);
    }
    free(input);
}

static medtl_status try_layer(const char *architecture, const char *layer, medtl_error *err)
{
    const bool fusion = strcmp(architecture, "fusion") == 0;
    medtl_network *network = nn_make_network(architecture, fusion ? 12 : 8, fusion ? 20 : 3,
                                             fusion ? 1 : 64, fusion ? 5 : 64, 3);
    medtl_grad_cam *cam = NULL;
    const medtl_status status = medtl_grad_cam_create(network, layer, 1, &cam, err);

    cr_expect((cam != NULL) == (status == MEDTL_OK));
    medtl_grad_cam_destroy(cam);
    medtl_network_destroy(network);
    return status;
}

Test(grad_cam, layers_that_are_not_there_are_refused_by_name)
{
    medtl_error err = {0};

    cr_expect_eq(try_layer("resnet18", "layer9", &err), MEDTL_E_ARGUMENT);
    cr_expect_not_null(strstr(err.message, "layer9"));
    cr_expect_eq(try_layer("resnet18", "fc", &err), MEDTL_E_ARGUMENT);
    cr_expect_not_null(strstr(err.message, "single pixel"));
    cr_expect_eq(try_layer("vit_tiny", "norm", &err), MEDTL_E_ARGUMENT);
    cr_expect_eq(try_layer("fusion", "", &err), MEDTL_E_UNSUPPORTED);
    cr_expect_not_null(strstr(err.message, "fusion"));
}

/* Through the model file ------------------------------------------------------------------------------- */

static medtl_explainer *make_explainer(medtl_network *network, medtl_views views)
{
    medtl_model_description description = nn_description();
    medtl_explainer *explainer = NULL;
    medtl_error err = {0};
    char path[256];

    description.views = views;
    nn_temporary_path(path, sizeof path);
    cr_assert_eq(medtl_network_save(network, &description, false, path, &err), MEDTL_OK, "%s",
                 err.message);
    cr_assert_eq(medtl_explainer_create(path, NULL, 1, &explainer, &err), MEDTL_OK, "%s",
                 err.message);
    unlink(path);
    return explainer;
}

Test(grad_cam, views_are_turned_back_and_averaged)
{
    enum { SIDE = 24, CELLS = 3 * 3 };
    const size_t image = (size_t)SIDE * SIDE;
    medtl_network *network = nn_make_network("resnet18_cifar", 8, 1, SIDE, SIDE, 3);
    float *input = nn_make_input(image), *mirrored = malloc(image * sizeof *mirrored);
    medtl_explainer *one = make_explainer(network, MEDTL_VIEWS_ONE);
    medtl_explainer *both = make_explainer(network, MEDTL_VIEWS_FLIP_X);
    medtl_grad_cam *cam = make_cam(network, "");
    float plain[CELLS], turned[CELLS], map[CELLS];
    size_t height, width;

    medtl_explainer_map_size(both, &height, &width);
    cr_assert(height == 3 && width == 3);
    cr_expect_eq(medtl_explainer_get_info(both)->class_count, 3);
    medtl_view_draw(MEDTL_VIEWS_FLIP_X, 1, 1, SIDE, SIDE, input, mirrored);
    medtl_grad_cam_run(cam, input, 0, plain, NULL);
    medtl_grad_cam_run(cam, mirrored, 0, turned, NULL);
    cr_assert_eq(medtl_explainer_run(both, input, 0, map, NULL), MEDTL_OK);
    for (size_t y = 0; y < 3; y++)
        for (size_t x = 0; x < 3; x++) {
            const float mean = (plain[y * 3 + x] + turned[y * 3 + 2 - x]) / 2.0f;

            cr_expect_float_eq(map[y * 3 + x], mean > 0.0f ? mean : 0.0f, 1e-5f);
        }
    cr_assert_eq(medtl_explainer_run(one, input, 0, map, NULL), MEDTL_OK);
    for (size_t i = 0; i < CELLS; i++)
        cr_expect_float_eq(map[i], plain[i] > 0.0f ? plain[i] : 0.0f, 0.0f);
    cr_expect_eq(medtl_explainer_run(one, input, 3, map, NULL), MEDTL_E_ARGUMENT);
    medtl_explainer_destroy(one);
    medtl_explainer_destroy(both);
    medtl_grad_cam_destroy(cam);
    medtl_network_destroy(network);
    free(input);
    free(mirrored);
}

typedef struct sharing {
    medtl_explainer *explainer;
    const float *input;
    size_t class_index;
    float first[MOST], again[MOST];
} sharing;

static void *explain_again_and_again(void *context)
{
    sharing *s = context;

    for (int i = 0; i < 5; i++)
        (void)medtl_explainer_run(s->explainer, s->input, s->class_index, s->again, NULL);
    return NULL;
}

Test(grad_cam, threads_may_share_an_explainer)
{
    medtl_network *network = nn_make_network("resnet18", 8, 3, 64, 64, 3);
    float *input = nn_make_input((size_t)3 * 64 * 64);
    medtl_explainer *explainer = make_explainer(network, MEDTL_VIEWS_ONE);
    static sharing shared[THREADS];
    pthread_t threads[THREADS];

    for (size_t t = 0; t < THREADS; t++) {
        shared[t].explainer = explainer;
        shared[t].input = input;
        shared[t].class_index = t;
        cr_assert_eq(medtl_explainer_run(explainer, input, t, shared[t].first, NULL), MEDTL_OK);
    }
    for (size_t t = 0; t < THREADS; t++)
        cr_assert_eq(pthread_create(&threads[t], NULL, explain_again_and_again, &shared[t]), 0);
    for (size_t t = 0; t < THREADS; t++) {
        (void)pthread_join(threads[t], NULL);
        cr_expect_eq(memcmp(shared[t].first, shared[t].again, 4 * sizeof(float)), 0);
    }
    medtl_explainer_destroy(explainer);
    medtl_network_destroy(network);
    free(input);
}

/* By hand: centres at 1/4 and 3/4 of the map's side, and nothing beyond the outermost. */
Test(grad_cam, enlarging_is_bilinear_between_centres)
{
    static const float row[] = {0.0f, 1.0f}, wide[] = {0.0f, 0.25f, 0.75f, 1.0f};
    static const float square[] = {0.0f, 1.0f, 2.0f, 3.0f};
    float out[16], one = 5.0f;

    medtl_heat_map_enlarge(row, 1, 2, out, 2, 4);
    for (size_t i = 0; i < 8; i++)
        cr_expect_float_eq(out[i], wide[i % 4], 1e-6f);
    medtl_heat_map_enlarge(square, 2, 2, out, 4, 4);
    cr_expect_float_eq(out[5], 0.75f, 1e-6f); /* a quarter of the way in both */
    cr_expect_float_eq(out[10], 2.25f, 1e-6f);
    medtl_heat_map_enlarge(&one, 1, 1, out, 3, 3);
    for (size_t i = 0; i < 9; i++)
        cr_expect_float_eq(out[i], 5.0f, 0.0f);
}

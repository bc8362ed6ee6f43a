/* Classical classifiers on features: what LIBLINEAR and LIBSVM themselves say of images must be what the saved model
 * says, run as the plugin runs it. */
#include "core/train/hybrid.h"
#include "core/train/loader.h"
#include "core/train/train.h"
#include "medtl/model.h"
#include "synthetic.h"

#include <criterion/parameterized.h>
#include <libsvm/svm.h>
#include <linear.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 90, TRAINED = 60, MOST_CLASSES = 3 };

static const char *const names[MOST_CLASSES] = {"a", "b", "c"};
static synthetic source;
static medtl_dataset *dataset;
static medtl_network *trunk;
static float *features, *inputs; /* [COUNT][size], [COUNT][PLANE] */
static double *standardised;     /* [COUNT][size], by the mean and deviation of the first TRAINED */
static uint32_t labels[COUNT];
static size_t size;
static char path[64];

static void quiet(const char *text) { (void)text; }

static void read_inputs(void)
{
    size_t order[COUNT], at = 0;
    medtl_loader_spec spec = {
        .dataset = dataset, .order = order, .count = COUNT, .batch = 16, .threads = 1};
    medtl_loader *loader = NULL;
    medtl_batch b;

    for (size_t i = 0; i < COUNT; i++)
        order[i] = i;
    cr_assert_eq(medtl_loader_create(&spec, &loader, NULL), MEDTL_OK);
    while (medtl_loader_next(loader, &b, NULL) == MEDTL_OK && b.count > 0) {
        memcpy(inputs + at * PLANE, b.input, b.count * PLANE * sizeof(float));
        at += b.count;
    }
    medtl_loader_destroy(loader);
    cr_assert_eq(
        medtl_train_features(trunk, dataset, order, COUNT, 16, 1, NULL, 0, 0, NULL, features, NULL),
        MEDTL_OK);
}

static void standardise(void)
{
    for (size_t i = 0; i < size; i++) {
        double mean = 0.0, squares = 0.0;

        for (size_t n = 0; n < TRAINED; n++)
            mean += (double)features[n * size + i] / TRAINED;
        for (size_t n = 0; n < TRAINED; n++)
            squares += pow((double)features[n * size + i] - mean, 2.0) / TRAINED;
        for (size_t n = 0; n < COUNT; n++)
            standardised[n * size + i] =
                squares > 0.0 ? ((double)features[n * size + i] - mean) / sqrt(squares) : 0.0;
    }
}

static void set_up(size_t classes)
{
    const medtl_network_spec spec = {.architecture = "hybrid2",
                                     .width = 4,
                                     .channels = 1,
                                     .height = SIDE,
                                     .width_px = SIDE,
                                     .classes = (uint32_t)classes,
                                     .dropout = 0.2f};

    dataset = synthetic_dataset(&source, COUNT, UINT64_MAX, 1);
    cr_assert_eq(medtl_network_create(&spec, 3, &trunk, NULL), MEDTL_OK);
    size = medtl_train_feature_size(trunk);
    cr_assert_eq(size, 200, "what fc2 of the published network reads");
    features = calloc(COUNT * size, sizeof *features);
    inputs = calloc(COUNT * PLANE, sizeof *inputs);
    standardised = calloc(COUNT * size, sizeof *standardised);
    read_inputs();
    standardise();
    for (size_t n = 0; n < COUNT;
         n++) /* not a function that is easy to learn, nor a balanced one */
        labels[n] = (uint32_t)((n % 2 + (n % 7 == 0) + (n % 5 == 3)) % classes);
    snprintf(path, sizeof path, "hybrid_test_%ld.safetensors", (long)getpid());
}

static void tear_down(void)
{
    medtl_dataset_destroy(dataset);
    medtl_network_destroy(trunk);
    free(features);
    free(inputs);
    free(standardised);
    unlink(path);
}

TestSuite(hybrid, .fini = tear_down, .timeout = 120);

static medtl_hybrid_data data_of(size_t classes)
{
    return (medtl_hybrid_data){features, labels, TRAINED, size, classes};
}

/* Fit, save, load, and run on the images as the plugin does. */
static void logits_of_saved_model(const medtl_hybrid_options *options, size_t classes,
                                  float *logits)
{
    const medtl_hybrid_data data = data_of(classes);
    const medtl_model_description description = {.class_names = names, .temperature = 1.0f};
    medtl_hybrid hybrid = {0};
    medtl_network *whole = NULL;
    medtl_model *model = NULL;
    medtl_predictor *predictor = NULL;
    medtl_error err = {0};
    float direct[COUNT * MOST_CLASSES];

    cr_assert_eq(medtl_hybrid_fit(options, &data, &hybrid, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_hybrid_network(trunk, &hybrid, &whole, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_network_save(whole, &description, false, path, &err), MEDTL_OK, "%s",
                 err.message);
    cr_assert_eq(medtl_model_load(path, &model, &err), MEDTL_OK, "%s", err.message);
    cr_assert_eq(medtl_predictor_create(model, 7, 2, &predictor, &err), MEDTL_OK, "%s",
                 err.message);
    for (size_t n = 0; n < COUNT; n += 7)
        medtl_predictor_run_logits(predictor, inputs + n * PLANE, COUNT - n < 7 ? COUNT - n : 7,
                                   logits + n * classes);
    cr_assert_eq(medtl_hybrid_predict(&hybrid, features, COUNT, direct, NULL), MEDTL_OK);
    for (size_t i = 0; i < COUNT * classes; i++)
        cr_assert(fabsf(direct[i] - logits[i]) < 2e-3f * (1.0f + fabsf(direct[i])),
                  "logit %zu: %g of the classifier, %g of the model", i, (double)direct[i],
                  (double)logits[i]);
    medtl_predictor_destroy(predictor);
    medtl_model_destroy(model);
    medtl_network_destroy(whole);
    medtl_hybrid_clear(&hybrid);
}

static size_t largest(const float *row, size_t classes)
{
    size_t best = 0;

    for (size_t k = 1; k < classes; k++)
        if (row[k] > row[best])
            best = k;
    return best;
}

static struct feature_node *linear_nodes(size_t n)
{
    struct feature_node *nodes = calloc(size + 2, sizeof *nodes);

    for (size_t i = 0; i < size; i++)
        nodes[i] = (struct feature_node){(int)i + 1, standardised[n * size + i]};
    nodes[size] = (struct feature_node){(int)size + 1, 1.0};
    nodes[size + 1] = (struct feature_node){-1, 0.0};
    return nodes;
}

struct linear_case {
    medtl_hybrid_kind kind;
    int solver;
    size_t classes;
    double cost;
};

ParameterizedTestParameters(hybrid, a_saved_linear_model_says_what_liblinear_says)
{
    static struct linear_case cases[] = {{MEDTL_HYBRID_LOGISTIC, L2R_LR, 2, 0.1},
                                         {MEDTL_HYBRID_LOGISTIC, L2R_LR, 3, 1.0},
                                         {MEDTL_HYBRID_SVM, L2R_L2LOSS_SVC, 2, 0.02},
                                         {MEDTL_HYBRID_SVM, L2R_L2LOSS_SVC, 3, 0.1}};

    return cr_make_param_array(struct linear_case, cases, 4);
}

ParameterizedTest(struct linear_case *c, hybrid, a_saved_linear_model_says_what_liblinear_says)
{
    const medtl_hybrid_options options = {.kind = c->kind, .cost = c->cost};
    struct parameter parameter = {.solver_type = c->solver, .eps = 1e-4, .C = c->cost};
    struct feature_node *rows[COUNT];
    double classes[TRAINED], values[MOST_CLASSES];
    struct problem problem = {.l = TRAINED, .y = classes, .x = rows, .bias = 1.0};
    float logits[COUNT * MOST_CLASSES];
    struct model *model;

    set_up(c->classes);
    problem.n = (int)size + 1;
    for (size_t n = 0; n < COUNT; n++)
        rows[n] = linear_nodes(n);
    for (size_t n = 0; n < TRAINED; n++)
        classes[n] = labels[n];
    set_print_string_function(quiet);
    model = train(&problem, &parameter);
    logits_of_saved_model(&options, c->classes, logits);
    for (size_t n = 0; n < COUNT; n++) {
        const float *row = logits + n * c->classes;
        const size_t said = (size_t)predict_values(model, rows[n], values);

        if (c->classes == 2)
            cr_assert_float_eq((double)(row[model->label[0]] - row[model->label[1]]), values[0],
                               5e-3 * (1.0 + fabs(values[0])));
        else
            for (size_t k = 0; k < 3; k++)
                cr_assert_float_eq((double)row[model->label[k]], values[k],
                                   5e-3 * (1.0 + fabs(values[k])));
        cr_assert_eq(largest(row, c->classes), said, "image %zu", n);
        free(rows[n]);
    }
    free_and_destroy_model(&model);
}

static struct svm_node *svm_nodes(size_t n)
{
    struct svm_node *nodes = calloc(size + 1, sizeof *nodes);

    for (size_t i = 0; i < size; i++)
        nodes[i] = (struct svm_node){(int)i + 1, standardised[n * size + i]};
    nodes[size] = (struct svm_node){-1, 0.0};
    return nodes;
}

/* LIBSVM's own decision values of one class against the rest, positive for the class.
 * @param weights  Of the class and of the rest. */
static void libsvm_says(struct svm_node **rows, size_t class, double cost, double gamma,
                        const double weights[2], double *values)
{
    int signs[] = {1, -1};
    const struct svm_parameter parameter = {.svm_type = C_SVC,
                                            .kernel_type = RBF,
                                            .gamma = gamma,
                                            .cache_size = 10,
                                            .eps = 1e-3,
                                            .C = cost,
                                            .nr_weight = 2,
                                            .weight_label = signs,
                                            .weight = (double *)weights,
                                            .shrinking = 1};
    double classes[TRAINED];
    const struct svm_problem problem = {TRAINED, classes, rows};
    struct svm_model *model;

    for (size_t n = 0; n < TRAINED; n++)
        classes[n] = labels[n] == class ? 1.0 : -1.0;
    svm_set_print_string_function(quiet);
    model = svm_train(&problem, &parameter);
    for (size_t n = 0; n < COUNT; n++) {
        const double said = svm_predict_values(model, rows[n], &values[n]);

        values[n] = fabs(values[n]) * said; /* whatever order it has the two labels in */
    }
    svm_free_and_destroy_model(&model);
}

ParameterizedTestParameters(hybrid, a_saved_kernel_machine_says_what_libsvm_says)
{
    static size_t classes[] = {2, 3};

    return cr_make_param_array(size_t, classes, 2);
}

ParameterizedTest(size_t *classes, hybrid, a_saved_kernel_machine_says_what_libsvm_says)
{
    const float class_weights[MOST_CLASSES] = {0.5f, 2.0f, 1.25f};
    const medtl_hybrid_options options = {
        .kind = MEDTL_HYBRID_RBF, .cost = 3.0, .gamma = 0.004, .class_weights = class_weights};
    struct svm_node *rows[COUNT];
    double values[MOST_CLASSES][COUNT];
    float logits[COUNT * MOST_CLASSES];

    set_up(*classes);
    for (size_t n = 0; n < COUNT; n++)
        rows[n] = svm_nodes(n);
    for (size_t k = 0; k < *classes; k++) {
        const double weights[] = {(double)class_weights[k],
                                  *classes == 2 ? (double)class_weights[1 - k] : 1.0};

        libsvm_says(rows, k, options.cost, options.gamma, weights, values[k]);
    }
    logits_of_saved_model(&options, *classes, logits);
    for (size_t n = 0; n < COUNT; n++) {
        const float *row = logits + n * *classes;

        if (*classes == 2)
            cr_assert_float_eq((double)(row[1] - row[0]), values[1][n], 1e-2, "image %zu", n);
        else
            for (size_t k = 0; k < *classes; k++)
                cr_assert_float_eq((double)row[k], values[k][n], 1e-2, "image %zu, class %zu", n,
                                   k);
        free(rows[n]);
    }
}

Test(hybrid, neighbours_vote_as_counted_by_hand)
{
    /* On a line, standardised by a common factor that changes no order: 0 1 3 | 10 11, asked at 2 and at 8. */
    const float line[] = {0, 1, 3, 10, 11}, asked[] = {2, 8};
    const uint32_t classes[] = {0, 0, 1, 1, 1};
    const medtl_hybrid_data data = {line, classes, 5, 1, 2};
    const medtl_hybrid_options options = {.kind = MEDTL_HYBRID_NEIGHBOURS, .neighbours = 3};
    medtl_hybrid hybrid = {0};
    float logits[4];

    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, NULL), MEDTL_OK);
    cr_assert_eq(medtl_hybrid_predict(&hybrid, asked, 2, logits, NULL), MEDTL_OK);
    /* Nearest to 2: 1, 3, 0: two votes of three for class 0, (2 + 1/2) / 4. To 8: 10, 11, 3: all for class 1. */
    cr_assert_float_eq((double)expf(logits[0]), 2.5 / 4.0, 1e-6);
    cr_assert_float_eq((double)expf(logits[1]), 1.5 / 4.0, 1e-6);
    cr_assert_float_eq((double)expf(logits[2]), 0.5 / 4.0, 1e-6);
    cr_assert_float_eq((double)expf(logits[3]), 3.5 / 4.0, 1e-6);
    medtl_hybrid_clear(&hybrid);
}

Test(hybrid, saved_neighbours_vote_as_a_plain_search_in_double_says)
{
    const medtl_hybrid_options options = {.kind = MEDTL_HYBRID_NEIGHBOURS, .neighbours = 5};
    float logits[COUNT * MOST_CLASSES];

    set_up(3);
    logits_of_saved_model(&options, 3, logits);
    for (size_t n = 0; n < COUNT; n++) {
        double distances[TRAINED];
        int votes[3] = {0};

        for (size_t i = 0; i < TRAINED; i++) {
            distances[i] = 0.0;
            for (size_t k = 0; k < size; k++)
                distances[i] += pow(standardised[n * size + k] - standardised[i * size + k], 2.0);
        }
        for (int found = 0; found < 5; found++) {
            size_t best = 0;

            for (size_t i = 1; i < TRAINED; i++)
                best = distances[i] < distances[best] ? i : best;
            votes[labels[best]]++;
            distances[best] = (double)INFINITY;
        }
        for (size_t k = 0; k < 3; k++)
            cr_assert_float_eq((double)expf(logits[n * 3 + k]), (votes[k] + 1.0 / 3.0) / 6.0, 1e-5,
                               "image %zu, class %zu", n, k);
    }
}

Test(hybrid, a_class_without_samples_is_never_the_answer)
{
    set_up(3);
    for (size_t n = 0; n < COUNT; n++)
        labels[n] = n % 2 == 0 ? 0 : 2;
    for (int kind = MEDTL_HYBRID_LOGISTIC; kind <= MEDTL_HYBRID_NEIGHBOURS; kind++) {
        const medtl_hybrid_options options = {
            .kind = (medtl_hybrid_kind)kind, .cost = 1.0, .neighbours = 5};
        float logits[COUNT * MOST_CLASSES];

        logits_of_saved_model(&options, 3, logits);
        for (size_t n = 0; n < COUNT; n++)
            cr_assert_neq(largest(logits + n * 3, 3), 1, "kind %d, image %zu", kind, n);
    }
}

Test(hybrid, what_cannot_be_fitted_is_refused_with_its_numbers)
{
    medtl_hybrid_options options = {.kind = MEDTL_HYBRID_NEIGHBOURS, .neighbours = TRAINED + 1};
    medtl_hybrid hybrid = {0};
    medtl_hybrid_data data;
    medtl_error err = {0};

    set_up(2);
    data = data_of(2);
    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "61 neighbours among 60 samples"), "%s", err.message);
    medtl_hybrid_clear(&hybrid);
    options = (medtl_hybrid_options){.kind = MEDTL_HYBRID_SVM, .cost = 0.0};
    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, &err), MEDTL_E_ARGUMENT);
    medtl_hybrid_clear(&hybrid);
    options.cost = 1.0;
    memset(labels, 0, sizeof labels);
    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "60 samples of 1 class"), "%s", err.message);
    medtl_hybrid_clear(&hybrid);
    features[7] = NAN;
    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, &err), MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "feature 7 of image 0 is no number"), "%s", err.message);
    medtl_hybrid_clear(&hybrid);
}

Test(hybrid, such_a_model_is_not_trained_by_gradients)
{
    const medtl_hybrid_options options = {.kind = MEDTL_HYBRID_NEIGHBOURS, .neighbours = 3};
    const medtl_train_options how = {.epochs = 1, .batch = 8, .threads = 1, .loader_threads = 1};
    medtl_hybrid hybrid = {0};
    medtl_network *whole = NULL;
    medtl_train_result result;
    medtl_hybrid_data data;
    medtl_error err = {0};
    size_t order[8] = {0, 1, 2, 3, 4, 5, 6, 7};

    set_up(2);
    data = data_of(2);
    cr_assert_eq(medtl_hybrid_fit(&options, &data, &hybrid, NULL), MEDTL_OK);
    cr_assert_eq(medtl_hybrid_network(trunk, &hybrid, &whole, NULL), MEDTL_OK);
    cr_assert_eq(medtl_train(whole, dataset, order, 8, NULL, 0, &how, NULL, &result, &err),
                 MEDTL_E_ARGUMENT);
    cr_assert_not_null(strstr(err.message, "classical classifier"), "%s", err.message);
    medtl_network_destroy(whole);
    medtl_hybrid_clear(&hybrid);
}

/* Whole networks against PyTorch in double precision: outputs in evaluation and in training, the gradient of every
 * parameter, and five steps of an optimiser. References are read from torch_networks.txt, or from the file that
 * $MEDTL_TORCH_NETWORKS names; FILE.bin beside FILE, if there is one, has every value of every gradient. Both
 * are made by tests/support/make_torch_networks.py. */
#include "nn_fill.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

enum { MOST_CASES = 64, MOST_VALUES = 16384, STEPS = 5, LINE = 1 << 19 };
static const double forward_tolerance = 1e-4, gradient_tolerance = 1e-3;
static const float momentum = 0.9f, auxiliary = 0.25f;

typedef struct reference {
    FILE *text, *values; /* `values` may be NULL */
    char *line;
    medtl_network_spec spec;
    size_t images;
    unsigned raised, input; /* added to every bias; number of the random input */
    float rate;
} reference;

static void reference_path(char *path, size_t size, const char *suffix)
{
    const char *given = getenv("MEDTL_TORCH_NETWORKS");

    snprintf(path, size, "%s%s",
             given != NULL ? given : MEDTL_SOURCE_DIR "/tests/unit/nn/torch_networks.txt", suffix);
}

static bool next_line(reference *r) { return fgets(r->line, LINE, r->text) != NULL; }

/* Go to the line of case `index`. @return false if there are not so many. */
static bool find_case(reference *r, size_t index)
{
    while (next_line(r))
        if (strncmp(r->line, "case ", 5) == 0 && index-- == 0)
            return true;
    return false;
}

static void reference_open(reference *r)
{
    char path[512];

    memset(r, 0, sizeof *r);
    reference_path(path, sizeof path, "");
    r->text = fopen(path, "r");
    cr_assert_not_null(r->text, "%s", path);
    reference_path(path, sizeof path, ".bin");
    r->values = fopen(path, "rb");
    r->line = malloc(LINE);
}

static void reference_close(reference *r)
{
    fclose(r->text);
    if (r->values != NULL)
        fclose(r->values);
    free(r->line);
}

/* The values behind the first word of the present line. */
static size_t read_values(const reference *r, double *values)
{
    const char *at = strchr(r->line, ' ');
    size_t count = 0;

    while (at != NULL && count < MOST_VALUES) {
        char *end;

        values[count] = strtod(at, &end);
        if (end == at)
            break;
        at = end;
        count++;
    }
    return count;
}

static medtl_network *make_network(reference *r)
{
    medtl_network *network = NULL;
    medtl_error err = {0};

    r->spec.dropout = 0.0f;
    cr_assert_eq(sscanf(r->line, "case %31s %u %u %u %u %u %zu %u %u", r->spec.architecture,
                        &r->spec.width, &r->spec.channels, &r->spec.height, &r->spec.width_px,
                        &r->spec.classes, &r->images, &r->raised, &r->input),
                 9);
    cr_assert_eq(medtl_network_create(&r->spec, 1, &network, &err), MEDTL_OK, "%s", err.message);
    nn_fill_network(network);
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        medtl_parameter *p = medtl_network_parameter(network, i);

        /* As make_torch_networks.py: or the noise of a hundred layers drowns the gradients. */
        for (size_t k = 0; nn_ends_with(p->name, "bn3.weight") && k < p->size; k++)
            p->value[k] *= 0.25f;
        for (size_t k = 0; nn_ends_with(p->name, ".bias") && k < p->size; k++)
            p->value[k] += (float)r->raised; /* few values near a ReLU's edge */
    }
    cr_assert(next_line(r) && sscanf(r->line, "rate %f", &r->rate) == 1);
    return network;
}

static void check_values(const reference *r, const char *what, const float *got, size_t count)
{
    double *expected = calloc(MOST_VALUES, sizeof *expected), largest = 0.0, worst = 0.0;

    cr_assert_eq(strncmp(r->line, what, strlen(what)), 0, "%s expected, not %.20s", what, r->line);
    cr_assert_eq(read_values(r, expected), count, "%s", what);
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(expected[i]));
        worst = fmax(worst, fabs((double)got[i] - expected[i]));
    }
    cr_expect(worst <= forward_tolerance * largest, "%s, %s: off by %g of %g", r->spec.architecture,
              what, worst, largest);
    free(expected);
}

/* Softmax cross-entropy of labels n mod classes, averaged; its derivative into dlogits. */
static double cross_entropy(const float *logits, size_t images, size_t classes, float *dlogits)
{
    double loss = 0.0;

    for (size_t n = 0; n < images; n++) {
        const float *row = logits + n * classes;
        double sum = 0.0;

        for (size_t k = 0; k < classes; k++)
            sum += exp((double)row[k]);
        loss -= ((double)row[n % classes] - log(sum)) / (double)images;
        for (size_t k = 0; k < classes; k++)
            dlogits[n * classes + k] =
                (float)((exp((double)row[k]) / sum - (n % classes == k ? 1.0 : 0.0)) /
                        (double)images);
    }
    return loss;
}

/* Loss and derivatives of one step; an auxiliary head counts a quarter. `trained` receives the logits of an
 * image, main then auxiliary, if it is not NULL. @return the loss. */
static double learn(const reference *r, medtl_trainer_pass *pass, const float *input,
                    float *trained)
{
    const size_t classes = r->spec.classes, images = r->images;
    float *dlogits = calloc(2 * images * classes, sizeof *dlogits),
          *daux = dlogits + images * classes;
    const float *logits = medtl_trainer_pass_forward(pass, input, images, 7);
    size_t size = 0, stride = 0;
    const float *aux = medtl_trainer_pass_output(pass, "aux", &size, &stride);
    double loss = cross_entropy(logits, images, classes, dlogits);

    if (aux != NULL) {
        float *rows = malloc(images * classes * sizeof *rows);

        for (size_t n = 0; n < images; n++)
            memcpy(rows + n * classes, aux + n * stride, classes * sizeof *rows);
        loss += (double)auxiliary * cross_entropy(rows, images, classes, daux);
        for (size_t i = 0; i < images * classes; i++)
            daux[i] *= auxiliary;
        cr_assert(size == classes && medtl_trainer_pass_give_gradient(pass, "aux", daux));
        free(rows);
    }
    for (size_t n = 0; trained != NULL && n < images; n++) {
        float *to = trained + n * classes * (aux != NULL ? 2 : 1);

        memcpy(to, logits + n * classes, classes * sizeof *to);
        if (aux != NULL)
            memcpy(to + classes, aux + n * stride, classes * sizeof *to);
    }
    medtl_trainer_pass_backward(pass, dlogits);
    free(dlogits);
    return loss;
}

static void step(medtl_network *network, const medtl_trainer_pass *pass, float rate, float **speeds)
{
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++) {
        const medtl_parameter *p = medtl_network_parameter(network, i);
        const float *gradient = medtl_trainer_pass_gradient(pass, i);

        for (size_t k = 0; gradient != NULL && k < p->size; k++) {
            speeds[i][k] = momentum * speeds[i][k] + gradient[k];
            p->value[k] -= rate * speeds[i][k];
        }
    }
}

/* Train five steps, remembering what the references speak of. */
typedef struct outcome {
    size_t trained_count; /* twice the logits, where there is an auxiliary head */
    float *evaluated, *trained, *after, losses[STEPS];
    float **gradients; /* of the first step */
} outcome;

static float *copy(const float *values, size_t count)
{
    float *kept = malloc(count * sizeof *kept);

    memcpy(kept, values, count * sizeof *kept);
    return kept;
}

static outcome train(const reference *r, medtl_network *network)
{
    const size_t count = medtl_network_parameter_count(network), images = r->images;
    const size_t logits = images * r->spec.classes;
    float *input = nn_make_numbered_input(r->input, images * r->spec.channels * r->spec.height *
                                                        r->spec.width_px);
    float **speeds = calloc(count, sizeof *speeds);
    size_t ignored;
    medtl_trainer_pass *pass = NULL;
    outcome o = {.gradients = calloc(count, sizeof *o.gradients)};

    cr_assert_eq(medtl_trainer_pass_create(network, images, 2, &pass, NULL), MEDTL_OK);
    o.trained_count =
        medtl_trainer_pass_output(pass, "aux", &ignored, &ignored) != NULL ? 2 * logits : logits;
    o.trained = malloc(o.trained_count * sizeof *o.trained);
    o.evaluated = copy(medtl_trainer_pass_evaluate(pass, input, images), logits);
    for (size_t i = 0; i < count; i++)
        speeds[i] = calloc(medtl_network_parameter(network, i)->size, sizeof(float));
    for (int s = 0; s < STEPS; s++) {
        o.losses[s] = (float)learn(r, pass, input, s == 0 ? o.trained : NULL);
        for (size_t i = 0; s == 0 && i < count; i++)
            if (medtl_trainer_pass_gradient(pass, i) != NULL)
                o.gradients[i] = copy(medtl_trainer_pass_gradient(pass, i),
                                      medtl_network_parameter(network, i)->size);
        step(network, pass, r->rate, speeds);
    }
    o.after = copy(medtl_trainer_pass_evaluate(pass, input, images), logits);
    medtl_trainer_pass_destroy(pass);
    for (size_t i = 0; i < count; i++)
        free(speeds[i]);
    free(speeds);
    free(input);
    return o;
}

static void outcome_clear(outcome *o, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(o->gradients[i]);
    free(o->gradients);
    free(o->evaluated);
    free(o->trained);
    free(o->after);
}

static size_t find_parameter(medtl_network *network, uint32_t key)
{
    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (nn_name_key(medtl_network_parameter(network, i)->name) == key)
            return i;
    cr_assert_fail("no parameter has the key %08x", key);
    return 0;
}

static double norm_of(const float *values, size_t count)
{
    double squares = 0.0;

    for (size_t i = 0; i < count; i++)
        squares += (double)values[i] * (double)values[i];
    return sqrt(squares);
}

static double projection(const medtl_parameter *p, const float *values)
{
    char name[96];
    double sum = 0.0;
    uint32_t key;

    snprintf(name, sizeof name, "%s.direction", p->name);
    key = nn_name_key(name);
    for (size_t i = 0; i < p->size; i++)
        sum += (double)values[i] * (double)nn_uniform(key, i);
    return sum;
}

/* The largest difference of any value, where the references have them all. */
static double worst_value(reference *r, const medtl_parameter *p, const float *got)
{
    double *expected, worst = 0.0;

    if (r->values == NULL)
        return 0.0;
    expected = malloc(p->size * sizeof *expected);
    cr_assert_eq(fread(expected, sizeof *expected, p->size, r->values), p->size);
    for (size_t i = 0; i < p->size; i++)
        worst = fmax(worst, fabs((double)got[i] - expected[i]));
    free(expected);
    return worst;
}

/* The lines KEY NORM PROJECTION up to "end": by how much the worst of them is off. */
static void check_gradients(reference *r, medtl_network *network, const outcome *o)
{
    double largest = 0.0, worst = 0.0, norm, along;
    size_t trained = 0, seen = 0;
    const char *name = "";
    unsigned key;

    for (size_t i = 0; i < medtl_network_parameter_count(network); i++)
        if (o->gradients[i] != NULL) {
            largest =
                fmax(largest, norm_of(o->gradients[i], medtl_network_parameter(network, i)->size));
            trained++;
        }
    while (next_line(r) && sscanf(r->line, "%8x %lf %lf", &key, &norm, &along) == 3) {
        const size_t index = find_parameter(network, key);
        const medtl_parameter *p = medtl_network_parameter(network, index);
        const float *got = o->gradients[index];
        /* What is mathematically zero (a bias before a norm) is rounding noise in PyTorch. */
        const double scale = fmax(norm, 1e-3 * largest);

        double off = fmax(fabs(norm_of(got, p->size) - norm), fabs(projection(p, got) - along));

        off = fmax(off, worst_value(r, p, got)) / scale;
        name = off > worst ? p->name : name;
        worst = fmax(worst, off);
        seen++;
    }
    cr_expect(worst <= gradient_tolerance, "%s: the gradient of %s is off by %g of its norm",
              r->spec.architecture, name, worst);
    cr_expect_eq(seen, trained, "%s: %zu gradients, PyTorch %zu", r->spec.architecture, trained,
                 seen);
}

/* The values of the cases before `index`: their tensors' sizes follow from building their networks. */
static void skip_values(reference *r, size_t index)
{
    for (size_t i = 0; i < index && r->values != NULL; i++) {
        medtl_network *network;

        rewind(r->text);
        cr_assert(find_case(r, i));
        network = make_network(r);
        for (size_t k = 0; k < medtl_network_parameter_count(network); k++) {
            const medtl_parameter *p = medtl_network_parameter(network, k);

            if (p->role != MEDTL_PARAMETER_STATISTIC)
                cr_assert_eq(fseek(r->values, (long)(p->size * sizeof(double)), SEEK_CUR), 0);
        }
        medtl_network_destroy(network);
    }
    rewind(r->text);
}

ParameterizedTestParameters(torch_networks, outputs_gradients_and_five_steps_agree)
{
    static size_t cases[MOST_CASES];
    size_t count = 0;
    reference r;

    reference_open(&r);
    while (count < MOST_CASES && find_case(&r, 0)) {
        cases[count] = count;
        count++;
    }
    reference_close(&r);
    return cr_make_param_array(size_t, cases, count);
}

ParameterizedTest(size_t *index, torch_networks, outputs_gradients_and_five_steps_agree)
{
    reference r;
    medtl_network *network;
    outcome o;
    size_t logits;

    reference_open(&r);
    skip_values(&r, *index);
    cr_assert(find_case(&r, *index));
    network = make_network(&r);
    logits = r.images * r.spec.classes;
    o = train(&r, network);
    cr_assert(next_line(&r));
    check_values(&r, "evaluated", o.evaluated, logits);
    cr_assert(next_line(&r));
    check_values(&r, "trained", o.trained, o.trained_count);
    cr_assert(next_line(&r));
    check_values(&r, "losses", o.losses, STEPS);
    cr_assert(next_line(&r));
    check_values(&r, "after", o.after, logits);
    check_gradients(&r, network, &o);
    outcome_clear(&o, medtl_network_parameter_count(network));
    medtl_network_destroy(network);
    reference_close(&r);
}

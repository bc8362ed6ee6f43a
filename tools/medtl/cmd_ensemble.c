/* medtl ensemble: several model files in, one out that averages their answers or their weights. */
#include "cmd.h"
#include "options.h"

#include "core/nn/model_parts.h"
#include "core/nn/network.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MEMBERS = 64 };

static const char USAGE[] =
    "usage: medtl ensemble MODEL MODEL... -o OUT.safetensors [options]\n"
    "\n"
    "Makes one model of several that were trained alike (with other seeds, or on other folds): of one\n"
    "architecture and width, for the same classes, normaliser, input and views. Its logits are the mean\n"
    "of theirs, divided by the mean of their temperatures. It takes as long as all of them, and is as\n"
    "large. Deep ensembles (Lakshminarayanan et al. 2017) are more accurate than their members and\n"
    "better calibrated; measure it with `medtl evaluate`.\n"
    "\n"
    "With --average-weights it is one network whose weights are the mean of theirs (model soup, Wortsman\n"
    "et al. 2022): as large and as fast as one of them. The members must have been fine-tuned from one and\n"
    "the same start; even then the mean can be worse than each of them, so measure it.\n"
    "\n"
    "Examples:\n"
    "  medtl ensemble run1/model.safetensors run2/model.safetensors -o both.safetensors\n"
    "  medtl ensemble --average-weights run1/model.safetensors run2/model.safetensors -o mean.safetensors\n";

typedef struct ensemble {
    option_words members; /* their files */
    const char *out, *name, *version;
    const char *views_text; /* NULL: the members' */
    medtl_views views;
    bool half, average_weights;
    medtl_model *models[MOST_MEMBERS]; /* what the files say */
    medtl_network *networks[MOST_MEMBERS], *whole;
} ensemble;

static medtl_status parse(int argc, char **argv, ensemble *e, bool *help, medtl_error *err)
{
    const option table[] = {
        {OPTION_HEADING, .help = "Options"},
        {OPTION_TEXT, "output", 'o', "FILE", &e->out, 0, 0, SHAPES_NOTHING,
         "the model to be written; an old one is replaced"},
        {OPTION_TEXT, "name", 0, "NAME", &e->name, 0, 0, SHAPES_NOTHING,
         "model name, if not the first one's"},
        {OPTION_TEXT, "model-version", 0, "VERSION", &e->version, 0, 0, SHAPES_NOTHING,
         "its version, if not the first one's"},
        {OPTION_TEXT, "views", 0, "one|flip-x|flip-y|flips|symmetries", &e->views_text, 0, 0,
         SHAPES_NOTHING,
         "views of an image that the whole averages over (see finetune --views), if not the members': two members "
         "with one view each cost as much as one with two"},
        {OPTION_FLAG, "f16", 0, "", &e->half, 0, 0, SHAPES_NOTHING,
         "store 16-bit weights: half the size"},
        {OPTION_FLAG, "average-weights", 0, "", &e->average_weights, 0, 0, SHAPES_NOTHING,
         "one network with the mean of the members' weights"},
        {OPTION_TEXTS, "member", 0, "MODEL", &e->members, 0, 0, SHAPES_NOTHING,
         "a model file by its option's name, as in a recipe's stage; as often as needed"},
        {OPTION_WORDS, "models", 0, "MODEL...", &e->members, 0, 0, SHAPES_NOTHING,
         "two model files or more"},
    };
    const medtl_status status =
        options_parse(USAGE, table, sizeof table / sizeof table[0], argc, argv, help, err);

    if (*help || status != MEDTL_OK)
        return status;
    if (e->members.count < 2 || e->out == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "two models and -o FILE are needed (see --help)");
    if (e->members.count > MOST_MEMBERS)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "more than %d models", MOST_MEMBERS);
    if (e->views_text != NULL && !medtl_views_parse(e->views_text, &e->views))
        return medtl_fail(err, MEDTL_E_ARGUMENT,
                          "--views: '%s' is none of one, flip-x, flip-y, flips, symmetries",
                          e->views_text);
    return MEDTL_OK;
}

/* What must be the same in all members; NULL if it is. */
static const char *difference(const medtl_model_info *a, const medtl_model_info *b)
{
    if (strcmp(a->architecture, b->architecture) != 0)
        return "architecture";
    if (strcmp(a->architecture_arguments, b->architecture_arguments) != 0)
        return "width, dropout or head";
    if (a->channels != b->channels || a->height != b->height || a->width != b->width)
        return "input size";
    if (strcmp(a->normaliser, b->normaliser) != 0)
        return "normaliser";
    if (strcmp(a->views, b->views) != 0)
        return "views";
    if (a->class_count != b->class_count)
        return "number of classes";
    for (uint32_t i = 0; i < a->class_count; i++)
        if (strcmp(a->class_names[i], b->class_names[i]) != 0)
            return "classes";
    return NULL;
}

/* What the model was fine-tuned from, as its provenance says; empty where it does not. The caller frees it. */
static char *start_of(const medtl_model_info *info)
{
    json_t *provenance = json_loads(info->provenance, 0, NULL);
    const char *start = json_string_value(json_object_get(provenance, "started_from_sha256"));
    char *copy = strdup(start != NULL ? start : "");

    json_decref(provenance);
    return copy;
}

/* The mean of weights means something only where all are weights, and training began at the same ones. */
static medtl_status check_averageable(const ensemble *e, size_t member, medtl_error *err)
{
    char *first = start_of(&e->models[0]->info), *other = start_of(&e->models[member]->info);
    medtl_status status = MEDTL_OK;

    if (first == NULL || other == NULL)
        status = medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the models' provenance");
    else if (medtl_network_get_spec(e->networks[member])->classifier.kind !=
             MEDTL_CLASSIFIER_LINEAR)
        status =
            medtl_fail(err, MEDTL_E_UNSUPPORTED,
                       "%s: its last layer holds support vectors or neighbours, which have no mean",
                       e->members.items[member]);
    else if (other[0] == '\0')
        status =
            medtl_fail(err, MEDTL_E_ARGUMENT,
                       "%s: not fine-tuned from another model; a mean of weights asks for one and "
                       "the same start",
                       e->members.items[member]);
    else if (strcmp(first, other) != 0)
        status = medtl_fail(err, MEDTL_E_ARGUMENT,
                            "%s: not fine-tuned from the same start as %s; a mean of their weights "
                            "would mean nothing",
                            e->members.items[member], e->members.items[0]);
    free(first);
    free(other);
    return status;
}

static medtl_status load(ensemble *e, medtl_error *err)
{
    for (size_t i = 0; i < e->members.count; i++) {
        medtl_status status =
            medtl_model_load_network(e->members.items[i], &e->models[i], &e->networks[i], err);
        const char *other;

        if (status != MEDTL_OK)
            return status;
        if (e->networks[i] == NULL)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                              "%s: a graph of operators; only networks of our own architectures "
                              "can be members",
                              e->members.items[i]);
        if (e->models[i]->metadata.ranges.count > 0)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                              "%s: calibrated for 8-bit whole numbers, which would be lost; take "
                              "the model that it was made of",
                              e->members.items[i]);
        if (medtl_network_get_spec(e->networks[i])->members > 1)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: has several members already",
                              e->members.items[i]);
        if (e->views_text != NULL &&
            (status = medtl_model_use_views(e->models[i], e->views, err)) != MEDTL_OK)
            return status;
        other = difference(&e->models[0]->info, &e->models[i]->info);
        if (other != NULL)
            return medtl_fail(err, MEDTL_E_ARGUMENT, "%s: another %s than %s", e->members.items[i],
                              other, e->members.items[0]);
        if (e->average_weights && (status = check_averageable(e, i, err)) != MEDTL_OK)
            return status;
    }
    return MEDTL_OK;
}

/* The members' parameters follow one another in the order of the members. */
static medtl_status join(ensemble *e, medtl_error *err)
{
    medtl_network_spec spec = *medtl_network_get_spec(e->networks[0]);
    const size_t each = medtl_network_parameter_count(e->networks[0]);
    medtl_status status;

    spec.members = (uint32_t)e->members.count;
    status = medtl_network_create(&spec, 1, &e->whole, err);
    for (size_t i = 0; status == MEDTL_OK && i < e->members.count * each; i++) {
        const medtl_parameter *from = medtl_network_parameter(e->networks[i / each], i % each);
        medtl_parameter *to = medtl_network_parameter(e->whole, i);

        memcpy(to->value, from->value, to->size * sizeof *to->value);
    }
    return status;
}

/* One network with the mean of the members' parameters, running statistics too. */
static medtl_status average(ensemble *e, medtl_error *err)
{
    const medtl_status status =
        medtl_network_create(medtl_network_get_spec(e->networks[0]), 1, &e->whole, err);

    if (status != MEDTL_OK)
        return status;
    for (size_t i = 0; i < medtl_network_parameter_count(e->whole); i++) {
        medtl_parameter *to = medtl_network_parameter(e->whole, i);

        for (size_t j = 0; j < to->size; j++) {
            double sum = 0.0;

            for (size_t member = 0; member < e->members.count; member++)
                sum += (double)medtl_network_parameter(e->networks[member], i)->value[j];
            to->value[j] = (float)(sum / (double)e->members.count);
        }
    }
    return MEDTL_OK;
}

/* {"averaged": "logits", "members": [{"sha256": ..., "provenance": ...}, ...]}, as text. */
static char *provenance(const ensemble *e)
{
    json_t *members = json_array(), *root;
    char *text;

    for (size_t i = 0; i < e->members.count; i++) {
        const medtl_model_info *info = &e->models[i]->info;

        (void)json_array_append_new(members,
                                    json_pack("{s:s, s:o*}", "sha256", info->sha256, "provenance",
                                              json_loads(info->provenance, 0, NULL)));
    }
    root = json_pack("{s:s, s:o}", "averaged", e->average_weights ? "weights" : "logits", "members",
                     members);
    text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static medtl_status write(const ensemble *e, medtl_error *err)
{
    const medtl_model_info *first = &e->models[0]->info;
    medtl_model_description description = {.name = e->name != NULL ? e->name : first->name,
                                           .version =
                                               e->version != NULL ? e->version : first->version,
                                           .class_names = first->class_names,
                                           .normaliser = first->normaliser,
                                           .views = e->models[0]->metadata.views};
    char *text = provenance(e);
    double temperatures = 0.0;
    medtl_status status;

    if (text == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for the model's provenance");
    /* The network adds logits: the sum of n over n times the mean temperature. Averaged weights have no sum. */
    for (size_t i = 0; i < e->members.count; i++)
        temperatures += (double)e->models[i]->info.temperature;
    description.temperature =
        (float)(e->average_weights ? temperatures / (double)e->members.count : temperatures);
    description.provenance = text;
    status = medtl_network_save(e->whole, &description, e->half, e->out, err);
    free(text);
    return status;
}

int cmd_ensemble(int argc, char **argv)
{
    ensemble e = {.out = NULL};
    medtl_error err = {0};
    bool help = false;
    medtl_status status = parse(argc, argv, &e, &help, &err);

    if (!help && status == MEDTL_OK && (status = load(&e, &err)) == MEDTL_OK &&
        (status = e.average_weights ? average(&e, &err) : join(&e, &err)) == MEDTL_OK)
        status = write(&e, &err);
    for (size_t i = 0; i < MOST_MEMBERS; i++) {
        medtl_model_destroy(e.models[i]);
        medtl_network_destroy(e.networks[i]);
    }
    medtl_network_destroy(e.whole);
    free(e.members.items);
    return status == MEDTL_OK ? EXIT_DONE : report_failure("ensemble", &err);
}

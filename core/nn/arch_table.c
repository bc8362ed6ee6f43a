/* The table of architectures, and the limits that any of them must keep. */
#include "architecture.h"

#include <stdio.h>
#include <string.h>

enum {
    MOST_WIDTH = 1024,
    MOST_CHANNELS = 8192,
    MOST_PIXELS = 8192,
    MOST_CLASSES = 100000,
    MOST_MEMBERS = 64,
    MOST_VECTORS = 1000000
};

static const medtl_architecture architectures[] = {
    {"hybrid2", 32, 0.5f, medtl_build_hybrid2},
    {"resnet18", 64, 0.0f, medtl_build_resnet18},
    {"resnet34", 64, 0.0f, medtl_build_resnet34},
    {"resnet50", 64, 0.0f, medtl_build_resnet50},
    {"resnet101", 64, 0.0f, medtl_build_resnet101},
    {"resnet18_cifar", 64, 0.0f, medtl_build_resnet18_cifar},
    {"resnet20", 16, 0.0f, medtl_build_resnet20},
    {"hybrid6", 32, 0.5f, medtl_build_hybrid6},
    {"densenet121", 32, 0.0f, medtl_build_densenet121},
    {"densenet121_resnet101", 64, 0.0f, medtl_build_densenet121_resnet101},
    {"inception_v3", 32, 0.5f, medtl_build_inception_v3},
    {"vit_tiny", 192, 0.0f, medtl_build_vit_tiny},
    {"fusion", 192, 0.0f, medtl_build_fusion},
    {"mobilenet_v2", 32, 0.2f, medtl_build_mobilenet_v2},
    {"mobilenet_v2_keras", 32, 0.0f, medtl_build_mobilenet_v2_keras},
    {"mobilenet_v2_keras_bn", 32, 0.0f, medtl_build_mobilenet_v2_keras_bn},
};
enum { ARCHITECTURE_COUNT = sizeof architectures / sizeof architectures[0] };

size_t medtl_architecture_count(void) { return ARCHITECTURE_COUNT; }

const char *medtl_architecture_name(size_t index)
{
    return index < ARCHITECTURE_COUNT ? architectures[index].name : NULL;
}

const medtl_architecture *medtl_architecture_find(const char *name)
{
    for (size_t i = 0; i < ARCHITECTURE_COUNT; i++)
        if (strcmp(architectures[i].name, name) == 0)
            return &architectures[i];
    return NULL;
}

static medtl_status check_classifier(const medtl_classifier *c, medtl_error *err)
{
    if (c->kind == MEDTL_CLASSIFIER_LINEAR)
        return MEDTL_OK;
    if (c->vectors == 0 || c->vectors > MOST_VECTORS)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "a classifier of %u vectors (1 to %d are possible)", (unsigned)c->vectors,
                          MOST_VECTORS);
    if (c->kind == MEDTL_CLASSIFIER_NEIGHBOURS &&
        (c->neighbours == 0 || c->neighbours > c->vectors || c->neighbours > MEDTL_MOST_NEIGHBOURS))
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%u neighbours among %u vectors (1 to %d are possible)",
                          (unsigned)c->neighbours, (unsigned)c->vectors, MEDTL_MOST_NEIGHBOURS);
    return MEDTL_OK;
}

medtl_status medtl_spec_complete(medtl_network_spec *spec, medtl_error *err)
{
    const medtl_architecture *architecture;

    if (memchr(spec->architecture, '\0', sizeof spec->architecture) == NULL)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "the architecture's name has no end");
    architecture = medtl_architecture_find(spec->architecture);
    if (architecture == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "there is no architecture \"%s\"",
                          spec->architecture);
    if (spec->width == 0)
        spec->width = architecture->width;
    if (spec->dropout < 0.0f)
        spec->dropout = architecture->dropout;
    if (spec->width > MOST_WIDTH)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "width %u is more than %d", spec->width,
                          MOST_WIDTH);
    if (spec->channels == 0 || spec->channels > MOST_CHANNELS || spec->height == 0 ||
        spec->height > MOST_PIXELS || spec->width_px == 0 || spec->width_px > MOST_PIXELS)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "an input of %u channels and %ux%u pixels (limits: %d, %d)",
                          spec->channels, spec->height, spec->width_px, MOST_CHANNELS, MOST_PIXELS);
    if (spec->classes == 0 || spec->classes > MOST_CLASSES)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%u classes (1 to %d are possible)",
                          spec->classes, MOST_CLASSES);
    if (spec->members > MOST_MEMBERS)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%u members (at most %d are possible)",
                          spec->members, MOST_MEMBERS);
    if (!(spec->dropout < 1.0f))
        return medtl_fail(err, MEDTL_E_ARGUMENT, "dropout %g is not below 1",
                          (double)spec->dropout);
    return check_classifier(&spec->classifier, err);
}

/* Several networks side by side on one input; the output is the sum of theirs. */
static void build_members(medtl_graph *graph, const medtl_architecture *architecture,
                          const medtl_network_spec *spec)
{
    size_t sum = 0;

    for (uint32_t member = 0; member < spec->members; member++) {
        size_t logits;

        snprintf(graph->prefix, sizeof graph->prefix, "members.%u.", (unsigned)member);
        graph->stage = 0;
        architecture->build(graph, spec);
        logits = graph->node_count - 1;
        sum = member == 0 ? logits : medtl_graph_add(graph, sum, logits);
    }
}

medtl_status medtl_architecture_build(const medtl_network_spec *spec, const medtl_head *heads,
                                      size_t count, medtl_graph *graph, medtl_error *err)
{
    const medtl_architecture *architecture = medtl_architecture_find(spec->architecture);

    medtl_graph_init(graph);
    if (architecture == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "there is no architecture \"%s\"",
                          spec->architecture);
    (void)medtl_graph_input(graph, (medtl_shape){spec->channels, spec->height, spec->width_px});
    graph->heads = heads;
    graph->head_count = count;
    if (spec->members > 1)
        build_members(graph, architecture, spec);
    else
        architecture->build(graph, spec);
    graph->heads = NULL; /* the caller's */
    graph->head_count = 0;
    return medtl_graph_finish(graph, err);
}

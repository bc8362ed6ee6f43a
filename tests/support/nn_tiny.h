/* Every architecture at a size that takes no time: for tests of what must hold for all of them. */
#ifndef MEDTL_TEST_NN_TINY_H
#define MEDTL_TEST_NN_TINY_H

#include "nn_model.h"

typedef struct nn_tiny {
    char architecture[32];
    uint32_t width, channels, height, width_px, classes;
} nn_tiny;

enum { NN_TINY_MOST = 64, NN_TINY_CLASSES = 3 };

/* What an architecture takes that the usual tiny input does not suit. */
static const nn_tiny nn_tiny_special[] = {
    {"inception_v3", 4, 3, 83, 75, NN_TINY_CLASSES}, /* 75 is the least it can take */
    {"vit_tiny", 24, 3, 48, 32, NN_TINY_CLASSES},    /* patches of 16 */
    {"fusion", 12, 20, 1, 5, NN_TINY_CLASSES},       /* five vectors of 20 features */
};

/* The smallest network of architecture `index`. The sides differ, and are no powers of two, where it allows that. */
static inline nn_tiny nn_tiny_at(size_t index)
{
    nn_tiny tiny = {"", 8, 3, 44, 36, NN_TINY_CLASSES};

    for (size_t i = 0; i < sizeof nn_tiny_special / sizeof nn_tiny_special[0]; i++)
        if (strcmp(nn_tiny_special[i].architecture, medtl_architecture_name(index)) == 0)
            tiny = nn_tiny_special[i];
    snprintf(tiny.architecture, sizeof tiny.architecture, "%s", medtl_architecture_name(index));
    return tiny;
}

/* All of them, for parameterised tests. @return how many. */
static inline size_t nn_tiny_all(nn_tiny *cases)
{
    cr_assert_leq(medtl_architecture_count(), NN_TINY_MOST);
    for (size_t i = 0; i < medtl_architecture_count(); i++)
        cases[i] = nn_tiny_at(i);
    return medtl_architecture_count();
}

static inline medtl_network *nn_tiny_network(const nn_tiny *t)
{
    return nn_make_network(t->architecture, t->width, t->channels, t->height, t->width_px,
                           t->classes);
}

static inline size_t nn_tiny_image(const nn_tiny *t)
{
    return (size_t)t->channels * t->height * t->width_px;
}

#endif

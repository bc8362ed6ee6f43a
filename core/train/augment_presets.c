/* What is plausible for which kind of image, and reading it from the command line. */
#include "augment.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct preset {
    const char *name;
    medtl_augment augment;
} presets[] = {
    {"none", {.rotation = 0.0}},
    /* A lesion has no up or down; lamps, skins and cameras differ. */
    {"dermoscopy",
     {.rotation = 180.0,
      .flip_x = 0.5,
      .flip_y = 0.5,
      .area_min = 0.6,
      .area_max = 1.0,
      .aspect = 0.1,
      .shear = 0.0,
      .translate = 0.0,
      .brightness = 0.08,
      .contrast = 0.15,
      .saturation = 0.2,
      .tint = 0.04,
      .mirror_border = 1.0}},
    /* The chest wall stays at its edge; compression and exposure differ. */
    {"mammography",
     {.rotation = 10.0,
      .flip_y = 0.5,
      .area_min = 0.8,
      .area_max = 1.15,
      .aspect = 0.1,
      .shear = 5.0,
      .translate = 0.03,
      .brightness = 0.03,
      .contrast = 0.1,
      .gamma = 0.2,
      .noise = 0.015}},
};

#define KEY(name, low, high)                                                                       \
    {                                                                                              \
#name, offsetof(medtl_augment, name), low, high                                            \
    }
static const struct key {
    const char *name;
    size_t offset;
    double low, high;
} keys[] = {
    KEY(rotation, 0, 180),    KEY(flip_x, 0, 1),   KEY(flip_y, 0, 1),     KEY(area_min, 0.01, 4),
    KEY(area_max, 0.01, 4),   KEY(aspect, 0, 1),   KEY(shear, 0, 45),     KEY(translate, 0, 1),
    KEY(brightness, 0, 1),    KEY(contrast, 0, 1), KEY(saturation, 0, 1), KEY(tint, 0, 1),
    KEY(gamma, 0, 4),         KEY(noise, 0, 1),    KEY(cutout, 0, 1),     KEY(cutout_side, 0, 1),
    KEY(mirror_border, 0, 1),
};

static medtl_status set_key(medtl_augment *augment, const char *name, const char *value,
                            medtl_error *err)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char *end = NULL;
        double number;

        if (strcmp(keys[i].name, name) != 0)
            continue;
        number = strtod(value, &end);
        if (end == value || *end != '\0' || !(number >= keys[i].low && number <= keys[i].high))
            return medtl_fail(err, MEDTL_E_ARGUMENT, "augment: %s is a number from %g to %g", name,
                              keys[i].low, keys[i].high);
        *(double *)(void *)((char *)augment + keys[i].offset) = number;
        return MEDTL_OK;
    }
    return medtl_fail(err, MEDTL_E_ARGUMENT, "augment: there is no '%s'", name);
}

static medtl_status set_preset(medtl_augment *augment, const char *name, medtl_error *err)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
        if (strcmp(presets[i].name, name) == 0) {
            *augment = presets[i].augment;
            return MEDTL_OK;
        }
    return medtl_fail(err, MEDTL_E_ARGUMENT,
                      "augment: '%s' is none of none, dermoscopy, mammography", name);
}

medtl_status medtl_augment_parse(const char *text, medtl_augment *out, medtl_error *err)
{
    char *copy = strdup(text), *rest = NULL, *word;
    medtl_status status = MEDTL_OK;

    memset(out, 0, sizeof *out);
    if (copy == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    word = strtok_r(copy, ",", &rest);
    status = set_preset(out, word != NULL ? word : "", err);
    while (status == MEDTL_OK && (word = strtok_r(NULL, ",", &rest)) != NULL) {
        char *equals = strchr(word, '=');

        if (equals == NULL) {
            status = medtl_fail(err, MEDTL_E_ARGUMENT, "augment: '%s' is no key=value", word);
            break;
        }
        *equals = '\0';
        status = set_key(out, word, equals + 1, err);
    }
    free(copy);
    if (status == MEDTL_OK && out->area_max < out->area_min)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "augment: area_max is below area_min");
    if (status == MEDTL_OK && out->cutout > 0.0 && out->cutout_side == 0.0)
        out->cutout_side = 0.3;
    return status;
}

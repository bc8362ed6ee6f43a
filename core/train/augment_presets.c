/* What is plausible for which kind of image, and reading it from the command line. */
#include "augment.h"

#include "core/base/c_locale.h"

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
    /* Two views of one image shall agree in what it shows and in little else. Crops may be small and turned as they
     * like; colour changes stay mild, since colour says much about a lesion. */
    {"dermoscopy-views",
     {.rotation = 180.0,
      .flip_x = 0.5,
      .flip_y = 0.5,
      .area_min = 0.2,
      .area_max = 1.0,
      .aspect = 0.33,
      .brightness = 0.1,
      .contrast = 0.2,
      .saturation = 0.25,
      .tint = 0.05,
      .blur = 0.5,
      .blur_sigma = 0.01,
      .mirror_border = 1.0}},
    /* No colour and no blur: what is sought is small and faint. */
    {"mammography-views",
     {.rotation = 180.0,
      .flip_x = 0.5,
      .flip_y = 0.5,
      .area_min = 0.25,
      .area_max = 1.0,
      .aspect = 0.2,
      .brightness = 0.05,
      .contrast = 0.2,
      .gamma = 0.3,
      .noise = 0.02}},
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
    KEY(rotation, 0, 180),    KEY(flip_x, 0, 1),      KEY(flip_y, 0, 1),
    KEY(area_min, 0.01, 4),   KEY(area_max, 0.01, 4), KEY(aspect, 0, 1),
    KEY(shear, 0, 45),        KEY(translate, 0, 1),   KEY(brightness, 0, 1),
    KEY(contrast, 0, 1),      KEY(saturation, 0, 1),  KEY(tint, 0, 1),
    KEY(gamma, 0, 4),         KEY(noise, 0, 1),       KEY(cutout, 0, 1),
    KEY(cutout_side, 0, 1),   KEY(blur, 0, 1),        KEY(blur_sigma, 0, 0.1),
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
        number = medtl_strtod(value, &end);
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
                      "augment: '%s' is none of none, dermoscopy, mammography, dermoscopy-views, "
                      "mammography-views",
                      name);
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
    if (status == MEDTL_OK && out->blur > 0.0 && out->blur_sigma == 0.0)
        out->blur_sigma = 0.01;
    return status;
}

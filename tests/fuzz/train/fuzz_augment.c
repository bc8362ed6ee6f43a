/* Any text as a description of augmentation. */
#include "core/train/augment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const float mean[3] = {0.5f, 0.5f, 0.5f};
    medtl_augment augment;
    medtl_random random;
    medtl_variant variant;

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (medtl_augment_parse(text, &augment, NULL) == MEDTL_OK) {
        medtl_random_seed(&random, size);
        medtl_augment_draw(&augment, 3, 9, 7, mean, &random, &variant);
        if (variant.cut[2] > 7 || variant.cut[3] > 9)
            __builtin_trap();
    }
    free(text);
    return 0;
}

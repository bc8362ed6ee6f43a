/* Any bytes as a picture: PNG, JPEG, PGM, PPM. */
#include "core/train/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    medtl_picture picture;
    medtl_error err = {0};

    if (medtl_picture_decode(data, size, "fuzz", &picture, &err) == MEDTL_OK &&
        (picture.rows == 0 || (picture.samples != 1 && picture.samples != 3)))
        __builtin_trap();
    medtl_picture_clear(&picture);
    return 0;
}

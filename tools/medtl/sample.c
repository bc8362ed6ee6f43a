#include "sample.h"

#include "core/base/file.h"
#include "core/train/picture.h"
#include "medtl/study.h"

#include <stdlib.h>
#include <string.h>

static medtl_status image_from_picture(const unsigned char *bytes, size_t size, const char *name,
                                       medtl_image **out, medtl_error *err)
{
    medtl_picture picture;
    medtl_status status = medtl_picture_decode(bytes, size, name, &picture, err);

    if (status != MEDTL_OK)
        return status;
    status = medtl_image_create(picture.rows, picture.columns, picture.samples,
                                picture.bits > 8 ? MEDTL_PIXEL_U16 : MEDTL_PIXEL_U8, picture.bits,
                                out, err);
    if (status == MEDTL_OK)
        memcpy((*out)->pixels, picture.pixels,
               (size_t)picture.rows * picture.columns * picture.samples *
                   (picture.bits > 8 ? 2 : 1));
    medtl_picture_clear(&picture);
    return status;
}

static medtl_status image_from_dicom(const unsigned char *bytes, size_t size, const char *name,
                                     medtl_image **out, medtl_error *err)
{
    medtl_instance *instance = NULL;
    medtl_status status;

    if ((status = medtl_dicom_start(err)) != MEDTL_OK)
        return status;
    status = medtl_instance_read_memory(bytes, size, name, NULL, 0, &instance, err);
    if (status == MEDTL_E_NOT_DICOM)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: not PNG, JPEG, PGM, PPM or DICOM", name);
    if (status == MEDTL_OK)
        status = medtl_image_read(instance, 0, out, err);
    medtl_instance_destroy(instance);
    return status;
}

static medtl_status print_of(const medtl_image *image, medtl_fingerprint *print, medtl_error *err)
{
    const bool narrow = image->type == MEDTL_PIXEL_U8 || image->type == MEDTL_PIXEL_S8;
    const bool is_signed = image->type == MEDTL_PIXEL_S8 || image->type == MEDTL_PIXEL_S16;

    return medtl_fingerprint_make(image->rows, image->columns, image->samples, narrow ? 1 : 2,
                                  is_signed, image->pixels, print, err);
}

medtl_status sample_read(const label_row *row, const medtl_normaliser *normaliser, float *out,
                         char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_error *err)
{
    return sample_read_print(row, normaliser, out, sha256, NULL, err);
}

medtl_status sample_read_print(const label_row *row, const medtl_normaliser *normaliser, float *out,
                               char sha256[MEDTL_SHA256_TEXT_SIZE], medtl_fingerprint *print,
                               medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_image *image = NULL;
    medtl_error inner = {0};
    medtl_status status;

    if (print != NULL)
        memset(print, 0, sizeof *print);
    status = medtl_file_read(row->path, MEDTL_PICTURE_FILE_LIMIT, &bytes, &size, err);

    if (status != MEDTL_OK)
        goto done;
    if (sha256 != NULL)
        medtl_sha256_text(bytes, size, sha256);
    if (medtl_picture_recognise(bytes, size) != MEDTL_PICTURE_UNKNOWN)
        status = image_from_picture(bytes, size, row->file, &image, err);
    else
        status = image_from_dicom(bytes, size, row->file, &image, err);
    if (status != MEDTL_OK)
        goto done;
    if (row->inverted && image->samples == 1)
        image->photometric = MEDTL_MONOCHROME1;
    status = medtl_normalise(image, normaliser, out, NULL, NULL, &inner);
    if (status == MEDTL_OK && print != NULL)
        status = print_of(image, print, &inner);
    if (status != MEDTL_OK)
        status = medtl_fail(err, status, "%s: %s", row->file, inner.message);
done:
    medtl_image_destroy(image);
    free(bytes);
    return status;
}

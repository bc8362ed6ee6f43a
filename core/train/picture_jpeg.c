/* JPEG through libjpeg-turbo, from memory. The library reports errors by longjmp: everything that
 * must survive it lives in one struct outside of the function that calls setjmp. */
#include "picture_decoders.h"

#include "core/base/exif.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

typedef struct decoding {
    struct jpeg_error_mgr errors; /* first: the library's pointer to it is ours */
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX]; /* of the library */
} decoding;

static void on_error(j_common_ptr common)
{
    decoding *d = (decoding *)common->err;

    d->errors.format_message(common, d->message);
    longjmp(d->jump, 1);
}

/* A warning (level -1) means that data were missing or wrong and have been made up. */
static void on_message(j_common_ptr common, int level)
{
    if (level < 0)
        on_error(common);
}

/* A progressive file may ask for scan after scan over the whole picture; real ones have about ten. */
static void on_progress(j_common_ptr common)
{
    decoding *d = (decoding *)common->err;

    if (d->jpeg.input_scan_number > 200) {
        strcpy(d->message, "too many scans");
        longjmp(d->jump, 1);
    }
}

/* Turning the pixels here would be a second opinion of which side is up; `dcm-medtl wrap` refuses them, too. */
static medtl_status check_orientation(const decoding *d, const char *name, medtl_error *err)
{
    for (jpeg_saved_marker_ptr m = d->jpeg.marker_list; m != NULL; m = m->next) {
        const unsigned orientation = medtl_exif_orientation(m->data, m->data_length);

        if (orientation != 1)
            return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                              "%s: is turned by its Exif orientation (%u); turn its pixels first",
                              name, orientation);
    }
    return MEDTL_OK;
}

static medtl_status decode(decoding *d, const unsigned char *bytes, size_t size, const char *name,
                           medtl_picture *out, medtl_error *err)
{
    medtl_status status;

    if (setjmp(d->jump) != 0)
        return medtl_fail(err, MEDTL_E_FORMAT, "%s: damaged JPEG: %s", name, d->message);
    jpeg_create_decompress(&d->jpeg);
    d->progress.progress_monitor = on_progress;
    d->jpeg.progress = &d->progress;
    jpeg_mem_src(&d->jpeg, bytes, (unsigned long)size);
    jpeg_save_markers(&d->jpeg, JPEG_APP0 + 1, 0xFFFF); /* Exif; whole segments */
    (void)jpeg_read_header(&d->jpeg, TRUE);
    if (d->jpeg.jpeg_color_space == JCS_CMYK || d->jpeg.jpeg_color_space == JCS_YCCK)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "%s: a CMYK JPEG", name);
    if ((status = check_orientation(d, name, err)) != MEDTL_OK)
        return status;
    d->jpeg.out_color_space = d->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    d->jpeg.dct_method = JDCT_ISLOW;
    status = medtl_picture_allocate(d->jpeg.image_height, d->jpeg.image_width,
                                    d->jpeg.num_components == 1 ? 1 : 3, 8, name, out, err);
    if (status != MEDTL_OK)
        return status;
    (void)jpeg_start_decompress(&d->jpeg);
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW row =
            (JSAMPROW)out->pixels + (size_t)d->jpeg.output_scanline * out->columns * out->samples;

        (void)jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(&d->jpeg);
    return MEDTL_OK;
}

medtl_status medtl_picture_decode_jpeg(const unsigned char *bytes, size_t size, const char *name,
                                       medtl_picture *out, medtl_error *err)
{
    decoding d;
    medtl_status status;

    memset(&d, 0, sizeof d);
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    status = decode(&d, bytes, size, name, out, err);
    jpeg_destroy_decompress(&d.jpeg);
    return status;
}

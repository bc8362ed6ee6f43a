/* Any JPEG that libjpeg reads, to 8-bit samples. */
#include "decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

typedef struct refusal {
    struct jpeg_error_mgr manager;
    jmp_buf back;
} refusal;

static void on_error(j_common_ptr jpeg) { longjmp(((refusal *)jpeg->err)->back, 1); }
static void on_message(j_common_ptr jpeg) { (void)jpeg; }

static medtl_status start(struct jpeg_decompress_struct *jpeg, const unsigned char *bytes,
                          size_t size, bool gray, medtl_raster *out, medtl_error *err)
{
    jpeg_mem_src(jpeg, bytes, (unsigned long)size);
    (void)jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED, "a JPEG of %d components",
                          jpeg->num_components);
    jpeg->out_color_space = gray || jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    (void)jpeg_start_decompress(jpeg);
    out->rows = jpeg->output_height;
    out->columns = jpeg->output_width;
    out->samples = (uint16_t)jpeg->output_components;
    out->bits = 8;
    out->size = (size_t)out->rows * out->columns * out->samples;
    out->bytes = malloc(out->size);
    return out->bytes != NULL ? MEDTL_OK
                              : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for a picture");
}

medtl_status medtl_decode_jpeg(const unsigned char *bytes, size_t size, bool gray,
                               medtl_raster *out, medtl_error *err)
{
    struct jpeg_decompress_struct jpeg;
    refusal caught;
    medtl_status status;

    *out = (medtl_raster){0, 0, 0, 0, NULL, 0};
    jpeg.err = jpeg_std_error(&caught.manager);
    caught.manager.error_exit = on_error;
    caught.manager.output_message = on_message;
    if (setjmp(caught.back) != 0) {
        jpeg_destroy_decompress(&jpeg);
        free(out->bytes);
        out->bytes = NULL;
        return medtl_fail(err, MEDTL_E_FORMAT, "the JPEG is damaged");
    }
    jpeg_create_decompress(&jpeg);
    status = start(&jpeg, bytes, size, gray, out, err);
    while (status == MEDTL_OK && jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = out->bytes + (size_t)jpeg.output_scanline * out->columns * out->samples;

        (void)jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_destroy_decompress(&jpeg);
    return status;
}

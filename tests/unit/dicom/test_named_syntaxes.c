/* Transfer syntaxes that are not decoded are named, also those that are younger than the DICOM library. */
#include "raw_dicom.h"

#include "medtl/image.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(named_syntaxes, what_is_not_decoded_is_called_by_its_name)
{
    /* PS3.6 table A-1. */
    static const char *const cases[][2] = {
        {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000"},
        {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000"},
        {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"},
        {"1.2.840.10008.1.2.4.110", "JPEG XL"},
        {"1.2.840.10008.1.2.4.100", "MPEG2"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const raw_dicom what = {.transfer_syntax = cases[i][0]};
        unsigned char *bytes = NULL;
        size_t size = 0;
        medtl_instance *instance = NULL;
        medtl_image *image = NULL;
        medtl_error err = {MEDTL_OK, ""};

        raw_dicom_make(&what, &bytes, &size);
        cr_assert_eq(medtl_instance_read_memory(bytes, size, "x", NULL, 0, &instance, &err),
                     MEDTL_OK, "%s", err.message);
        cr_expect_eq(medtl_image_read(instance, 0, &image, &err), MEDTL_E_UNSUPPORTED);
        cr_expect_not_null(strstr(err.message, cases[i][0]), "%s", err.message);
        cr_expect_not_null(strstr(err.message, cases[i][1]), "%s", err.message);
        medtl_instance_destroy(instance);
        free(bytes);
    }
}

// Whether the data dictionary is there. Run twice by ctest: as it is, and with DCMDICTPATH leading nowhere.
#include "medtl/study.h"

#include <criterion/criterion.h>
#include <cstdlib>
#include <cstring>

Test(start, says_whether_dicom_can_be_read)
{
    const char *const path = std::getenv("DCMDICTPATH");
    medtl_error error = {};
    const medtl_status status = medtl_dicom_start(&error);

    if (path == nullptr) {
        cr_expect_eq(status, MEDTL_OK, "%s", error.message);
        cr_expect_eq(medtl_dicom_start(nullptr), MEDTL_OK);
    } else {
        cr_expect_eq(status, MEDTL_E_CONFIG);
        cr_expect(std::strstr(error.message, "DCMDICTPATH") != nullptr, "%s", error.message);
        cr_expect_eq(medtl_dicom_start(nullptr), MEDTL_E_CONFIG);
    }
}

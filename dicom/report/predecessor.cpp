// What medtl made before: recognised among the objects of a study, and named by the report that takes its
// place.
#include "equipment.h"

#include "dicom/attributes.h"
#include "dicom/instance_internal.h"
#include "profile.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

bool is_ours(const medtl_instance &instance, DcmItem &header)
{
    return strncmp(instance.facts.sop_instance_uid, "2.25.", 5) == 0 &&
           text_value(header, DCM_Manufacturer) == manufacturer_name &&
           text_value(header, DCM_ManufacturerModelName) == manufacturer_model_name;
}

// Does this report name the other as one that it took the place of?
bool names(DcmItem &report, const char *sop_instance_uid)
{
    const std::vector<std::string> named = predecessor_uids(report);

    return std::find(named.begin(), named.end(), sop_instance_uid) != named.end();
}

bool precedes(const medtl_instance &earlier, const medtl_report_request &request)
{
    const std::unique_ptr<DcmDataset> header = report_header(earlier);
    const profile *const wanted = find_profile(request.profile);
    char uid[MEDTL_UID_SIZE];
    long series_number = -1;

    if (wanted == nullptr || medtl_report_uid(&request, uid, nullptr) != MEDTL_OK ||
        !is_ours(earlier, *header))
        return false;
    return integer_value(*header, DCM_SeriesNumber, series_number) &&
           series_number == static_cast<long>(request.task->series_number) &&
           strcmp(earlier.facts.sop_class_uid, wanted->sop_class_uid) == 0 &&
           strcmp(earlier.facts.study_instance_uid,
                  medtl_instance_facts(request.results[0].instance)->study_instance_uid) == 0 &&
           strcmp(earlier.facts.sop_instance_uid, uid) != 0 && !names(*header, uid);
}

} // namespace
} // namespace medtl_dicom

extern "C" bool medtl_report_is_ours(const medtl_instance *instance) noexcept
try {
    return medtl_dicom::is_ours(*instance, *medtl_dicom::report_header(*instance));
} catch (...) {
    return false;
}

extern "C" bool medtl_report_precedes(const medtl_instance *earlier,
                                      const medtl_report_request *request) noexcept
try {
    return medtl_dicom::precedes(*earlier, *request);
} catch (...) {
    return false;
}

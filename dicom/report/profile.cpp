#include "profile.h"

namespace medtl_dicom
{

const profile *find_profile(medtl_report_profile id) noexcept
{
    static const profile profiles[MEDTL_PROFILE_COUNT] = {
        {MEDTL_PROFILE_TID1500, "tid1500", UID_ComprehensiveSRStorage, DSRTypes::DT_ComprehensiveSR,
         1, write_tid1500},
        {MEDTL_PROFILE_AIR, "air", UID_Comprehensive3DSRStorage, DSRTypes::DT_Comprehensive3DSR, 2,
         write_tid1500},
        {MEDTL_PROFILE_CAD, "cad", UID_MammographyCADSRStorage, DSRTypes::DT_MammographyCadSR, 3,
         write_tid4000},
        {MEDTL_PROFILE_TEXT, "text", UID_BasicTextSRStorage, DSRTypes::DT_BasicTextSR, 4,
         write_tid2000},
    };

    for (const profile &one : profiles)
        if (one.id == (id == 0 ? MEDTL_PROFILE_TID1500 : id))
            return &one;
    return nullptr;
}

} // namespace medtl_dicom

extern "C" const char *medtl_report_profile_name(medtl_report_profile id) noexcept
{
    const medtl_dicom::profile *const found = medtl_dicom::find_profile(id);

    return found != nullptr ? found->name : "unknown";
}

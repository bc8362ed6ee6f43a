// PS3.3 C.8.12.13 (Dermoscopic Image) and C.8.12.14 (Dermoscopic Photography Acquisition).
#include "skin.h"

namespace medtl_dicom
{
namespace
{

void read_code(DcmItem *item, utf8_converter &utf8, medtl_code &code)
{
    if (item == nullptr)
        return;
    copy_text(code.value, sizeof code.value, utf8(text_value(*item, DCM_CodeValue)));
    copy_text(code.scheme, sizeof code.scheme, utf8(text_value(*item, DCM_CodingSchemeDesignator)));
    copy_text(code.meaning, sizeof code.meaning, utf8(text_value(*item, DCM_CodeMeaning)));
}

/// Is there any ICC profile: in the ICC Profile module, or in an item of the Optical Path module?
bool has_profile(DcmItem &header)
{
    DcmItem *const path = sequence_item(header, DCM_OpticalPathSequence);

    return header.tagExistsWithValue(DCM_ICCProfile) ||
           (path != nullptr && path->tagExistsWithValue(DCM_ICCProfile));
}

} // namespace

void read_skin(DcmItem &header, utf8_converter &utf8, medtl_facts &facts)
{
    const auto copy = [&](const DcmTagKey &key, char *to, size_t size) {
        copy_text(to, size, utf8(text_value(header, key)));
    };
    double times = 0;

    copy(DCM_LightSourcePolarization, facts.polarization, sizeof facts.polarization);
    copy(DCM_ContactMethod, facts.contact, sizeof facts.contact);
    copy(DCM_ImmersionMedia, facts.immersion, sizeof facts.immersion);
    if (decimal_value(header, DCM_OpticalMagnificationFactor, times) && times > 0)
        facts.optical_magnification = times;
    read_code(sequence_item(header, DCM_AnatomicRegionSequence), utf8, facts.site);
    copy(DCM_TrackingID, facts.tracking_id, sizeof facts.tracking_id);
    const std::string uid = text_value(header, DCM_TrackingUID);
    if (uid.size() < sizeof facts.tracking_uid &&
        uid.find_first_not_of("0123456789.") == std::string::npos)
        copy_text(facts.tracking_uid, sizeof facts.tracking_uid, uid);
    facts.has_icc_profile = has_profile(header);
}

bool tells_of_skin(const DcmTagKey &tag)
{
    return tag == DCM_LightSourcePolarization || tag == DCM_ContactMethod ||
           tag == DCM_ImmersionMedia || tag == DCM_OpticalMagnificationFactor ||
           tag == DCM_AnatomicRegionSequence || tag == DCM_TrackingID || tag == DCM_TrackingUID ||
           tag == DCM_ICCProfile || tag == DCM_OpticalPathSequence;
}

} // namespace medtl_dicom

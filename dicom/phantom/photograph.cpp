// Pictures of skin: Dermoscopic Photography (PS3.3 A.32.11), VL Photographic (A.32.4), Secondary Capture (A.8).
#include "dataset.h"
#include "picture.h"

#include <vector>

namespace medtl_dicom
{
namespace
{

void put_dermoscope(DcmItem &dataset, const phantom_place &place, const photograph_plan &plan)
{
    put(dataset, DCM_FrameOfReferenceUID, phantom_uid(place, "frame of reference"));
    put(dataset, DCM_PositionReferenceIndicator, "");
    put(dataset, DCM_RecognizableVisualFeatures, "NO");
    put(dataset, DCM_LightSourcePolarization, "POLARIZED");
    put(dataset, DCM_EmitterColorTemperature, "5500");
    put(dataset, DCM_ContactMethod, "CONTACT");
    put(dataset, DCM_ImmersionMedia, "MINERAL_OIL");
    put(dataset, DCM_OpticalMagnificationFactor, "10");
    put(dataset, DCM_TrackingID, "Lesion " + std::to_string(plan.lesion));
    put(dataset, DCM_TrackingUID, phantom_uid(place, "lesion " + std::to_string(plan.lesion)));
}

void put_site(DcmItem &dataset)
{
    put_code(dataset, DCM_AnatomicRegionSequence, "77568009", "SCT", "Back");
}

const char *sop_class(photograph_kind kind)
{
    switch (kind) {
    case photograph_kind::dermoscopic:
        return "1.2.840.10008.5.1.4.1.1.77.1.7";
    case photograph_kind::visible_light:
        return UID_VLPhotographicImageStorage;
    case photograph_kind::secondary_capture:
        return UID_SecondaryCaptureImageStorage;
    }
    return "";
}

} // namespace

void build_photograph(DcmItem &dataset, const phantom_place &place, const photograph_plan &plan)
{
    const uint64_t seed =
        medtl_phantom_seed(place.seed, MEDTL_PART_LESION + static_cast<uint64_t>(plan.lesion));
    const medtl_lesion_phantom lesion = {seed, 0.16 + 0.04 * plan.lesion,
                                         plan.kind == photograph_kind::dermoscopic, plan.hairs};
    std::vector<Uint8> pixels(static_cast<size_t>(MEDTL_LESION_ROWS) * MEDTL_LESION_COLUMNS * 3);

    put_exam(dataset, place, sop_class(plan.kind));
    put(dataset, DCM_ImageType,
        plan.kind == photograph_kind::secondary_capture ? "DERIVED\\SECONDARY"
                                                        : "ORIGINAL\\PRIMARY");
    put(dataset, DCM_PatientOrientation, "");
    if (plan.kind == photograph_kind::secondary_capture) {
        put(dataset, DCM_ConversionType, "WSD");
        put(dataset, DCM_BodyPartExamined, "SKIN");
        put(dataset, DCM_Laterality, ""); /* type 2C where the body part may be one of a pair */
    } else {
        put(dataset, DCM_AcquisitionDateTime, "20200102101500");
        put_empty_sequence(dataset, DCM_AcquisitionContextSequence);
        put_site(dataset);
    }
    if (plan.kind == photograph_kind::dermoscopic)
        put_dermoscope(dataset, place, plan);
    medtl_phantom_lesion(&lesion, pixels.data());
    put_rgb_pixels(dataset, MEDTL_LESION_ROWS, MEDTL_LESION_COLUMNS, pixels.data());
}

} // namespace medtl_dicom

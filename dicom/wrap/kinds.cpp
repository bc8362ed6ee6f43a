#include "kinds.h"

#include "dicom/phantom/dataset.h"

#include <cstring>

namespace medtl_dicom
{

const wrap_preset presets_of_every_kind[] = {
    {"PatientName", ""},
    {"PatientID", ""},
    {"PatientBirthDate", ""},
    {"PatientSex", ""},
    {"StudyDate", ""},
    {"StudyTime", ""},
    {"StudyID", ""},
    {"AccessionNumber", ""},
    {"ReferringPhysicianName", ""},
    {"SeriesNumber", "1"},
    {"InstanceNumber", "1"},
    {"PatientOrientation", ""},
    // The equipment that made the object, not the camera (PS3.3 C.7.5.2).
    {"Manufacturer", "medtl"},
    {"ManufacturerModelName", "dcm-medtl wrap"},
    {"DeviceSerialNumber", "0"},
    {"SoftwareVersions", MEDTL_VERSION},
    {nullptr, nullptr},
};

namespace
{

// PS3.3 A.32.11: VL Image, VL Photographic and Dermoscopic Image modules.
const wrap_preset of_dermoscopy[] = {
    {"Modality", "DMS"},
    {"ImageType", "ORIGINAL\\PRIMARY"},
    {"AnatomicRegionSequence", nullptr},
    {"RecognizableVisualFeatures", nullptr},
    {"LightSourcePolarization", ""},
    {"EmitterColorTemperature", ""},
    {"ContactMethod", ""},
    {"OpticalMagnificationFactor", ""},
    {"PositionReferenceIndicator", ""},
    {nullptr, nullptr},
};

// PS3.3 A.32.4.
const wrap_preset of_photographs[] = {
    {"Modality", "XC"},
    {"ImageType", "ORIGINAL\\PRIMARY"},
    {"Laterality", ""},
    {nullptr, nullptr},
};

// PS3.3 A.26, C.8.11.
const wrap_preset of_mammograms[] = {
    {"Modality", "MG"},
    {"ImageType", "DERIVED\\PRIMARY"},
    {"PresentationIntentType", "FOR PRESENTATION"},
    {"ImageLaterality", nullptr},
    {"ViewPosition", nullptr},
    {"ImagerPixelSpacing", nullptr},
    {"PatientOrientation", nullptr},
    {"BurnedInAnnotation", nullptr}, // type 1 (C.8.11.3), and only who looked at the picture knows
    {"BodyPartExamined", "BREAST"},
    {"OrganExposed", "BREAST"},
    {"DetectorType", ""},
    {"PositionerType", "MAMMOGRAPHIC"},
    {"BreastImplantPresent", ""},
    {"PixelIntensityRelationship", "LOG"},
    {"PixelIntensityRelationshipSign", "-1"},
    {"RescaleIntercept", "0"},
    {"RescaleSlope", "1"},
    {"RescaleType", "US"},
    {"PresentationLUTShape", "IDENTITY"},
    {"AnatomicRegionSequence", "76752008:SCT:Breast"},
    {nullptr, nullptr},
};

const wrap_kind kinds[] = {
    {"dermoscopy", "1.2.840.10008.5.1.4.1.1.77.1.7", of_dermoscopy, false},
    {"photograph", UID_VLPhotographicImageStorage, of_photographs, false},
    {"mammogram", UID_DigitalMammographyXRayImageStorageForPresentation, of_mammograms, true},
};

} // namespace

const wrap_kind &find_kind(const char *name)
{
    for (const wrap_kind &each : kinds)
        if (std::strcmp(each.name, name) == 0)
            return each;
    fail(MEDTL_E_ARGUMENT, "there is no kind '%.40s' of object", name);
}

} // namespace medtl_dicom

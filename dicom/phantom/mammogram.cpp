// Digital Mammography X-Ray images: PS3.3 A.26 and A.27, DX modules of C.8.11.
#include "dataset.h"
#include "picture.h"

#include <cmath>
#include <cstdio>
#include <vector>

namespace medtl_dicom
{
namespace
{

// Acquisition facts of an ordinary exposure.
void put_detector_and_dose(DcmItem &dataset)
{
    put(dataset, DCM_DetectorType, "DIRECT");
    put(dataset, DCM_DetectorConfiguration, "AREA");
    put(dataset, DCM_DetectorID, "PHANTOM");
    put(dataset, DCM_ImagerPixelSpacing, "0.2\\0.2");
    put(dataset, DCM_FieldOfViewShape, "RECTANGLE");
    put(dataset, DCM_FieldOfViewDimensions, "192\\256");
    put(dataset, DCM_FieldOfViewOrigin, "0.0\\0.0");
    put(dataset, DCM_FieldOfViewRotation, "0");
    put(dataset, DCM_FieldOfViewHorizontalFlip, "NO");
    put(dataset, DCM_KVP, "29");
    put(dataset, DCM_ExposureTime, "1000");
    put(dataset, DCM_Exposure, "80");
    put(dataset, DCM_AnodeTargetMaterial, "TUNGSTEN");
    put(dataset, DCM_FilterMaterial, "RHODIUM");
    put(dataset, DCM_BodyPartThickness, "55");
    put(dataset, DCM_CompressionForce, "100");
    put(dataset, DCM_PositionerType, "MAMMOGRAPHIC");
    put_empty_sequence(dataset, DCM_AcquisitionContextSequence);
}

void put_view(DcmItem &dataset, const mammogram_plan &plan)
{
    put(dataset, DCM_ImageLaterality, plan.right ? "R" : "L");
    put(dataset, DCM_ViewPosition, plan.mlo ? "MLO" : "CC");
    put(dataset, DCM_PositionerPrimaryAngle, plan.mlo ? plan.right ? "-45" : "45" : "0");
    // The chest wall is at the right edge of a right breast: rows run towards it, to posterior.
    put(dataset, DCM_PatientOrientation,
        plan.right ? (plan.mlo ? "P\\FL" : "P\\L") : (plan.mlo ? "A\\FR" : "A\\R"));
    put(dataset, DCM_BodyPartExamined, "BREAST");
    put(dataset, DCM_OrganExposed, "BREAST");
    put(dataset, DCM_BreastImplantPresent, "NO");
    put(dataset, DCM_PartialView, "NO");
    put_code(dataset, DCM_AnatomicRegionSequence, "76752008", "SCT", "Breast");
    DcmItem &view =
        plan.mlo
            ? put_code(dataset, DCM_ViewCodeSequence, "399368009", "SCT", "medio-lateral oblique")
            : put_code(dataset, DCM_ViewCodeSequence, "399162004", "SCT", "cranio-caudal");
    put_empty_sequence(view, DCM_ViewModifierCodeSequence);
}

// An S-shaped table from 12-bit values to 12-bit grays.
void put_voi_table(DcmItem &dataset)
{
    DcmItem *table = nullptr;
    std::vector<Uint16> entries(4096);
    const Uint16 descriptor[] = {4096, 0, 12};

    for (size_t i = 0; i < entries.size(); i++)
        entries[i] = static_cast<Uint16>(std::lround(
            4095.0 / (1.0 + std::exp(-4.0 * (static_cast<double>(i) - 1900.0) / 2600.0))));
    require(dataset.findOrCreateSequenceItem(DCM_VOILUTSequence, table, -2), MEDTL_E_INTERNAL,
            "VOI LUT Sequence");
    require(table->putAndInsertUint16Array(DcmTag(DCM_LUTDescriptor, EVR_US), descriptor, 3),
            MEDTL_E_INTERNAL, "LUT Descriptor");
    put(*table, DCM_LUTExplanation, "NORMAL");
    require(table->putAndInsertUint16Array(DcmTag(DCM_LUTData, EVR_US), entries.data(), 4096),
            MEDTL_E_INTERNAL, "LUT Data");
}

void put_grayscale(DcmItem &dataset, const mammogram_plan &plan)
{
    const bool inverse = plan.monochrome1 || plan.raw;

    put(dataset, DCM_PhotometricInterpretation, inverse ? "MONOCHROME1" : "MONOCHROME2");
    put(dataset, DCM_PresentationLUTShape, inverse ? "INVERSE" : "IDENTITY");
    // Of the stored values: as counted, they rise with the X-ray beam; processed, they rise with what it met.
    put(dataset, DCM_PixelIntensityRelationship, plan.raw ? "LIN" : "LOG");
    require(dataset.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, inverse ? 1 : -1),
            MEDTL_E_INTERNAL, "Pixel Intensity Relationship Sign");
    put(dataset, DCM_RescaleIntercept, "0");
    put(dataset, DCM_RescaleSlope, "1");
    put(dataset, DCM_RescaleType, "US");
    if (plan.raw)
        return;
    if (plan.voi_table) {
        put_voi_table(dataset);
        return;
    }
    put(dataset, DCM_WindowCenter, plan.monochrome1 ? "2195" : "1900");
    put(dataset, DCM_WindowWidth, plan.sigmoid ? "2600" : "3000");
    put(dataset, DCM_WindowCenterWidthExplanation, "NORMAL");
    if (plan.sigmoid)
        put(dataset, DCM_VOILUTFunction, "SIGMOID");
}

// 96 columns that the collimator covered, as value 0, which no pixel of the picture has.
void pad(const mammogram_plan &plan, std::vector<Uint16> &pixels)
{
    const size_t width = 96;

    for (size_t y = 0; y < MEDTL_BREAST_ROWS; y++)
        for (size_t x = 0; x < MEDTL_BREAST_COLUMNS; x++) {
            Uint16 &pixel = pixels[y * MEDTL_BREAST_COLUMNS + x];
            const size_t from_wall = plan.right ? MEDTL_BREAST_COLUMNS - 1 - x : x;

            pixel = from_wall + width >= MEDTL_BREAST_COLUMNS ? 0 : pixel == 0 ? 1 : pixel;
        }
}

void put_picture(DcmItem &dataset, const phantom_place &place, const mammogram_plan &plan)
{
    std::vector<Uint16> pixels(static_cast<size_t>(MEDTL_BREAST_ROWS) * MEDTL_BREAST_COLUMNS);
    const uint64_t seed = medtl_phantom_seed(place.seed, plan.right ? MEDTL_PART_RIGHT_BREAST
                                                                    : MEDTL_PART_LEFT_BREAST);
    const medtl_breast_phantom breast = {seed, plan.mlo, plan.right, !plan.right, plan.right};

    if (plan.raw)
        medtl_phantom_breast_raw(&breast, pixels.data());
    else
        medtl_phantom_breast(&breast, pixels.data());
    if (plan.monochrome1)
        for (Uint16 &pixel : pixels)
            pixel = static_cast<Uint16>(MEDTL_BREAST_MAXIMUM - pixel);
    if (plan.padding) {
        pad(plan, pixels);
        put(dataset, DcmTag(DCM_PixelPaddingValue, EVR_US), static_cast<Uint16>(0));
    }
    put_gray_pixels(dataset, MEDTL_BREAST_ROWS, MEDTL_BREAST_COLUMNS, 12, pixels.data());
}

} // namespace

void build_mammogram(DcmItem &dataset, const phantom_place &place, const mammogram_plan &plan)
{
    put_exam(dataset, place,
             plan.raw ? UID_DigitalMammographyXRayImageStorageForProcessing
                      : UID_DigitalMammographyXRayImageStorageForPresentation);
    put(dataset, DCM_PresentationIntentType, plan.raw ? "FOR PROCESSING" : "FOR PRESENTATION");
    put(dataset, DCM_ImageType, plan.raw ? "ORIGINAL\\PRIMARY" : "DERIVED\\PRIMARY");
    put(dataset, DCM_AcquisitionDate, "20200102");
    put(dataset, DCM_AcquisitionTime, "101500");
    put_view(dataset, plan);
    put_detector_and_dose(dataset);
    put_grayscale(dataset, plan);
    put_picture(dataset, place, plan);
}

} // namespace medtl_dicom

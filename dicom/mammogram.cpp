// PS3.3 C.8.11.7 (Mammography Image) and C.8.21.6 (Breast View), and what vendors did before those sections said it.
#include "mammogram.h"

#include "view.h"

#include <cstring>
#include <vector>

namespace medtl_dicom
{
namespace
{

// Newer than some versions of DCMTK.
constexpr char projection_for_presentation[] = "1.2.840.10008.5.1.4.1.1.13.1.4";
constexpr char projection_for_processing[] = "1.2.840.10008.5.1.4.1.1.13.1.5";

const char *const sop_classes_of_mammograms[] = {
    UID_DigitalMammographyXRayImageStorageForPresentation,
    UID_DigitalMammographyXRayImageStorageForProcessing,
    UID_BreastTomosynthesisImageStorage,
    projection_for_presentation,
    projection_for_processing,
};

bool starts_with(const std::string &text, const char *start)
{
    return text.compare(0, std::strlen(start), start) == 0;
}

bool is_projection_class(const std::string &sop_class)
{
    return sop_class == projection_for_presentation || sop_class == projection_for_processing;
}

/// Image Type from its third value on: the first two say original or derived, primary or secondary.
std::vector<std::string> image_types(DcmItem &header)
{
    constexpr unsigned long most = 16;
    std::vector<std::string> types;

    for (unsigned long i = 2; i < most; i++) {
        const std::string value = text_value(header, DCM_ImageType, i);
        if (!value.empty())
            types.push_back(value);
    }
    return types;
}

// Tables C.8-74a and C.8-74b: everything about a biopsy.
bool is_biopsy(const std::string &type)
{
    static const char *const starts[] = {"STEREO_",    "PREFIRE",    "POSTFIRE",
                                         "POSTBIOPSY", "POSTMARKER", "TOMO_SCOUT"};

    for (const char *const start : starts)
        if (starts_with(type, start))
            return true;
    return false;
}

/// What Image Type says; where an image is several things at once, a biopsy counts before a synthetic image,
/// and that before tomosynthesis, as C.8.11.7.1.4 orders them.
medtl_kind stated_kind(DcmItem &header)
{
    bool generated = false, projection = false, slices = false, contrast = false;

    for (const std::string &type : image_types(header)) {
        if (is_biopsy(type))
            return MEDTL_KIND_STEREOTACTIC;
        contrast |= type == "SUBTRACTION" || type == "HIGH_ENERGY";
        generated |= type == "GENERATED_2D";
        projection |= type == "TOMO_PROJ";
        slices |= type == "TOMOSYNTHESIS";
    }
    return contrast     ? MEDTL_KIND_CONTRAST
           : generated  ? MEDTL_KIND_SYNTHETIC
           : projection ? MEDTL_KIND_PROJECTION
           : slices     ? MEDTL_KIND_TOMOSYNTHESIS
                        : MEDTL_KIND_OTHER;
}

bool is_specimen(DcmItem &header)
{
    return view_name_of(header) == "SPECIMEN" ||
           sequence_item(header, DCM_SpecimenDescriptionSequence) != nullptr;
}

/// Descriptions of ordinary exposures mention the tomosynthesis they were taken with.
medtl_kind described_kind(DcmItem &header, unsigned long frames)
{
    const medtl_kind said = read_description(text_value(header, DCM_SeriesDescription)).kind;
    const bool needs_frames = said == MEDTL_KIND_TOMOSYNTHESIS || said == MEDTL_KIND_PROJECTION;

    return needs_frames && frames < 2 ? MEDTL_KIND_OTHER : said;
}

bool shows_breast(DcmItem &header)
{
    const std::string modality = text_value(header, DCM_Modality);

    if (modality != "CR" && modality != "DX" && modality != "RG")
        return false;
    return plain_words(text_value(header, DCM_BodyPartExamined)).find("BREAST") !=
               std::string::npos ||
           !view_name_of(header).empty();
}

/// The largest magnification of a breast that lies on the detector's cover is about 1.1.
constexpr double magnified_from = 1.3;

/// Letters of one direction, sorted: "FL" and "LF" mean the same.
std::string direction(DcmItem &item, unsigned long index)
{
    std::string letters = text_value(item, DCM_PatientOrientation, index);

    if (letters.size() == 2 && letters[0] > letters[1])
        std::swap(letters[0], letters[1]);
    return letters;
}

wording read_orientation(DcmItem &header)
{
    static const struct {
        const char *along_row, *along_column, *view;
        medtl_laterality side;
    } hangings[] = {
        {"P", "L", "CC", MEDTL_LATERALITY_RIGHT},
        {"A", "R", "CC", MEDTL_LATERALITY_LEFT},
        {"P", "FL", "MLO", MEDTL_LATERALITY_RIGHT},
        {"A", "FR", "MLO", MEDTL_LATERALITY_LEFT},
    };
    DcmItem *const of_frame = functional_group(header, 0, DCM_PatientOrientationInFrameSequence);
    DcmItem &item = of_frame == nullptr ? header : *of_frame;
    const std::string row = direction(item, 0), column = direction(item, 1);
    wording said;

    for (const auto &hanging : hangings)
        if (row == hanging.along_row && column == hanging.along_column) {
            said.side = hanging.side;
            said.view = hanging.view;
        }
    return said;
}

} // namespace

bool is_mammogram(DcmItem &header)
{
    const std::string sop_class = text_value(header, DCM_SOPClassUID);

    for (const char *const known : sop_classes_of_mammograms)
        if (sop_class == known)
            return true;
    return text_value(header, DCM_Modality) == "MG" || shows_breast(header);
}

medtl_kind kind_of(DcmItem &header, unsigned long frames)
{
    const std::string sop_class = text_value(header, DCM_SOPClassUID);

    if (!is_mammogram(header))
        return MEDTL_KIND_OTHER;
    medtl_kind kind = stated_kind(header);
    if (kind != MEDTL_KIND_STEREOTACTIC && is_specimen(header))
        return MEDTL_KIND_SPECIMEN;
    if (kind == MEDTL_KIND_OTHER && is_projection_class(sop_class))
        kind = MEDTL_KIND_PROJECTION;
    if (kind == MEDTL_KIND_OTHER)
        kind = described_kind(header, frames);
    if (kind == MEDTL_KIND_OTHER && sop_class == UID_BreastTomosynthesisImageStorage)
        kind = MEDTL_KIND_TOMOSYNTHESIS;
    return kind == MEDTL_KIND_OTHER ? MEDTL_KIND_FULL_FIELD : kind;
}

unsigned view_modifiers_of(DcmItem &header)
{
    unsigned modifiers = coded_modifiers(header);
    double factor = 0;

    if (!is_mammogram(header))
        return 0;
    modifiers |= read_view_position(text_value(header, DCM_ViewPosition)).modifiers;
    modifiers |= read_description(text_value(header, DCM_SeriesDescription)).modifiers;
    if (decimal_value(header, DCM_EstimatedRadiographicMagnificationFactor, factor) &&
        factor >= magnified_from)
        modifiers |= MEDTL_VIEW_MAGNIFICATION;
    if (text_value(header, DCM_PartialView) == "YES")
        modifiers |= MEDTL_VIEW_PARTIAL;
    return modifiers;
}

wording guess_side_and_view(DcmItem &header)
{
    wording said;

    if (!is_mammogram(header))
        return said;
    said = read_orientation(header);
    const wording described = read_description(text_value(header, DCM_SeriesDescription));
    if (said.side == MEDTL_LATERALITY_NONE)
        said.side = described.side;
    if (said.view.empty())
        said.view = described.view;
    return said;
}

bool tells_of_mammogram(const DcmTagKey &tag)
{
    return tag == DCM_SOPClassUID || tag == DCM_Modality || tag == DCM_ImageType ||
           tag == DCM_BodyPartExamined || tag == DCM_SeriesDescription || tag == DCM_ViewPosition ||
           tag == DCM_ViewCodeSequence || tag == DCM_ViewModifierCodeSequence ||
           tag == DCM_PatientOrientation || tag == DCM_PartialView ||
           tag == DCM_EstimatedRadiographicMagnificationFactor ||
           tag == DCM_SpecimenDescriptionSequence;
}

} // namespace medtl_dicom

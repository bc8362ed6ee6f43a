// What a header says, checked for what later steps rely on.
#include "facts.h"

#include "attributes.h"
#include "laterality.h"
#include "mammogram.h"
#include "skin.h"
#include "view.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

// Kept for every instance: cheap, and what rules and tables ask for most.
const struct {
    const char *keyword;
    DcmTagKey tag;
} kept_always[] = {
    {"SOPClassUID", DCM_SOPClassUID},
    {"SOPInstanceUID", DCM_SOPInstanceUID},
    {"SeriesInstanceUID", DCM_SeriesInstanceUID},
    {"StudyInstanceUID", DCM_StudyInstanceUID},
    {"Modality", DCM_Modality},
    {"ImageType", DCM_ImageType},
    {"PresentationIntentType", DCM_PresentationIntentType},
    {"PhotometricInterpretation", DCM_PhotometricInterpretation},
    {"ImageLaterality", DCM_ImageLaterality},
    {"Laterality", DCM_Laterality},
    {"ViewPosition", DCM_ViewPosition},
    {"BodyPartExamined", DCM_BodyPartExamined},
    {"Manufacturer", DCM_Manufacturer},
    {"ManufacturerModelName", DCM_ManufacturerModelName},
    {"SamplesPerPixel", DCM_SamplesPerPixel},
    {"Rows", DCM_Rows},
    {"Columns", DCM_Columns},
    {"NumberOfFrames", DCM_NumberOfFrames},
    {"BitsAllocated", DCM_BitsAllocated},
    {"BitsStored", DCM_BitsStored},
    {"PixelSpacing", DCM_PixelSpacing},
    {"ImagerPixelSpacing", DCM_ImagerPixelSpacing},
};

void read_uid(DcmItem &header, const DcmTagKey &key, bool required, char (&to)[MEDTL_UID_SIZE])
{
    const std::string value = text_value(header, key);

    if (value.empty() && required)
        fail(MEDTL_E_FORMAT, "%s %s is missing", DcmTag(key).getTagName(), tag_text(key).c_str());
    if (value.size() >= MEDTL_UID_SIZE ||
        value.find_first_not_of("0123456789.") != std::string::npos)
        fail(MEDTL_E_FORMAT, "%s %s is not a UID", DcmTag(key).getTagName(), tag_text(key).c_str());
    copy_text(to, sizeof to, value);
}

uint16_t small_number(DcmItem &header, const DcmTagKey &key)
{
    long value = 0;

    return integer_value(header, key, value) && value >= 0 && value <= 0xFFFF
               ? static_cast<uint16_t>(value)
               : 0;
}

void read_size(DcmItem &header, const medtl_limits &limits, medtl_facts &facts)
{
    long frames = 0;

    facts.rows = small_number(header, DCM_Rows);
    facts.columns = small_number(header, DCM_Columns);
    facts.samples_per_pixel = small_number(header, DCM_SamplesPerPixel);
    facts.bits_allocated = small_number(header, DCM_BitsAllocated);
    facts.bits_stored = small_number(header, DCM_BitsStored);
    if (!facts.has_pixel_data)
        return;
    if (!integer_value(header, DCM_NumberOfFrames, frames) || frames < 1)
        frames = 1;
    if (static_cast<uint64_t>(frames) > limits.frames)
        fail(MEDTL_E_FORMAT, "Number of Frames (0028,0008) is above the limit of %llu",
             static_cast<unsigned long long>(limits.frames));
    const uint64_t pixels = static_cast<uint64_t>(facts.rows) * facts.columns;
    if (pixels > limits.frame_pixels)
        fail(MEDTL_E_FORMAT,
             "Rows (0028,0010) times Columns (0028,0011), %u x %u, is above the limit of %llu "
             "pixels",
             facts.rows, facts.columns, static_cast<unsigned long long>(limits.frame_pixels));
    if (pixels > limits.image_pixels / static_cast<uint64_t>(frames))
        fail(
            MEDTL_E_FORMAT,
            "Number of Frames (0028,0008), %ld of %u x %u, makes more than the limit of %llu pixels",
            frames, facts.rows, facts.columns,
            static_cast<unsigned long long>(limits.image_pixels));
    facts.frames = static_cast<uint32_t>(frames);
}

bool pair_from(DcmItem *item, const DcmTagKey &key, double (&pair)[2])
{
    double y = 0, x = 0;

    if (item == nullptr || !decimal_value(*item, key, y, 0) || !decimal_value(*item, key, x, 1) ||
        y <= 0 || x <= 0)
        return false;
    pair[0] = y;
    pair[1] = x;
    return true;
}

/// At the detector's face: Imager Pixel Spacing, else what a detector element measures times how many were
/// binned into a pixel.
bool detector_spacing(DcmItem &header, double (&spacing)[2])
{
    double binning[2] = {1, 1};

    if (pair_from(&header, DCM_ImagerPixelSpacing, spacing))
        return true;
    if (!pair_from(&header, DCM_DetectorElementSpacing, spacing))
        return false;
    pair_from(&header, DCM_DetectorBinning, binning);
    spacing[0] *= binning[0];
    spacing[1] *= binning[1];
    return true;
}

/// Smaller than a nanometre or larger than ten metres is no measure of a pixel, and what is computed of it may be infinite.
bool is_plausible(const double (&spacing)[2])
{
    const auto fits = [](double mm) { return mm >= 1e-6 && mm <= 1e4; };

    return fits(spacing[0]) && fits(spacing[1]);
}

/// The patient's plane first, then the detector's, then a scanned film's (PS3.3 10.7.1.3). What lies between source
/// and detector is smaller than its shadow: the estimated magnification takes the detector's spacing back to it.
void read_spacing(DcmItem &header, medtl_facts &facts)
{
    DcmItem *const measures = functional_group(header, 0, DCM_PixelMeasuresSequence);
    double(&spacing)[2] = facts.pixel_spacing_mm;
    double factor = 0;

    if (decimal_value(header, DCM_EstimatedRadiographicMagnificationFactor, factor) && factor > 0)
        facts.magnification = factor;
    if (pair_from(&header, DCM_PixelSpacing, spacing) ||
        pair_from(measures, DCM_PixelSpacing, spacing)) {
        facts.spacing_origin = MEDTL_SPACING_PATIENT;
    } else if (detector_spacing(header, spacing)) {
        // Below 1 it would be a source behind the patient; such values are mistakes.
        const bool known = factor >= 1;
        facts.spacing_origin = known ? MEDTL_SPACING_CORRECTED : MEDTL_SPACING_DETECTOR;
        spacing[0] /= known ? factor : 1;
        spacing[1] /= known ? factor : 1;
    } else if (pair_from(&header, DCM_NominalScannedPixelSpacing, spacing)) {
        facts.spacing_origin = MEDTL_SPACING_FILM;
    }
    if (!is_plausible(spacing))
        facts.spacing_origin = MEDTL_SPACING_NONE;
    facts.has_pixel_spacing = facts.spacing_origin != MEDTL_SPACING_NONE;
    if (!facts.has_pixel_spacing)
        spacing[0] = spacing[1] = 0;
}

/// A UID that is none is no reason to refuse the instance.
void read_optional_uid(DcmItem &item, const DcmTagKey &key, char (&to)[MEDTL_UID_SIZE])
{
    const std::string value = text_value(item, key);

    if (value.size() < MEDTL_UID_SIZE &&
        value.find_first_not_of("0123456789.") == std::string::npos)
        copy_text(to, sizeof to, value);
}

/// Digits only: "2020.01.02" and fractions of seconds occur.
std::string digits(const std::string &text, size_t most)
{
    std::string result;

    for (const char c : text.substr(0, text.find_first_of("+-&")))
        if (c >= '0' && c <= '9' && result.size() < most)
            result += c;
    return result;
}

/// What tells one exposure of a study from another.
void read_exposure(DcmItem &header, medtl_facts &facts)
{
    DcmItem *const source = sequence_item(header, DCM_SourceImageSequence);
    std::string when = digits(text_value(header, DCM_AcquisitionDateTime), 14);

    read_optional_uid(header, DCM_IrradiationEventUID, facts.irradiation_event_uid);
    if (source != nullptr)
        read_optional_uid(*source, DCM_ReferencedSOPInstanceUID, facts.source_sop_instance_uid);
    if (when.size() < 14)
        when = digits(text_value(header, DCM_AcquisitionDate), 8) +
               digits(text_value(header, DCM_AcquisitionTime), 6);
    if (when.size() == 14)
        copy_text(facts.acquired, sizeof facts.acquired, when);
}

const char *kind_name(medtl_kind kind)
{
    static const char *const names[] = {nullptr,     "FULL-FIELD", "TOMOSYNTHESIS", "PROJECTION",
                                        "SYNTHETIC", "CONTRAST",   "STEREOTACTIC",  "SPECIMEN"};

    return names[kind];
}

std::string modifier_names(unsigned modifiers)
{
    static const char *const names[] = {"MAGNIFICATION", "SPOT",          "IMPLANT-DISPLACED",
                                        "PARTIAL",       "ROLLED",        "TANGENTIAL",
                                        "CLEAVAGE",      "AXILLARY-TAIL", "OTHER"};
    std::string joined;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (modifiers & 1u << i)
            joined += (joined.empty() ? "" : "\\") + std::string(names[i]);
    return joined;
}

const char *side_letter(medtl_laterality side)
{
    switch (side) {
    case MEDTL_LATERALITY_LEFT:
        return "L";
    case MEDTL_LATERALITY_RIGHT:
        return "R";
    case MEDTL_LATERALITY_BOTH:
        return "B";
    case MEDTL_LATERALITY_NONE:
        break;
    }
    return nullptr;
}

void keep_value(DcmItem &header, const char *keyword, const DcmTagKey &tag, utf8_converter &utf8,
                medtl_instance &instance)
{
    DcmElement *element = nullptr;

    if (header.findAndGetElement(tag, element).bad() || element == nullptr)
        return;
    instance.values[keyword] = utf8(text_values(header, tag));
}

void keep_values(DcmItem &header, const std::vector<wanted_keyword> &wanted, utf8_converter &utf8,
                 medtl_instance &instance)
{
    const medtl_facts &facts = instance.facts;
    const char *const side = side_letter(facts.laterality);
    const char *const view = short_view_name(facts.view);
    const char *const sop_class = dcmFindNameOfUID(facts.sop_class_uid);

    for (const auto &kept : kept_always)
        keep_value(header, kept.keyword, kept.tag, utf8, instance);
    for (const wanted_keyword &kept : wanted)
        keep_value(header, kept.first.c_str(), kept.second, utf8, instance);
    instance.values["TransferSyntaxUID"] = facts.transfer_syntax_uid;
    if (side != nullptr)
        instance.values["laterality"] = side;
    if (view != nullptr)
        instance.values["view"] = view;
    if (facts.intent != MEDTL_INTENT_UNKNOWN)
        instance.values["intent"] =
            facts.intent == MEDTL_INTENT_PRESENTATION ? "PRESENTATION" : "PROCESSING";
    if (facts.kind != MEDTL_KIND_OTHER)
        instance.values["kind"] = kind_name(facts.kind);
    if (facts.view_modifiers != 0)
        instance.values["view-modifier"] = modifier_names(facts.view_modifiers);
    if (sop_class != nullptr)
        instance.values["sop-class"] = sop_class;
}

/// The attributes that the facts rest on, and those that the caller asked for.
bool is_wanted(const DcmTagKey &tag, const std::vector<wanted_keyword> &wanted)
{
    static const DcmTagKey others[] = {
        DCM_SpecificCharacterSet,   DCM_NominalScannedPixelSpacing,
        DCM_DetectorElementSpacing, DCM_DetectorBinning,
        DCM_IrradiationEventUID,    DCM_SourceImageSequence,
        DCM_AcquisitionDateTime,    DCM_AcquisitionDate,
        DCM_AcquisitionTime,
    };

    for (const DcmTagKey &other : others)
        if (tag == other)
            return true;
    for (const auto &kept : kept_always)
        if (tag == kept.tag)
            return true;
    for (const wanted_keyword &kept : wanted)
        if (tag == kept.second)
            return true;
    return is_functional_group(tag) || tells_laterality(tag) || tells_of_skin(tag);
}

} // namespace

medtl_intent intent_of(DcmItem &header)
{
    static const char *const presentation[] = {
        UID_DigitalXRayImageStorageForPresentation,
        UID_DigitalMammographyXRayImageStorageForPresentation,
        UID_DigitalIntraOralXRayImageStorageForPresentation, "1.2.840.10008.5.1.4.1.1.13.1.4"};
    static const char *const processing[] = {UID_DigitalXRayImageStorageForProcessing,
                                             UID_DigitalMammographyXRayImageStorageForProcessing,
                                             UID_DigitalIntraOralXRayImageStorageForProcessing,
                                             "1.2.840.10008.5.1.4.1.1.13.1.5"};
    const std::string sop_class = text_value(header, DCM_SOPClassUID);
    const std::string stated = text_value(header, DCM_PresentationIntentType);

    if (stated == "FOR PRESENTATION")
        return MEDTL_INTENT_PRESENTATION;
    if (stated == "FOR PROCESSING")
        return MEDTL_INTENT_PROCESSING;
    for (const char *const uid : presentation)
        if (sop_class == uid)
            return MEDTL_INTENT_PRESENTATION;
    for (const char *const uid : processing)
        if (sop_class == uid)
            return MEDTL_INTENT_PROCESSING;
    return MEDTL_INTENT_UNKNOWN;
}

std::vector<wanted_keyword> find_keywords(const char *const *keywords, size_t count)
{
    std::vector<wanted_keyword> found;

    for (size_t i = 0; i < count; i++) {
        DcmTag tag;

        if (DcmTag::findTagFromName(keywords[i], tag).bad())
            fail(MEDTL_E_ARGUMENT, "'%s' is no keyword of the DICOM data dictionary", keywords[i]);
        found.emplace_back(keywords[i], tag.getXTag());
    }
    return found;
}

void read_facts(const dicom_file &file, const std::vector<wanted_keyword> &wanted,
                medtl_instance &instance)
{
    const file_layout &layout = file.layout();
    const std::unique_ptr<DcmDataset> parsed =
        file.parse_header([&](const DcmTagKey &tag) { return is_wanted(tag, wanted); });
    DcmDataset &header = *parsed;
    medtl_facts &facts = instance.facts;
    utf8_converter utf8(header);

    read_uid(header, DCM_SOPClassUID, true, facts.sop_class_uid);
    read_uid(header, DCM_SOPInstanceUID, true, facts.sop_instance_uid);
    read_uid(header, DCM_StudyInstanceUID, false, facts.study_instance_uid);
    read_uid(header, DCM_SeriesInstanceUID, false, facts.series_instance_uid);
    copy_text(facts.transfer_syntax_uid, sizeof facts.transfer_syntax_uid,
              utf8(layout.transfer_syntax));
    copy_text(facts.modality, sizeof facts.modality, utf8(text_value(header, DCM_Modality)));
    copy_text(facts.photometric_interpretation, sizeof facts.photometric_interpretation,
              utf8(text_value(header, DCM_PhotometricInterpretation)));
    facts.has_pixel_data = layout.has_pixel_data;
    facts.laterality = laterality_of(header, 0);
    facts.intent = intent_of(header);
    read_view(header, utf8, facts.view);
    if (facts.view.value[0] == '\0')
        name_view(guess_side_and_view(header).view, facts.view);
    read_size(header, file.limits(), facts);
    facts.kind = kind_of(header, facts.frames);
    facts.view_modifiers = view_modifiers_of(header);
    read_spacing(header, facts);
    read_exposure(header, facts);
    read_skin(header, utf8, facts);
    keep_values(header, wanted, utf8, instance);
}

} // namespace medtl_dicom

// What mammograms and photographs of skin say of themselves, in the ways in which vendors write it. Codes are from
// PS3.16 CID 4014 and 4015 (today's and 2011's editions), Image Type from PS3.3 C.8.11.7.1.4, orientations from the
// IHE Mammography Image profile.
#include "objects.h"

#include <criterion/criterion.h>
#include <cstring>

namespace
{

const picture gray = {4, 6, 1, 16, 12, false, "MONOCHROME2", 1};
const picture slices = {4, 6, 1, 16, 12, false, "MONOCHROME2", 3};

constexpr char presentation[] = "1.2.840.10008.5.1.4.1.1.1.2";
constexpr char tomosynthesis[] = "1.2.840.10008.5.1.4.1.1.13.1.3";
constexpr char projection[] = "1.2.840.10008.5.1.4.1.1.13.1.4";
constexpr char capture[] = "1.2.840.10008.5.1.4.1.1.7";

void put_text(DcmItem &item, const DcmTagKey &key, const char *value)
{
    if (value != nullptr)
        cr_assert(item.putAndInsertString(key, value).good());
}

DcmItem &put_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
                  const char *meaning)
{
    DcmItem *code = nullptr;

    cr_assert(item.findOrCreateSequenceItem(sequence, code, -2).good());
    put_text(*code, DCM_CodeValue, value);
    put_text(*code, DCM_CodingSchemeDesignator, scheme);
    put_text(*code, DCM_CodeMeaning, meaning);
    return *code;
}

std::unique_ptr<DcmFileFormat> make_mammogram(const picture &p = gray)
{
    auto object = make_object(p);

    put_text(*object->getDataset(), DCM_SOPClassUID, presentation);
    put_text(*object->getDataset(), DCM_Modality, "MG");
    return object;
}

instance_owner reread(DcmFileFormat &object)
{
    return read_instance(file_bytes(object, EXS_LittleEndianExplicit));
}

const char *value_of(const instance_owner &instance, const char *keyword)
{
    const char *const value = medtl_instance_value(instance.get(), keyword);

    return value == nullptr ? "-" : value;
}

void expect_value(DcmFileFormat &object, const char *keyword, const char *expected)
{
    const instance_owner instance = reread(object);

    cr_expect_str_eq(value_of(instance, keyword), expected, "%s instead of %s",
                     value_of(instance, keyword), expected);
}

} // namespace

Test(mammogram, its_kind_follows_from_sop_class_image_type_and_description)
{
    static const struct {
        const char *sop_class, *modality, *image_type, *description;
        unsigned frames;
        const char *kind;
    } cases[] = {
        {presentation, "MG", "ORIGINAL\\PRIMARY\\", nullptr, 1, "FULL-FIELD"},
        {presentation, "MG", "DERIVED\\PRIMARY\\\\\\\\\\150000", "R MLO", 1, "FULL-FIELD"},
        {presentation, "MG", "DERIVED\\PRIMARY\\TOMOSYNTHESIS\\GENERATED_2D", nullptr, 1,
         "SYNTHETIC"},
        {tomosynthesis, "MG", "DERIVED\\PRIMARY\\TOMOSYNTHESIS\\GENERATED_2D", nullptr, 1,
         "SYNTHETIC"},
        {presentation, "MG", "DERIVED\\PRIMARY", "L CC C-View", 1, "SYNTHETIC"},
        {presentation, "MG", "DERIVED\\PRIMARY", "RCC V-Preview", 1, "SYNTHETIC"},
        {capture, "MG", "DERIVED\\SECONDARY", "Synthesized L MLO", 1, "SYNTHETIC"},
        {tomosynthesis, "MG", "DERIVED\\PRIMARY\\TOMOSYNTHESIS\\NONE", nullptr, 3, "TOMOSYNTHESIS"},
        {tomosynthesis, "MG", nullptr, nullptr, 3, "TOMOSYNTHESIS"},
        {capture, "MG", "DERIVED\\PRIMARY", "L MLO Tomosynthesis Reconstruction", 3,
         "TOMOSYNTHESIS"},
        {capture, "MG", "DERIVED\\PRIMARY", "L MLO Tomo combo", 1, "FULL-FIELD"},
        {projection, "MG", "ORIGINAL\\PRIMARY\\TOMO_PROJ\\NONE", nullptr, 3, "PROJECTION"},
        {projection, "MG", nullptr, nullptr, 3, "PROJECTION"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\TOMO_PROJ", nullptr, 1, "PROJECTION"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\STEREO_SCOUT", nullptr, 1, "STEREOTACTIC"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\PREFIRE_MINUS", nullptr, 1, "STEREOTACTIC"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\POSTMARKER", nullptr, 1, "STEREOTACTIC"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\TOMO_SCOUT", nullptr, 1, "STEREOTACTIC"},
        {presentation, "MG", "ORIGINAL\\PRIMARY", "Stereo pair", 1, "STEREOTACTIC"},
        {presentation, "MG", "ORIGINAL\\PRIMARY", "Surgical Specimen", 1, "SPECIMEN"},
        {presentation, "MG", "DERIVED\\PRIMARY\\POST_CONTRAST\\SUBTRACTION", nullptr, 1,
         "CONTRAST"},
        {presentation, "MG", "ORIGINAL\\PRIMARY\\POST_CONTRAST\\\\LOW_ENERGY", nullptr, 1,
         "FULL-FIELD"},
        {capture, "OT", "DERIVED\\SECONDARY", "Stereo synthetic tomo", 1, "-"},
        {"1.2.840.10008.5.1.4.1.1.2", "CT", "ORIGINAL\\PRIMARY\\AXIAL", "L CC", 1, "-"},
    };

    for (const auto &each : cases) {
        const auto object = make_object(each.frames > 1 ? slices : gray);
        DcmDataset &d = *object->getDataset();
        put_text(d, DCM_SOPClassUID, each.sop_class);
        put_text(d, DCM_Modality, each.modality);
        put_text(d, DCM_ImageType, each.image_type);
        put_text(d, DCM_SeriesDescription, each.description);
        const instance_owner instance = reread(*object);
        cr_expect_str_eq(value_of(instance, "kind"), each.kind, "%s, %s, %s: %s", each.sop_class,
                         each.image_type, each.description, value_of(instance, "kind"));
    }
}

Test(mammogram, a_view_or_a_description_of_a_specimen_makes_it_one)
{
    const auto by_view = make_mammogram(), by_description = make_mammogram();
    DcmItem *item = nullptr;

    put_code(*by_view->getDataset(), DCM_ViewCodeSequence, "G-8310", "SRT",
             "tissue specimen from breast");
    expect_value(*by_view, "kind", "SPECIMEN");
    cr_assert(by_description->getDataset()
                  ->findOrCreateSequenceItem(DCM_SpecimenDescriptionSequence, item, -2)
                  .good());
    put_text(*item, DCM_SpecimenIdentifier, "1");
    expect_value(*by_description, "kind", "SPECIMEN");
}

Test(mammogram, how_a_view_was_taken_is_read_from_old_and_new_codes)
{
    static const struct {
        const char *value, *scheme, *expected;
    } cases[] = {
        {"399163009", "SCT", "MAGNIFICATION"},
        {"R-102D6", "SRT", "MAGNIFICATION"},
        {"399055006", "SCT", "SPOT"},
        {"R-102D7", "SNM3", "SPOT"},
        {"399209000", "SCT", "IMPLANT-DISPLACED"},
        {"R-102D5", "SRT", "IMPLANT-DISPLACED"},
        {"R-102D3", "SRT", "ROLLED"},
        {"399226006", "SCT", "ROLLED"},
        {"399110001", "SCT", "TANGENTIAL"},
        {"R-102D2", "SRT", "CLEAVAGE"},
        {"399011000", "SCT", "AXILLARY-TAIL"},
        {"442593008", "SCT", "OTHER"},
    };

    for (const auto &each : cases) {
        const auto object = make_mammogram();
        DcmItem &view = put_code(*object->getDataset(), DCM_ViewCodeSequence, "399162004", "SCT",
                                 "cranio-caudal");
        put_code(view, DCM_ViewModifierCodeSequence, each.value, each.scheme, "modifier");
        expect_value(*object, "view-modifier", each.expected);
    }
}

Test(mammogram, several_modifiers_stand_side_by_side)
{
    const auto object = make_mammogram();
    DcmDataset &d = *object->getDataset();
    DcmItem &view = put_code(d, DCM_ViewCodeSequence, "R-10242", "SRT", "cranio-caudal");

    put_code(view, DCM_ViewModifierCodeSequence, "R-102D7", "SRT", "Spot Compression");
    put_code(view, DCM_ViewModifierCodeSequence, "R-102D6", "SRT", "Magnification");
    put_text(d, DCM_PartialView, "YES");
    expect_value(*object, "view-modifier", "MAGNIFICATION\\SPOT\\PARTIAL");
}

Test(mammogram, geometry_tells_a_magnified_view_from_a_breast_on_the_detector)
{
    const auto object = make_mammogram();

    put_text(*object->getDataset(), DCM_EstimatedRadiographicMagnificationFactor, "1.08");
    expect_value(*object, "view-modifier", "-");
    put_text(*object->getDataset(), DCM_EstimatedRadiographicMagnificationFactor, "1.8");
    expect_value(*object, "view-modifier", "MAGNIFICATION");
}

Test(mammogram, the_labels_of_film_stickers_are_understood)
{
    static const struct {
        const char *text, *side, *view, *modifier;
    } cases[] = {
        {"RCC", "R", "CC", "-"},
        {"L MLO", "L", "MLO", "-"},
        {"MCC", "-", "CC", "MAGNIFICATION"},
        {"RMCC", "R", "CC", "MAGNIFICATION"},
        {"LSMLO", "L", "MLO", "SPOT"},
        {"RMSCC", "R", "CC", "MAGNIFICATION\\SPOT"},
        {"LCCID", "L", "CC", "IMPLANT-DISPLACED"},
        {"RMLOID", "R", "MLO", "IMPLANT-DISPLACED"},
        {"RCCRL", "R", "CC", "ROLLED"},
        {"LML", "L", "ML", "-"},
        {"LLM", "L", "LM", "-"},
        {"LXCCL", "L", "XCCL", "-"},
    };

    for (const auto &each : cases) {
        const auto object = make_mammogram();
        put_text(*object->getDataset(), DCM_ViewPosition, each.text);
        const instance_owner instance = reread(*object);
        cr_expect_str_eq(value_of(instance, "laterality"), each.side, "%s", each.text);
        cr_expect_str_eq(value_of(instance, "view"), each.view, "%s: %s", each.text,
                         value_of(instance, "view"));
        cr_expect_str_eq(value_of(instance, "view-modifier"), each.modifier, "%s: %s", each.text,
                         value_of(instance, "view-modifier"));
    }
}

Test(mammogram, orientation_tells_side_and_view_where_nothing_else_does)
{
    static const struct {
        const char *orientation, *side, *view;
    } cases[] = {
        {"P\\L", "R", "CC"},   {"A\\R", "L", "CC"}, {"P\\FL", "R", "MLO"}, {"P\\LF", "R", "MLO"},
        {"A\\FR", "L", "MLO"}, {"A\\F", "-", "-"},  {"L\\F", "-", "-"},
    };

    for (const auto &each : cases) {
        const auto object = make_mammogram();
        put_text(*object->getDataset(), DCM_PatientOrientation, each.orientation);
        const instance_owner instance = reread(*object);
        cr_expect_str_eq(value_of(instance, "laterality"), each.side, "%s", each.orientation);
        cr_expect_str_eq(value_of(instance, "view"), each.view, "%s", each.orientation);
    }
}

Test(mammogram, the_description_of_the_series_is_asked_last)
{
    static const struct {
        const char *description, *side, *view, *modifier;
    } cases[] = {
        {"R MLO", "R", "MLO", "-"},
        {"MAMMO LEFT CC", "L", "CC", "-"},
        {"LCC Breast Tomosynthesis Image", "L", "CC", "-"},
        {"Mammographie CC rechts", "R", "CC", "-"},
        {"Mag CC L", "L", "CC", "MAGNIFICATION"},
        {"SPOT MLO RT", "R", "MLO", "SPOT"},
        {"L CC Implant Displaced", "L", "CC", "IMPLANT-DISPLACED"},
        {"R CC / L CC", "-", "CC", "-"},
        {"CC and MLO left", "L", "-", "-"},
        {"SCREENING BILATERAL", "-", "-", "-"},
    };

    for (const auto &each : cases) {
        const auto object = make_mammogram();
        put_text(*object->getDataset(), DCM_SeriesDescription, each.description);
        const instance_owner instance = reread(*object);
        cr_expect_str_eq(value_of(instance, "laterality"), each.side, "%s", each.description);
        cr_expect_str_eq(value_of(instance, "view"), each.view, "%s", each.description);
        cr_expect_str_eq(value_of(instance, "view-modifier"), each.modifier, "%s",
                         each.description);
    }
}

Test(mammogram, an_attribute_of_its_own_wins_over_orientation_and_description)
{
    const auto object = make_mammogram();
    DcmDataset &d = *object->getDataset();

    put_text(d, DCM_PatientOrientation, "P\\L");
    put_text(d, DCM_SeriesDescription, "R MLO");
    put_text(d, DCM_ImageLaterality, "L");
    put_text(d, DCM_ViewPosition, "ML");
    const instance_owner instance = reread(*object);
    cr_expect_str_eq(value_of(instance, "laterality"), "L");
    cr_expect_str_eq(value_of(instance, "view"), "ML");
}

Test(mammogram, nothing_is_guessed_of_other_images)
{
    const auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();

    put_text(d, DCM_Modality, "CT");
    put_text(d, DCM_PatientOrientation, "P\\L");
    put_text(d, DCM_SeriesDescription, "R MLO spot");
    const instance_owner instance = reread(*object);
    cr_expect_str_eq(value_of(instance, "laterality"), "-");
    cr_expect_str_eq(value_of(instance, "view"), "-");
    cr_expect_str_eq(value_of(instance, "view-modifier"), "-");
}

Test(mammogram, a_house_code_with_the_standards_words_is_that_view)
{
    const auto object = make_mammogram();

    put_code(*object->getDataset(), DCM_ViewCodeSequence, "17", "99HOUSE", "Medio-Lateral Oblique");
    expect_value(*object, "view", "MLO");
}

Test(mammogram, spacing_says_where_it_holds)
{
    const auto object = make_mammogram();
    DcmDataset &d = *object->getDataset();
    const auto facts = [&] { return *medtl_instance_facts(reread(*object).get()); };

    cr_expect_eq(facts().spacing_origin, MEDTL_SPACING_NONE);
    put_text(d, DCM_DetectorElementSpacing, "0.05\\0.05");
    put_text(d, DCM_DetectorBinning, "2\\2");
    cr_expect_eq(facts().spacing_origin, MEDTL_SPACING_DETECTOR);
    cr_expect_float_eq(facts().pixel_spacing_mm[0], 0.1, 1e-12);
    put_text(d, DCM_ImagerPixelSpacing, "0.094\\0.094");
    cr_expect_float_eq(facts().pixel_spacing_mm[1], 0.094, 1e-12);
    put_text(d, DCM_EstimatedRadiographicMagnificationFactor, "1.88");
    cr_expect_eq(facts().spacing_origin, MEDTL_SPACING_CORRECTED);
    cr_expect_float_eq(facts().pixel_spacing_mm[1], 0.05, 1e-12);
    put_text(d, DCM_PixelSpacing, "0.07\\0.07");
    cr_expect_eq(facts().spacing_origin, MEDTL_SPACING_PATIENT);
    cr_expect_float_eq(facts().pixel_spacing_mm[0], 0.07, 1e-12);
    cr_expect_float_eq(facts().magnification, 1.88, 1e-12);
}

Test(mammogram, absurd_spacing_is_none)
{
    const auto object = make_mammogram();
    DcmDataset &d = *object->getDataset();
    const auto facts = [&] { return *medtl_instance_facts(reread(*object).get()); };

    put_text(d, DCM_DetectorElementSpacing, "1e200\\1e200");
    put_text(d, DCM_DetectorBinning, "1e200\\1e200");
    cr_expect_eq(facts().spacing_origin, MEDTL_SPACING_NONE);
    cr_expect_not(facts().has_pixel_spacing);
    cr_expect_eq(facts().pixel_spacing_mm[0], 0.0);
    put_text(d, DCM_PixelSpacing, "0.07\\1e-9");
    cr_expect_not(facts().has_pixel_spacing);
    put_text(d, DCM_PixelSpacing, "0.07\\0.07");
    cr_expect(facts().has_pixel_spacing);
}

Test(skin, acquisition_site_and_tracking_are_read)
{
    const picture color = {4, 6, 3, 8, 8, false, "RGB", 1};
    const auto object = make_object(color);
    DcmDataset &d = *object->getDataset();

    put_text(d, DCM_LightSourcePolarization, "POLARIZED");
    put_text(d, DCM_ContactMethod, "CONTACT");
    put_text(d, DCM_ImmersionMedia, "ALCOHOL");
    put_text(d, DCM_OpticalMagnificationFactor, "10");
    put_text(d, DCM_TrackingID, "left shoulder, upper one");
    put_text(d, DCM_TrackingUID, "2.25.17");
    put_code(d, DCM_AnatomicRegionSequence, "16982005", "SCT", "Shoulder");
    const medtl_facts facts = *medtl_instance_facts(reread(*object).get());
    cr_expect_str_eq(facts.polarization, "POLARIZED");
    cr_expect_str_eq(facts.contact, "CONTACT");
    cr_expect_str_eq(facts.immersion, "ALCOHOL");
    cr_expect_eq(facts.optical_magnification, 10.0);
    cr_expect_str_eq(facts.tracking_uid, "2.25.17");
    cr_expect_str_eq(facts.tracking_id, "left shoulder, upper one");
    cr_expect_str_eq(facts.site.value, "16982005");
    cr_expect_str_eq(facts.site.meaning, "Shoulder");
    cr_expect_not(facts.has_icc_profile);
}

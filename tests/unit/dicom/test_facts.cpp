// What an instance says of itself, from every place where writers put it.
#include "objects.h"

#include <criterion/criterion.h>
#include <cstring>

namespace
{

const picture gray = {4, 6, 1, 16, 12, false, "MONOCHROME2", 1};

void put_text(DcmItem &item, const DcmTagKey &key, const char *value)
{
    cr_assert(item.putAndInsertString(key, value).good());
}

DcmItem &put_item(DcmItem &item, const DcmTagKey &sequence)
{
    DcmItem *added = nullptr;

    cr_assert(item.findOrCreateSequenceItem(sequence, added, -2).good());
    return *added;
}

DcmItem &put_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
                  const char *meaning)
{
    DcmItem &code = put_item(item, sequence);

    put_text(code, DCM_CodeValue, value);
    put_text(code, DCM_CodingSchemeDesignator, scheme);
    put_text(code, DCM_CodeMeaning, meaning);
    return code;
}

instance_owner reread(DcmFileFormat &object, const std::vector<const char *> &keywords = {})
{
    return read_instance(file_bytes(object, EXS_LittleEndianExplicit), keywords);
}

const char *value_of(const instance_owner &instance, const char *keyword)
{
    const char *const value = medtl_instance_value(instance.get(), keyword);

    return value == nullptr ? "(null)" : value;
}

} // namespace

Test(facts, identity_and_size_are_read)
{
    const auto object = make_object(gray);
    const instance_owner instance = reread(*object);
    const medtl_facts *const facts = medtl_instance_facts(instance.get());

    cr_expect_str_eq(facts->sop_class_uid, UID_SecondaryCaptureImageStorage);
    cr_expect_str_eq(facts->sop_instance_uid, "1.2.826.0.1.3680043.8.498.1.1.1");
    cr_expect_str_eq(facts->series_instance_uid, "1.2.826.0.1.3680043.8.498.1.1");
    cr_expect_str_eq(facts->study_instance_uid, "1.2.826.0.1.3680043.8.498.1");
    cr_expect_str_eq(facts->transfer_syntax_uid, UID_LittleEndianExplicitTransferSyntax);
    cr_expect_str_eq(facts->modality, "OT");
    cr_expect_eq(facts->rows, 4);
    cr_expect_eq(facts->columns, 6);
    cr_expect_eq(facts->frames, 1);
    cr_expect_eq(facts->samples_per_pixel, 1);
    cr_expect_eq(facts->bits_allocated, 16);
    cr_expect_eq(facts->bits_stored, 12);
    cr_expect(facts->has_pixel_data);
    cr_expect_not(facts->has_pixel_spacing);
    cr_expect_str_eq(medtl_instance_path(instance.get()), "test object");
    cr_expect_str_eq(value_of(instance, "sop-class"), "SecondaryCaptureImageStorage");
    cr_expect_str_eq(value_of(instance, "Rows"), "4");
}

Test(facts, spacing_comes_from_the_patient_then_the_detector_then_the_film)
{
    const auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();
    const auto spacing = [&] {
        return medtl_instance_facts(reread(*object).get())->pixel_spacing_mm[0];
    };

    put_text(d, DCM_NominalScannedPixelSpacing, "0.3\\0.3");
    cr_expect_eq(spacing(), 0.3);
    put_text(d, DCM_ImagerPixelSpacing, "0.2\\0.2");
    cr_expect_eq(spacing(), 0.2);
    put_text(d, DCM_PixelSpacing, "0.1\\0.15");
    const instance_owner instance = reread(*object);
    cr_expect_eq(medtl_instance_facts(instance.get())->pixel_spacing_mm[0], 0.1);
    cr_expect_eq(medtl_instance_facts(instance.get())->pixel_spacing_mm[1], 0.15);
    put_text(d, DCM_PixelSpacing, "0\\0");
    cr_expect_eq(spacing(), 0.2);
}

Test(facts, laterality_is_read_from_letters)
{
    static const struct {
        DcmTagKey key;
        const char *value;
        medtl_laterality expected;
        const char *letter;
    } cases[] = {
        {DCM_ImageLaterality, "L", MEDTL_LATERALITY_LEFT, "L"},
        {DCM_ImageLaterality, "R", MEDTL_LATERALITY_RIGHT, "R"},
        {DCM_ImageLaterality, "B", MEDTL_LATERALITY_BOTH, "B"},
        {DCM_ImageLaterality, "U", MEDTL_LATERALITY_NONE, "(null)"},
        {DCM_Laterality, "L", MEDTL_LATERALITY_LEFT, "L"},
        {DCM_Laterality, "R ", MEDTL_LATERALITY_RIGHT, "R"},
    };

    for (const auto &each : cases) {
        const auto object = make_object(gray);
        put_text(*object->getDataset(), each.key, each.value);
        const instance_owner instance = reread(*object);
        cr_expect_eq(medtl_instance_facts(instance.get())->laterality, each.expected, "%s",
                     each.value);
        cr_expect_str_eq(value_of(instance, "laterality"), each.letter);
    }
}

Test(facts, laterality_is_read_from_coded_anatomy)
{
    static const struct {
        const char *region, *modifier, *scheme;
        medtl_laterality expected;
    } cases[] = {
        {"76752008", "7771000", "SCT", MEDTL_LATERALITY_LEFT},
        {"76752008", "24028007", "SCT", MEDTL_LATERALITY_RIGHT},
        {"76752008", "51440002", "SCT", MEDTL_LATERALITY_BOTH},
        {"T-04000", "G-A101", "SRT", MEDTL_LATERALITY_LEFT},
        {"T-04000", "G-A100", "SNM3", MEDTL_LATERALITY_RIGHT},
        {"73056007", nullptr, "SCT", MEDTL_LATERALITY_RIGHT},
        {"80248007", nullptr, "SCT", MEDTL_LATERALITY_LEFT},
        {"76752008", nullptr, "SCT", MEDTL_LATERALITY_NONE},
    };

    for (const auto &each : cases) {
        const auto object = make_object(gray);
        DcmItem &region = put_code(*object->getDataset(), DCM_AnatomicRegionSequence, each.region,
                                   each.scheme, "region");
        if (each.modifier != nullptr)
            put_code(region, DCM_AnatomicRegionModifierSequence, each.modifier, each.scheme,
                     "side");
        cr_expect_eq(medtl_instance_facts(reread(*object).get())->laterality, each.expected, "%s",
                     each.region);
    }
}

Test(facts, image_laterality_wins_over_the_series)
{
    const auto object = make_object(gray);

    put_text(*object->getDataset(), DCM_Laterality, "L");
    put_text(*object->getDataset(), DCM_ImageLaterality, "R");
    cr_expect_eq(medtl_instance_facts(reread(*object).get())->laterality, MEDTL_LATERALITY_RIGHT);
}

Test(facts, old_and_new_view_codes_mean_the_same)
{
    // PS3.16 CID 4014, its edition of today and the one of 2011.
    static const struct {
        const char *value, *scheme, *sct, *name;
    } cases[] = {
        {"399162004", "SCT", "399162004", "CC"},   {"R-10242", "SRT", "399162004", "CC"},
        {"R-10242", "SNM3", "399162004", "CC"},    {"399368009", "SCT", "399368009", "MLO"},
        {"R-10226", "SRT", "399368009", "MLO"},    {"R-10226", "99SDM", "399368009", "MLO"},
        {"R-10224", "SRT", "399260004", "ML"},     {"R-10228", "SNM3", "399352003", "LM"},
        {"R-10230", "SRT", "399099002", "LMO"},    {"R-1024A", "SRT", "399192008", "XCCL"},
        {"Y-X1770", "99SDM", "399192008", "XCCL"}, {"R-1024B", "SRT", "399101009", "XCCM"},
        {"R-10244", "SRT", "399196006", "FB"},     {"R-102D0", "SRT", "399188001", "SIO"},
        {"R-40AAA", "SRT", "441555000", "ISO"},    {"G-8310", "SRT", "127457009", "SPECIMEN"},
    };

    for (const auto &each : cases) {
        const auto object = make_object(gray);
        put_code(*object->getDataset(), DCM_ViewCodeSequence, each.value, each.scheme, "whatever");
        const instance_owner instance = reread(*object);
        const medtl_code &view = medtl_instance_facts(instance.get())->view;
        cr_expect_str_eq(view.value, each.sct);
        cr_expect_str_eq(view.scheme, "SCT");
        cr_expect_str_eq(value_of(instance, "view"), each.name);
    }
}

Test(facts, a_view_is_read_from_its_position_where_no_code_stands)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {{"MLO", "MLO"},   {"mlo", "MLO"},   {"R MLO", "MLO"}, {"LCC", "CC"},
                 {"LM", "LM"},     {"LMO", "LMO"},   {"LLM", "LM"},    {"RL", "(null)"},
                 {"AP", "(null)"}, {"XCCL", "XCCL"}, {"", "(null)"},   {"R", "(null)"},
                 {"L-ML", "ML"},   {"RXCCM", "XCCM"}};

    for (const auto &each : cases) {
        const auto object = make_object(gray);
        object->getDataset()->putAndInsertString(DCM_ViewPosition, each.text);
        const instance_owner instance = reread(*object);
        cr_expect_str_eq(value_of(instance, "view"), each.expected, "View Position '%s' gives %s",
                         each.text, value_of(instance, "view"));
    }
}

Test(facts, a_view_of_no_known_table_stands_as_it_is)
{
    const auto object = make_object(gray);

    put_code(*object->getDataset(), DCM_ViewCodeSequence, "X1", "99HOUSE", "our own view");
    const instance_owner instance = reread(*object);
    cr_expect_str_eq(medtl_instance_facts(instance.get())->view.value, "X1");
    cr_expect_str_eq(medtl_instance_facts(instance.get())->view.meaning, "our own view");
    cr_expect_null(medtl_instance_value(instance.get(), "view"));
}

Test(facts, intent_is_stated_or_follows_from_the_sop_class)
{
    static const struct {
        const char *sop_class, *stated;
        medtl_intent expected;
    } cases[] = {
        {UID_DigitalMammographyXRayImageStorageForPresentation, nullptr, MEDTL_INTENT_PRESENTATION},
        {UID_DigitalMammographyXRayImageStorageForProcessing, nullptr, MEDTL_INTENT_PROCESSING},
        {UID_DigitalMammographyXRayImageStorageForPresentation, "FOR PROCESSING",
         MEDTL_INTENT_PROCESSING},
        {UID_BreastTomosynthesisImageStorage, "FOR PRESENTATION", MEDTL_INTENT_PRESENTATION},
        {UID_SecondaryCaptureImageStorage, nullptr, MEDTL_INTENT_UNKNOWN},
    };

    for (const auto &each : cases) {
        const auto object = make_object(gray);
        put_text(*object->getDataset(), DCM_SOPClassUID, each.sop_class);
        if (each.stated != nullptr)
            put_text(*object->getDataset(), DCM_PresentationIntentType, each.stated);
        cr_expect_eq(medtl_instance_facts(reread(*object).get())->intent, each.expected, "%s",
                     each.sop_class);
    }
}

Test(values, those_asked_for_are_kept_in_utf_8)
{
    const auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();

    put_text(d, DCM_SpecificCharacterSet, "ISO_IR 100");
    put_text(d, DCM_SeriesDescription, "Mammographie c\xF4t\xE9 gauche"); // Latin 1
    put_text(d, DCM_ImageType, "ORIGINAL \\PRIMARY\\ ");
    const instance_owner instance = reread(*object, {"SeriesDescription", "StudyID"});
    cr_expect_str_eq(value_of(instance, "SeriesDescription"),
                     "Mammographie c\xC3\xB4t\xC3\xA9 gauche");
    cr_expect_str_eq(value_of(instance, "ImageType"), "ORIGINAL\\PRIMARY\\");
    cr_expect_null(medtl_instance_value(instance.get(), "StudyID"));          // asked for, absent
    cr_expect_null(medtl_instance_value(instance.get(), "StudyDescription")); // not asked for
}

Test(values, bytes_that_are_no_text_become_replacement_characters)
{
    const auto object = make_object(gray);

    put_text(*object->getDataset(), DCM_SpecificCharacterSet, "ISO_IR 192");
    put_text(*object->getDataset(), DCM_SeriesDescription,
             "a\xFF"
             "b\xC3");
    const instance_owner instance = reread(*object, {"SeriesDescription"});
    cr_expect_str_eq(value_of(instance, "SeriesDescription"), "a\xEF\xBF\xBD"
                                                              "b\xEF\xBF\xBD");
}

Test(values, a_keyword_that_does_not_exist_is_the_callers_mistake)
{
    const auto object = make_object(gray);
    const auto file = file_bytes(*object, EXS_LittleEndianExplicit);
    const char *const keywords[] = {"NoSuchKeyword"};
    medtl_instance *instance = nullptr;
    medtl_error error = {};

    cr_expect_eq(medtl_instance_read_memory(file.data(), file.size(), "name", keywords, 1,
                                            &instance, &error),
                 MEDTL_E_ARGUMENT);
    cr_expect(std::strstr(error.message, "NoSuchKeyword") != nullptr, "%s", error.message);
}

Test(values, names_that_nothing_answers_to_are_refused_with_what_was_meant)
{
    static const struct {
        const char *name, *meant;
    } wrong[] = {{"modality", "'Modality'"},
                 {"Kind", "'kind'"},
                 {"SOP-Class", "'sop-class'"},
                 {"frames", nullptr},
                 {"", nullptr}};

    for (const char *const name : {"sop-class", "view", "view-modifier", "laterality", "intent",
                                   "kind", "Modality", "Laterality", "dBdt"})
        cr_expect_eq(medtl_attribute_check(name, nullptr), MEDTL_OK, "%s", name);
    cr_expect(medtl_attribute_is_derived("kind") && !medtl_attribute_is_derived("dBdt"));
    for (const auto &each : wrong) {
        medtl_error error = {};

        cr_expect_eq(medtl_attribute_check(each.name, &error), MEDTL_E_ARGUMENT, "%s", each.name);
        cr_expect_eq(std::strstr(error.message, " is one") != nullptr, each.meant != nullptr, "%s",
                     error.message);
        cr_expect(each.meant == nullptr || std::strstr(error.message, each.meant) != nullptr, "%s",
                  error.message);
    }
}

Test(facts, every_encoding_gives_the_same_facts)
{
    const auto object = make_object(gray);

    put_text(*object->getDataset(), DCM_PixelSpacing, "0.07\\0.07");
    put_text(*object->getDataset(), DCM_ImageLaterality, "L");
    put_code(*object->getDataset(), DCM_ViewCodeSequence, "R-10226", "SRT",
             "medio-lateral oblique");
    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit,
          EXS_DeflatedLittleEndianExplicit}) {
        const instance_owner instance = read_instance(file_bytes(*object, syntax));
        const medtl_facts *const facts = medtl_instance_facts(instance.get());
        cr_expect_eq(facts->pixel_spacing_mm[1], 0.07);
        cr_expect_eq(facts->laterality, MEDTL_LATERALITY_LEFT);
        cr_expect_str_eq(facts->view.value, "399368009");
        cr_expect_str_eq(facts->transfer_syntax_uid, DcmXfer(syntax).getXferID());
    }
}

// What de-identification leaves of an object, looked at with DCMTK alone.
#include "dicom/deidentify/deidentify.h"
#include "tests/unit/dicom/objects.h"

#include <criterion/criterion.h>
#include <cstring>
#include <ctime>
#include <dcmtk/dcmdata/dcistrmb.h>

namespace
{

const picture gray = {4, 4, 1, 8, 8, false, "MONOCHROME2", 1};

struct deleter {
    void operator()(medtl_deidentifier *d) const { medtl_deidentifier_destroy(d); }
};
using owner = std::unique_ptr<medtl_deidentifier, deleter>;

owner with(medtl_deidentify_options options, const char *key = "0123456789abcdef")
{
    medtl_deidentifier *d = nullptr;
    medtl_error err;

    options.key = key;
    options.key_size = std::strlen(key);
    cr_assert_eq(medtl_deidentifier_create(&options, &d, &err), MEDTL_OK);
    return owner(d);
}

using file_vector = std::vector<unsigned char>;

file_vector deidentified(const medtl_deidentifier &d, const file_vector &bytes)
{
    medtl_deidentified out;
    medtl_error err;

    cr_assert_eq(medtl_deidentify_memory(&d, bytes.data(), bytes.size(), "test", &out, &err),
                 MEDTL_OK, "%s", err.message);
    const file_vector result(out.bytes, out.bytes + out.size);
    free(out.bytes);
    return result;
}

medtl_status refused(const medtl_deidentifier &d, const file_vector &bytes)
{
    medtl_deidentified out;
    medtl_error err;
    const medtl_status status =
        medtl_deidentify_memory(&d, bytes.data(), bytes.size(), "test", &out, &err);

    if (status == MEDTL_OK)
        free(out.bytes);
    return status;
}

std::unique_ptr<DcmFileFormat> parsed(const file_vector &bytes)
{
    std::unique_ptr<DcmFileFormat> file(new DcmFileFormat);
    DcmInputBufferStream in;

    in.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    in.setEos();
    file->transferInit();
    cr_assert(file->read(in).good());
    file->transferEnd();
    return file;
}

std::string text(DcmItem &item, const DcmTagKey &key)
{
    OFString value;

    item.findAndGetOFStringArray(key, value);
    return value.c_str();
}

bool holds(const file_vector &bytes, const std::string &what)
{
    return std::string(bytes.begin(), bytes.end()).find(what) != std::string::npos;
}

std::unique_ptr<DcmFileFormat> patient_object()
{
    auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();
    DcmItem *item = nullptr;

    d.putAndInsertString(DCM_PatientName, "SECRET^Name");
    d.putAndInsertString(DCM_PatientID, "SECRET-ID");
    d.putAndInsertString(DCM_PatientBirthDate, "19511231");
    d.putAndInsertString(DCM_PatientAge, "093Y");
    d.putAndInsertString(DCM_PatientSex, "F");
    d.putAndInsertString(DCM_StudyDate, "20240301");
    d.putAndInsertString(DCM_StudyTime, "101112");
    d.putAndInsertString(DCM_AcquisitionDateTime, "20240229235959.5+0100");
    d.putAndInsertString(DCM_InstitutionName, "SECRET Hospital");
    d.putAndInsertString(DcmTag(0x0010, 0x0033, EVR_LO), "SECRET in another calendar");
    d.putAndInsertString(DcmTag(0x0040, 0x0400, EVR_LT), "SECRET comment");
    d.putAndInsertString(DCM_StudyInstanceUID, "1.2.3.1");
    d.putAndInsertString(DCM_SOPInstanceUID, "1.2.3.2");
    d.putAndInsertString(DCM_BurnedInAnnotation, "NO");
    d.putAndInsertString(DCM_BodyPartExamined, "BREAST");
    d.putAndInsertString(DcmTag(0x0009, 0x0010, EVR_LO), "SECRET CREATOR");
    d.putAndInsertString(DcmTag(0x0009, 0x1001, EVR_LO), "SECRET VALUE");
    d.putAndInsertString(DcmTag(0x6000, 0x4000, EVR_LT), "SECRET overlay");
    d.findOrCreateSequenceItem(DCM_SourceImageSequence, item, -2);
    item->putAndInsertString(DCM_ReferencedSOPClassUID, UID_SecondaryCaptureImageStorage);
    item->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3.9");
    d.findOrCreateSequenceItem(DCM_ContributingEquipmentSequence, item, -2);
    item->putAndInsertString(DCM_InstitutionName, "SECRET nested");
    item->putAndInsertString(DCM_Manufacturer, "Maker");
    return object;
}

// Of a content item (PS3.3 C.17.3): its place in the tree, its concept and no value.
DcmItem *add_content(DcmItem &parent, const char *type, const char *scheme, const char *code)
{
    DcmItem *item = nullptr, *name = nullptr;

    parent.findOrCreateSequenceItem(DCM_ContentSequence, item, -2);
    item->putAndInsertString(DCM_RelationshipType, "HAS OBS CONTEXT");
    item->putAndInsertString(DCM_ValueType, type);
    item->findOrCreateSequenceItem(DCM_ConceptNameCodeSequence, name, -2);
    name->putAndInsertString(DCM_CodeValue, code);
    name->putAndInsertString(DCM_CodingSchemeDesignator, scheme);
    name->putAndInsertString(DCM_CodeMeaning, "concept");
    return item;
}

DcmItem *add_code(DcmItem &item, const DcmTagKey &key, const char *scheme, const char *code)
{
    DcmItem *made = nullptr;

    item.findOrCreateSequenceItem(key, made, -2);
    made->putAndInsertString(DCM_CodeValue, code);
    made->putAndInsertString(DCM_CodingSchemeDesignator, scheme);
    made->putAndInsertString(DCM_CodeMeaning, "meaning");
    return made;
}

void add_age(DcmItem &parent, const char *unit, const char *number)
{
    DcmItem *measured = nullptr;

    add_content(parent, "NUM", "DCM", "121033")
        ->findOrCreateSequenceItem(DCM_MeasuredValueSequence, measured, -2);
    add_code(*measured, DCM_MeasurementUnitsCodeSequence, "UCUM", unit);
    measured->putAndInsertString(DCM_NumericValue, number);
    measured->putAndInsertFloat64(DCM_FloatingPointValue, 95.25);
}

std::unique_ptr<DcmFileFormat> patient_report()
{
    std::unique_ptr<DcmFileFormat> object(new DcmFileFormat);
    DcmDataset &d = *object->getDataset();

    d.putAndInsertString(DCM_SOPClassUID, UID_ComprehensiveSRStorage);
    d.putAndInsertString(DCM_SOPInstanceUID, "1.2.3.2");
    d.putAndInsertString(DCM_StudyInstanceUID, "1.2.3.1");
    d.putAndInsertString(DCM_PatientID, "SECRET-ID");
    d.putAndInsertString(DCM_StudyDate, "20240301");
    d.putAndInsertString(DCM_ValueType, "CONTAINER");
    return object;
}

// An item of the content, which must be there: items keep their places.
DcmItem &content_at(DcmFileFormat &file, unsigned long index)
{
    DcmItem *item = nullptr;

    cr_assert(
        file.getDataset()->findAndGetSequenceItem(DCM_ContentSequence, item, (long)index).good());
    return *item;
}

std::string code_in(DcmItem &item, const DcmTagKey &key)
{
    DcmItem *code = nullptr;

    return item.findAndGetSequenceItem(key, code, 0).good() ? text(*code, DCM_CodeValue) : "";
}

} // namespace

Test(deidentify, leaves_no_identifying_value_in_any_encoding)
{
    const owner d = with({});

    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit,
          EXS_DeflatedLittleEndianExplicit, EXS_RLELossless}) {
        const file_vector out = deidentified(*d, file_bytes(*patient_object(), syntax));

        for (const char *secret : {"SECRET", "19511231", "20240301", "20240229", "101112", "093Y",
                                   "1.2.3.1", "1.2.3.2", "1.2.3.9"})
            cr_expect_not(holds(out, secret), "'%s' in syntax %d", secret, syntax);
        cr_expect(holds(out, "BREAST"));
        cr_expect(holds(out, "Maker"));
    }
}

Test(deidentify, keeps_the_pixels_of_every_encoding)
{
    const owner d = with({});

    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit,
          EXS_DeflatedLittleEndianExplicit, EXS_RLELossless, EXS_JPEGProcess14SV1}) {
        const file_vector out = deidentified(*d, file_bytes(*patient_object(), syntax));
        const instance_owner instance = read_instance(out);

        cr_expect_eq(largest_difference(*read_frame(instance.get()), gray, 0, pattern), 0,
                     "syntax %d", syntax);
    }
}

Test(deidentify, says_how_it_was_done)
{
    medtl_deidentify_options options = {};
    options.shift_dates = options.keep_patient_characteristics = true;
    auto file = parsed(
        deidentified(*with(options), file_bytes(*patient_object(), EXS_LittleEndianExplicit)));
    DcmDataset &d = *file->getDataset();
    DcmItem *item = nullptr;

    cr_expect(text(d, DCM_PatientIdentityRemoved) == "YES");
    cr_expect(text(d, DCM_LongitudinalTemporalInformationModified) == "MODIFIED");
    const char *const codes[] = {"113100", "113107", "113108"};
    for (int i = 0; i < 3; i++) {
        cr_assert(d.findAndGetSequenceItem(DCM_DeidentificationMethodCodeSequence, item, i).good());
        cr_expect(text(*item, DCM_CodeValue) == codes[i]);
    }
    cr_expect(d.findAndGetSequenceItem(DCM_DeidentificationMethodCodeSequence, item, 3).bad());
}

// 2024 is a leap year: from 1 March to 29 February is a day.
Test(deidentify, moves_all_dates_of_a_patient_by_the_same_days)
{
    medtl_deidentify_options options = {};
    options.shift_dates = true;
    auto file = parsed(
        deidentified(*with(options), file_bytes(*patient_object(), EXS_LittleEndianExplicit)));
    DcmDataset &d = *file->getDataset();
    const std::string study = text(d, DCM_StudyDate), taken = text(d, DCM_AcquisitionDateTime);
    OFDate first, second;

    cr_assert_eq(study.size(), 8);
    cr_expect(study < "20240301" && study >= "20140301", "%s", study.c_str());
    cr_assert_eq(taken.size(), std::strlen("20240229235959.5+0100"), "%s", taken.c_str());
    cr_expect(taken.substr(8) == "235959.5+0100");
    cr_expect(text(d, DCM_StudyTime) == "101112");
    cr_expect(text(d, DCM_PatientBirthDate).empty());
    // Days between them, by the calendar of the C library.
    struct tm a = {}, b = {};
    cr_assert_not_null(strptime(study.c_str(), "%Y%m%d", &a));
    cr_assert_not_null(strptime(taken.substr(0, 8).c_str(), "%Y%m%d", &b));
    cr_expect_eq(timegm(&a) - timegm(&b), 86400);
}

Test(deidentify, keeps_characteristics_of_the_patient_only_where_asked)
{
    medtl_deidentify_options options = {};
    auto bare = parsed(
        deidentified(*with(options), file_bytes(*patient_object(), EXS_LittleEndianExplicit)));
    options.keep_patient_characteristics = true;
    auto kept = parsed(
        deidentified(*with(options), file_bytes(*patient_object(), EXS_LittleEndianExplicit)));

    cr_expect_not(bare->getDataset()->tagExists(DCM_PatientAge));
    cr_expect(text(*bare->getDataset(), DCM_PatientSex).empty());
    cr_expect(text(*kept->getDataset(), DCM_PatientAge) == "090Y");
    cr_expect(text(*kept->getDataset(), DCM_PatientSex) == "F");
}

// PS3.5 section 6.2, AS: three digits and D, W, M or Y.
Test(deidentify, limits_the_age_to_90_years_and_empties_what_is_none)
{
    static const char *const cases[][2] = {
        {"095Y", "090Y"}, {"091Y", "090Y"}, {"090Y", "090Y"}, {"089Y", "089Y"}, {"999M", "999M"},
        {"012W", "012W"}, {"003D", "003D"}, {" 95Y", ""},     {"95Y", ""},      {"95Y ", ""},
        {"09AY", ""},     {"095y", ""},     {"0095", ""},     {"095", ""}};
    medtl_deidentify_options options = {};
    options.keep_patient_characteristics = true;

    for (const auto &c : cases) {
        auto object = patient_object();

        object->getDataset()->putAndInsertString(DCM_PatientAge, c[0]);
        auto file =
            parsed(deidentified(*with(options), file_bytes(*object, EXS_LittleEndianExplicit)));
        cr_expect(text(*file->getDataset(), DCM_PatientAge) == c[1], "'%s' became '%s'", c[0],
                  text(*file->getDataset(), DCM_PatientAge).c_str());
    }
}

// PS3.16 TID 1006 and, of the same meaning, LOINC.
Test(deidentify, moves_no_birth_date_in_a_report)
{
    medtl_deidentify_options options = {};
    auto report = patient_report();
    DcmDataset &d = *report->getDataset();

    add_content(d, "DATE", "DCM", "121031")->putAndInsertString(DCM_Date, "19250203");
    add_content(d, "DATETIME", "LN", "21112-8")->putAndInsertString(DCM_DateTime, "19250203040506");
    add_content(d, "DATE", "DCM", "111060")->putAndInsertString(DCM_Date, "20240301");
    for (const bool shift : {false, true}) {
        options.shift_dates = shift;
        auto file =
            parsed(deidentified(*with(options), file_bytes(*report, EXS_LittleEndianExplicit)));
        cr_expect(text(content_at(*file, 0), DCM_Date) == "19000101");
        cr_expect(text(content_at(*file, 1), DCM_DateTime) == "19000101000000");
        cr_expect(text(content_at(*file, 2), DCM_Date) ==
                  (shift ? text(*file->getDataset(), DCM_StudyDate) : "19000101"));
    }
}

Test(deidentify, keeps_sex_and_age_in_a_report_only_where_asked)
{
    medtl_deidentify_options options = {};
    auto report = patient_report();

    add_code(*add_content(*report->getDataset(), "CODE", "DCM", "121032"), DCM_ConceptCodeSequence,
             "DCM", "F");
    add_age(*report->getDataset(), "a", "45");
    const file_vector in = file_bytes(*report, EXS_LittleEndianExplicit);
    auto bare = parsed(deidentified(*with(options), in));
    options.keep_patient_characteristics = true;
    auto kept = parsed(deidentified(*with(options), in));
    DcmItem *measured = nullptr;

    cr_expect(code_in(content_at(*bare, 0), DCM_ConceptCodeSequence) == "deidentified");
    cr_expect(code_in(content_at(*kept, 0), DCM_ConceptCodeSequence) == "F");
    cr_expect(content_at(*bare, 1).tagExists(DCM_MeasuredValueSequence));
    cr_expect(
        content_at(*bare, 1).findAndGetSequenceItem(DCM_MeasuredValueSequence, measured, 0).bad());
    cr_assert(
        content_at(*kept, 1).findAndGetSequenceItem(DCM_MeasuredValueSequence, measured, 0).good());
    cr_expect(text(*measured, DCM_NumericValue) == "45");
}

// UCUM's units of age. 90 years are 32872.5 days of 365.25 to the year.
Test(deidentify, limits_the_age_in_a_report_in_its_own_unit)
{
    static const char *const cases[][3] = {
        {"a", "95", "90"},       {"a", "90.5", "90"},        {"a", "90", "90"},
        {"a", "89.5", "89.5"},   {"mo", "1081", "1080"},     {"mo", "95", "95"},
        {"wk", "4957", "4696"},  {"wk", "4000", "4000"},     {"d", "34698", "32872"},
        {"d", "32000", "32000"}, {"d", "3.4698e4", "32872"}, {"s", "95", ""},
        {"years", "45", ""},     {"a", "-95", ""},           {"a", "80\\95", ""}};
    medtl_deidentify_options options = {};
    options.keep_patient_characteristics = true;

    for (const auto &c : cases) {
        auto report = patient_report();
        DcmItem *measured = nullptr;

        add_age(*report->getDataset(), c[0], c[1]);
        auto file =
            parsed(deidentified(*with(options), file_bytes(*report, EXS_LittleEndianExplicit)));
        const bool kept = content_at(*file, 0)
                              .findAndGetSequenceItem(DCM_MeasuredValueSequence, measured, 0)
                              .good();
        cr_expect_eq(kept, c[2][0] != '\0', "%s %s", c[1], c[0]);
        cr_expect(!kept || text(*measured, DCM_NumericValue) == c[2], "%s %s became %s", c[1], c[0],
                  text(*measured, DCM_NumericValue).c_str());
        cr_expect(!kept || !measured->tagExists(DCM_FloatingPointValue), "%s %s", c[1], c[0]);
    }
}

Test(deidentify, gives_the_same_bytes_for_the_same_key_and_others_for_another)
{
    const file_vector in = file_bytes(*patient_object(), EXS_LittleEndianExplicit);
    const file_vector once = deidentified(*with({}), in);

    cr_expect(once == deidentified(*with({}), in));
    cr_expect_not(once == deidentified(*with({}, "another key of sixteen"), in));
}

Test(deidentify, keeps_references_whole)
{
    const owner d = with({});
    auto file = parsed(deidentified(*d, file_bytes(*patient_object(), EXS_LittleEndianExplicit)));
    DcmItem *item = nullptr;
    char uid[MEDTL_UID_SIZE];

    cr_assert(file->getDataset()->findAndGetSequenceItem(DCM_SourceImageSequence, item, 0).good());
    medtl_deidentify_uid(d.get(), "1.2.3.9", uid);
    cr_expect(text(*item, DCM_ReferencedSOPInstanceUID) == uid);
    cr_expect(text(*item, DCM_ReferencedSOPClassUID) == UID_SecondaryCaptureImageStorage);
    medtl_deidentify_uid(d.get(), "1.2.3.2", uid);
    cr_expect(text(*file->getDataset(), DCM_SOPInstanceUID) == uid);
    cr_expect(text(*file->getMetaInfo(), DCM_MediaStorageSOPInstanceUID) == uid);
}

Test(deidentify, gives_a_patient_one_pseudonym)
{
    const owner d = with({});
    auto object = patient_object();
    auto first = parsed(deidentified(*d, file_bytes(*object, EXS_LittleEndianExplicit)));

    object->getDataset()->putAndInsertString(DCM_StudyInstanceUID, "1.2.3.77");
    auto second = parsed(deidentified(*d, file_bytes(*object, EXS_LittleEndianExplicit)));
    object->getDataset()->putAndInsertString(DCM_PatientID, "SECRET-2");
    auto other = parsed(deidentified(*d, file_bytes(*object, EXS_LittleEndianExplicit)));

    cr_expect_not(text(*first->getDataset(), DCM_PatientID).empty());
    cr_expect(text(*first->getDataset(), DCM_PatientID) ==
              text(*second->getDataset(), DCM_PatientID));
    cr_expect_not(text(*first->getDataset(), DCM_PatientID) ==
                  text(*other->getDataset(), DCM_PatientID));
}

Test(deidentify, refuses_what_may_show_names)
{
    medtl_deidentify_options options = {};
    const owner d = with(options);
    auto burned = patient_object(), overlay = patient_object(), document = patient_object();

    burned->getDataset()->putAndInsertString(DCM_BurnedInAnnotation, "YES");
    const file_vector bytes = file_bytes(*burned, EXS_LittleEndianExplicit);
    cr_expect_eq(refused(*d, bytes), MEDTL_E_UNSUPPORTED);
    options.allow_burned_in = true;
    cr_expect_eq(refused(*with(options), bytes), MEDTL_OK);

    // Nor where medtl drew over the picture.
    burned->getDataset()->putAndInsertString(DCM_Manufacturer, "medtl");
    burned->getDataset()->putAndInsertString(DCM_ManufacturerModelName, "medtl");
    cr_expect_eq(refused(*d, file_bytes(*burned, EXS_LittleEndianExplicit)), MEDTL_E_UNSUPPORTED);

    overlay->getDataset()->putAndInsertUint16(DcmTag(0x6000, 0x0102, EVR_US), 9);
    cr_expect_eq(refused(*d, file_bytes(*overlay, EXS_LittleEndianExplicit)), MEDTL_E_UNSUPPORTED);

    delete document->getDataset()->remove(DCM_PixelData);
    cr_expect_eq(refused(*d, file_bytes(*document, EXS_LittleEndianExplicit)), MEDTL_E_UNSUPPORTED);
}

// PS3.5 6.2.2: a writer that does not know an attribute stores it as UN.
Test(deidentify, looks_into_attributes_of_unknown_representation)
{
    auto object = patient_object();
    DcmDataset &d = *object->getDataset();
    const char name[] = "SECRET^Un", comment[] = "SECRET note";
    auto put = [&d](const DcmTagKey &key, const char *value) {
        delete d.remove(key);
        d.putAndInsertUint8Array(DcmTag(key, DcmVR(EVR_UN)), reinterpret_cast<const Uint8 *>(value),
                                 std::strlen(value));
    };

    put(DCM_PatientName, name);
    put(DCM_OperatorsName, name);
    put(DcmTagKey(0x0018, 0x0FFE), comment); // of no dictionary
    put(DCM_ViewCodeSequence, comment);      // a sequence, as bytes
    const file_vector out = deidentified(*with({}), file_bytes(*object, EXS_LittleEndianExplicit));
    cr_expect_not(holds(out, "SECRET"));
}

// ITU-T T.81: a comment behind SOI.
Test(deidentify, overwrites_texts_in_jpeg_streams)
{
    auto object = patient_object();
    auto fragments = fragments_of(*object, EXS_JPEGLSLossless);
    const unsigned char comment[] = {0xFF, 0xFE, 0, 8, 'S', 'E', 'C', 'R', 'E', 'T'};

    fragments[0].insert(fragments[0].begin() + 2, comment, comment + sizeof comment);
    put_fragments(*object, EXS_JPEGLSLossless, {}, fragments);
    const file_vector in = file_bytes(*object, EXS_JPEGLSLossless);
    cr_assert(holds(in, "\xFF\xFE" + std::string("\0\x08SECRET", 8)));
    const file_vector out = deidentified(*with({}), in);
    cr_expect_not(holds(out, "SECRET"));
    cr_expect_eq(largest_difference(*read_frame(read_instance(out).get()), gray, 0, pattern), 0);
}

Test(deidentify, refuses_short_keys)
{
    medtl_deidentify_options options = {};
    medtl_deidentifier *d = nullptr;
    medtl_error err;

    options.key = "short";
    options.key_size = 5;
    cr_expect_eq(medtl_deidentifier_create(&options, &d, &err), MEDTL_E_ARGUMENT);
    cr_expect_null(d);
}

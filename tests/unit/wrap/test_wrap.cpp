// What stands around a wrapped picture. tests/integration/classify/wrap.sh has its pixels, and a validator's word.
#include "dicom/wrap/wrap.h"

#include "medtl/study.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace
{

// 2 x 2 pixels of 8 bits gray.
const unsigned char png[] = {0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D,
                             0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
                             0x08, 0x00, 0x00, 0x00, 0x00, 0x57, 0xDD, 0x52, 0xF8, 0x00, 0x00, 0x00,
                             0x0E, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0x60, 0xF8, 0xCF, 0xD0,
                             0xE0, 0x00, 0x00, 0x05, 0x42, 0x01, 0xC0, 0x6D, 0x5E, 0x78, 0xA0, 0x00,
                             0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

using attributes = std::vector<std::pair<std::string, std::string>>;

/// A folder with a picture, which is gone after the test.
class workspace
{
  public:
    workspace()
    {
        char name[] = "/tmp/medtl-wrap-XXXXXX";
        medtl_error error = {};

        cr_assert_not_null(mkdtemp(name));
        root_ = name;
        std::ofstream(root_ + "/picture.png", std::ios::binary)
            .write(reinterpret_cast<const char *>(png), sizeof png);
        cr_assert_eq(medtl_dicom_start(&error), MEDTL_OK, "%s", error.message);
    }
    ~workspace() { std::filesystem::remove_all(root_); }

    /// Replace the picture.
    void put(const std::string &bytes) const
    {
        std::ofstream(root_ + "/picture.png", std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    medtl_status wrap(const std::string &kind, const attributes &given, medtl_error &error) const
    {
        const std::string picture = root_ + "/picture.png"; // its bytes tell what it is
        std::vector<medtl_wrap_attribute> list;

        for (const auto &one : given)
            list.push_back({one.first.c_str(), one.second.c_str()});
        const medtl_wrap_request request = {picture.c_str(), kind.c_str(), list.data(), list.size(),
                                            false};
        return medtl_wrap_picture(&request, (root_ + "/object.dcm").c_str(), &error);
    }

    /// The object of a photograph with these attributes.
    void make(DcmFileFormat &object, const attributes &given,
              const std::string &kind = "photograph") const
    {
        medtl_error error = {};

        cr_assert_eq(wrap(kind, given, error), MEDTL_OK, "%s", error.message);
        cr_assert(object.loadFile((root_ + "/object.dcm").c_str()).good());
    }

    std::string study_of(const attributes &given) const
    {
        DcmFileFormat object;
        OFString uid;

        make(object, given);
        object.getDataset()->findAndGetOFString(DCM_StudyInstanceUID, uid);
        return uid.c_str();
    }

  private:
    std::string root_;
};

} // namespace

Test(wrap, a_study_is_of_one_patient)
{
    const workspace w;
    const attributes full = {{"PatientID", "7"},
                             {"IssuerOfPatientID", "A"},
                             {"PatientName", "Doe^Jane"},
                             {"PatientBirthDate", "19600102"},
                             {"StudyID", "1"}};
    const std::string study = w.study_of(full);
    const attributes others = {{"PatientID", "8"},
                               {"IssuerOfPatientID", "B"},
                               {"PatientName", "Roe^Jane"},
                               {"PatientBirthDate", "19600103"},
                               {"StudyID", "2"},
                               {"StudyDate", "20260102"}};

    attributes same = full;
    same.push_back({"InstanceNumber", "2"});
    cr_expect(w.study_of(same) == study, "two pictures of one study");
    for (const auto &other : others) {
        attributes changed = full;

        changed.push_back(other);
        cr_expect(w.study_of(changed) != study, "another %s", other.first.c_str());
    }
}

Test(wrap, without_an_id_name_and_birth_date_are_the_patient)
{
    const workspace w;
    const attributes born = {{"PatientName", "Doe^Jane"}, {"PatientBirthDate", "19600102"}};
    const attributes others = {{"PatientName", "Roe^Jane"}, {"PatientBirthDate", "19600103"}};
    const std::string study = w.study_of(born);

    for (const auto &other : others) {
        attributes changed = born;

        changed.push_back(other);
        cr_expect(w.study_of(changed) != study, "another %s", other.first.c_str());
    }
}

struct text_case {
    char keyword[32], value[64]; // as bytes
    bool is_utf8;
};

// "Jürg" in Latin-1; RFC 3629: an overlong form, a surrogate, one beyond U+10FFFF, one cut off.
ParameterizedTestParameters(wrap, takes_text_in_utf8_only)
{
    static text_case cases[] = {
        {"PatientName", "Muster^J\xc3\xbcrg", true},
        {"PatientName", "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1", true},
        {"PatientComments", "\xf0\x9f\x99\x82", true},
        {"PatientName", "Muster^J\xfcrg", false},
        {"StudyDescription", "\xc0\xaf", false},
        {"StudyDescription", "\xed\xa0\x80", false},
        {"StudyDescription", "\xf4\x90\x80\x80", false},
        {"StudyDescription", "J\xc3", false},
        {"AnatomicRegionSequence",
         "77568009:SCT:R\xfc"
         "cken",
         false},
    };
    return cr_make_param_array(text_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(text_case *c, wrap, takes_text_in_utf8_only)
{
    const workspace w;
    medtl_error error = {};
    const medtl_status status = w.wrap("photograph", {{c->keyword, c->value}}, error);

    cr_expect_eq(status, c->is_utf8 ? MEDTL_OK : MEDTL_E_ARGUMENT, "%s", error.message);
    if (c->is_utf8)
        return;
    const std::string reason = std::string("the value of ") + c->keyword + " is not UTF-8";
    cr_expect_not_null(std::strstr(error.message, reason.c_str()), "says '%s'", error.message);
    cr_expect_null(std::strstr(error.message, c->value), "the message may be logged");
}

/// PS3.3 C.8.11.3 (type 1) and C.7.6.1 (type 3). "NO" would switch deidentify's doubts off, though nobody looked.
Test(wrap, says_nothing_of_burned_in_annotation_that_nobody_said)
{
    const workspace w;
    const attributes skin = {{"AnatomicRegionSequence", "77568009:SCT:Back"},
                             {"RecognizableVisualFeatures", "NO"}};
    const attributes breast = {{"ImageLaterality", "L"},
                               {"ViewPosition", "MLO"},
                               {"ImagerPixelSpacing", "0.07\\0.07"},
                               {"PatientOrientation", "A\\FR"}};
    const std::vector<std::pair<std::string, attributes>> kinds = {
        {"photograph", {}}, {"dermoscopy", skin}, {"mammogram", breast}};
    medtl_error error = {};

    for (const auto &kind : kinds)
        for (const char *const answer : {"", "NO", "YES"}) {
            attributes given = kind.second;
            DcmFileFormat object;
            OFString value;

            if (answer[0] == '\0' && kind.first == "mammogram")
                continue;
            if (answer[0] != '\0')
                given.push_back({"BurnedInAnnotation", answer});
            w.make(object, given, kind.first);
            object.getDataset()->findAndGetOFString(DCM_BurnedInAnnotation, value);
            cr_expect(value == answer, "%s: '%s'", kind.first.c_str(), value.c_str());
            cr_expect_eq(object.getDataset()->tagExists(DCM_BurnedInAnnotation) != OFFalse,
                         answer[0] != '\0');
        }
    cr_expect_eq(w.wrap("mammogram", breast, error), MEDTL_E_ARGUMENT);
    cr_expect_not_null(std::strstr(error.message, "must also have BurnedInAnnotation"), "says '%s'",
                       error.message);
}

namespace
{

std::string bytes(std::initializer_list<int> values) { return {values.begin(), values.end()}; }

std::string segment(int marker, const std::string &content)
{
    const int length = static_cast<int>(content.size()) + 2;

    return bytes({0xFF, marker, length >> 8, length & 0xFF}) + content;
}

std::string first_fragment(DcmFileFormat &object)
{
    DcmElement *element = nullptr;
    DcmPixelSequence *sequence = nullptr;
    DcmPixelItem *item = nullptr;
    Uint8 *raw = nullptr;

    cr_assert(object.getDataset()->findAndGetElement(DCM_PixelData, element).good());
    cr_assert(static_cast<DcmPixelData *>(element)
                  ->getEncapsulatedRepresentation(EXS_JPEGProcess1, nullptr, sequence)
                  .good());
    cr_assert(sequence->getItem(item, 1).good());
    cr_assert(item->getUint8Array(raw).good());
    return {raw, raw + item->getLength()};
}

} // namespace

/// ITU-T T.81 annex B and JFIF 1.02, without any pixels: what is kept is not decoded. Two scans, a comment between them, and behind
/// the end what phones append.
Test(wrap, keeps_of_a_jpeg_what_makes_its_picture)
{
    const workspace w;
    const std::string start = bytes({0xFF, 0xD8}), end = bytes({0xFF, 0xD9});
    const std::string jfif = std::string("JFIF\0\1\2\1\0\x48\0\x48", 12);
    const std::string frame = segment(0xC0, bytes({8, 0, 8, 0, 8, 1, 1, 0x11, 0}));
    const std::string scan = segment(0xDA, bytes({1, 1, 0, 0, 63, 0})) + bytes({5, 0xFF, 0, 6});
    const std::string secret = segment(0xFE, "SECRET");
    const std::string thumbnail = segment(0xE0, jfif + bytes({1, 1}) + "RGB") +
                                  segment(0xE0, std::string("JFXX\0\x13", 6) + "SECRET");
    DcmFileFormat object;

    w.put(start + thumbnail + segment(0xE1, "Exif SECRET") + "SECRET" + frame + scan + secret +
          scan + end + start + secret + end);
    w.make(object, {});
    const std::string kept =
        start + segment(0xE0, jfif + bytes({0, 0})) + frame + scan + scan + end;
    cr_expect(first_fragment(object) == kept + std::string(kept.size() % 2, '\0'));
}

Test(wrap, refuses_a_jpeg_without_an_end)
{
    const workspace w;
    medtl_error error = {};

    w.put(bytes({0xFF, 0xD8}) + segment(0xC0, bytes({8, 0, 8, 0, 8, 1, 1, 0x11, 0})) +
          segment(0xDA, bytes({1, 1, 0, 0, 63, 0})) + bytes({5, 0xFF, 0, 6}));
    cr_expect_eq(w.wrap("photograph", {}, error), MEDTL_E_FORMAT);
    cr_expect_not_null(std::strstr(error.message, "its end marker (EOI) is missing"), "says '%s'",
                       error.message);
}

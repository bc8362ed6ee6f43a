// The modules around a picture: what is given, what follows from the kind, and what nobody knows as empty.
#include "wrap.h"

#include "kinds.h"
#include "picture.h"

#include "core/base/c_locale.h"
#include "dicom/attributes.h"
#include "dicom/patient.h"
#include "dicom/phantom/dataset.h"
#include "dicom/report/uid.h"
#include "medtl/study.h"

extern "C" {
#include "core/base/digest.h"
#include "core/base/file.h"
}

#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

#include <cstring>
#include <memory>

namespace medtl_dicom
{
namespace
{

constexpr size_t most_file_bytes = size_t{1} << 30;

// PS3.16 CID 4014.
const struct {
    const char *position, *code, *meaning;
} views[] = {
    {"CC", "399162004", "cranio-caudal"},
    {"MLO", "399368009", "medio-lateral oblique"},
    {"ML", "399260004", "medio-lateral"},
    {"LM", "399352003", "latero-medial"},
};

/// The picture decides what describes pixels, the writer what describes the file.
bool is_ours(const DcmTagKey &tag)
{
    static const DcmTagKey tags[] = {DCM_SOPClassUID,
                                     DCM_SpecificCharacterSet,
                                     DCM_SamplesPerPixel,
                                     DCM_Rows,
                                     DCM_Columns,
                                     DCM_BitsAllocated,
                                     DCM_BitsStored,
                                     DCM_HighBit,
                                     DCM_NumberOfFrames,
                                     DCM_PixelRepresentation,
                                     DCM_PlanarConfiguration,
                                     DCM_PhotometricInterpretation,
                                     DCM_LossyImageCompression};

    for (const DcmTagKey &each : tags)
        if (tag == each)
            return true;
    return tag.getGroup() <= 0x0002 || tag.getGroup() >= 0x7FE0;
}

void put_code_text(DcmItem &dataset, const DcmTag &tag, const char *keyword,
                   const std::string &text)
{
    const size_t first = text.find(':');
    const size_t second = first == std::string::npos ? first : text.find(':', first + 1);

    if (second == std::string::npos || first == 0 || second == first + 1 ||
        second + 1 == text.size())
        fail(MEDTL_E_ARGUMENT, "%s is a sequence: one code is written VALUE:SCHEME:MEANING",
             keyword);
    put_code(dataset, tag, text.substr(0, first).c_str(),
             text.substr(first + 1, second - first - 1).c_str(), text.substr(second + 1).c_str());
}

void put_attribute(DcmItem &dataset, const char *keyword, const char *value)
{
    DcmTag tag;

    if (DcmTag::findTagFromName(keyword, tag).bad())
        fail(MEDTL_E_ARGUMENT, "'%.60s' is no keyword of the DICOM data dictionary", keyword);
    if (is_ours(tag))
        fail(MEDTL_E_ARGUMENT, "%s follows from the picture and cannot be given", keyword);
    // The object says that it is UTF-8; a table that a spreadsheet saved in another character set is not.
    if (!is_utf8(value))
        fail(MEDTL_E_ARGUMENT, "the value of %s is not UTF-8", keyword);
    if (tag.getEVR() == EVR_SQ) {
        (void)dataset.findAndDeleteElement(tag);
        put_code_text(dataset, tag, keyword, value);
        return;
    }
    DcmElement *element = nullptr;
    if (dataset.putAndInsertString(tag, value).bad() ||
        dataset.findAndGetElement(tag, element).bad() ||
        element->checkValue(std::strchr(value, '\\') != nullptr ? "1-n" : "1", OFTrue).bad())
        fail(MEDTL_E_ARGUMENT, "the value of %s is none of its kind (%s)", keyword,
             tag.getVR().getVRName());
}

void put_presets(DcmItem &dataset, const wrap_preset *presets)
{
    for (; presets->keyword != nullptr; presets++)
        if (presets->value != nullptr)
            put_attribute(dataset, presets->keyword, presets->value);
}

/// Name all that is missing, so that one look is enough.
void check_complete(DcmItem &dataset, const wrap_kind &as)
{
    std::string missing;

    for (const wrap_preset *each = as.presets; each->keyword != nullptr; each++) {
        DcmTag tag;

        if (each->value != nullptr || DcmTag::findTagFromName(each->keyword, tag).bad() ||
            dataset.tagExistsWithValue(tag))
            continue;
        missing += (missing.empty() ? "" : ", ") + std::string(each->keyword);
    }
    if (!missing.empty())
        fail(MEDTL_E_ARGUMENT, "the object must also have %s", missing.c_str());
}

std::string text_of(DcmItem &dataset, const DcmTagKey &tag)
{
    OFString value;

    return dataset.findAndGetOFStringArray(tag, value).good() ? value : "";
}

void put_uid(DcmItem &dataset, const DcmTagKey &tag, const std::string &name)
{
    char uid[MEDTL_UID_SIZE];

    if (dataset.tagExistsWithValue(tag))
        return;
    medtl_uid_from_name(name.data(), name.size(), uid);
    put(dataset, tag, uid);
}

/// Pictures of one patient and study come to lie together; without a patient each is alone. All that tells patients apart
/// counts: a "7" of one hospital is another patient than the "7" of the next, and two may share a name.
std::string study_name(DcmItem &dataset, const std::string &digest)
{
    const patient who = patient_of(dataset);
    const bool known = !who.id.empty() || (!who.name.empty() && !who.birth_date.empty());

    return "wrapped study\n" +
           (known ? who.id + "\n" + who.issuer + "\n" + who.name + "\n" + who.birth_date : digest) +
           "\n" + text_of(dataset, DCM_StudyID) + "\n" + text_of(dataset, DCM_StudyDate);
}

void put_uids(DcmItem &dataset, const medtl_wrap_request &request, const std::string &digest)
{
    std::string all = "wrapped instance";

    put_uid(dataset, DCM_StudyInstanceUID, study_name(dataset, digest));
    put_uid(dataset, DCM_SeriesInstanceUID,
            "wrapped series\n" + text_of(dataset, DCM_StudyInstanceUID) + "\n" + request.kind +
                "\n" + text_of(dataset, DCM_SeriesNumber));
    for (size_t i = 0; i < request.attribute_count; i++)
        all +=
            std::string("\n") + request.attributes[i].keyword + "=" + request.attributes[i].value;
    put_uid(dataset, DCM_SOPInstanceUID, all + "\n" + request.kind + "\n" + digest);
}

void put_view(DcmItem &dataset)
{
    const std::string position = text_of(dataset, DCM_ViewPosition);

    if (dataset.tagExistsWithValue(DCM_ViewCodeSequence))
        return;
    for (const auto &view : views)
        if (position == view.position) {
            put_empty_sequence(
                put_code(dataset, DCM_ViewCodeSequence, view.code, "SCT", view.meaning),
                DCM_ViewModifierCodeSequence);
            return;
        }
    require(position.empty(), MEDTL_E_ARGUMENT,
            "ViewPosition is CC, MLO, ML or LM; for another give ViewCodeSequence too");
}

/// The picture as it is: all its values, black to white.
void put_window(DcmItem &dataset, Uint16 bits)
{
    if (dataset.tagExistsWithValue(DCM_WindowCenter))
        return;
    put(dataset, DCM_WindowCenter, std::to_string(1u << (bits - 1)));
    put(dataset, DCM_WindowWidth, std::to_string(1u << bits));
}

void put_compression(DcmItem &dataset, const wrapped_picture &picture)
{
    char ratio[17];

    put(dataset, DCM_LossyImageCompression, picture.lossy ? "01" : "00");
    if (!picture.lossy)
        return;
    medtl_snprintf(ratio, sizeof ratio, "%.4g", picture.lossy_ratio);
    put(dataset, DCM_LossyImageCompressionRatio, ratio);
    put(dataset, DCM_LossyImageCompressionMethod, "ISO_10918_1");
}

void put_pixels(DcmDataset &dataset, const wrapped_picture &picture)
{
    const bool wide = picture.bits > 8;

    put(dataset, DCM_SamplesPerPixel, picture.samples);
    put(dataset, DCM_PhotometricInterpretation, picture.photometric);
    put(dataset, DCM_Rows, picture.rows);
    put(dataset, DCM_Columns, picture.columns);
    put(dataset, DCM_BitsAllocated, static_cast<Uint16>(wide ? 16 : 8));
    put(dataset, DCM_BitsStored, picture.bits);
    put(dataset, DCM_HighBit, static_cast<Uint16>(picture.bits - 1));
    put(dataset, DCM_PixelRepresentation, static_cast<Uint16>(0));
    if (picture.samples == 3)
        put(dataset, DCM_PlanarConfiguration, static_cast<Uint16>(0));
    if (!picture.icc_profile.empty())
        require(
            dataset.putAndInsertUint8Array(DCM_ICCProfile, picture.icc_profile.data(),
                                           static_cast<unsigned long>(picture.icc_profile.size())),
            MEDTL_E_MEMORY, "ICC Profile (0028,2000)");
    if (picture.syntax == EXS_LittleEndianExplicit && wide) {
        require(dataset.putAndInsertUint16Array(
                    DCM_PixelData, reinterpret_cast<const Uint16 *>(picture.bytes.data()),
                    static_cast<unsigned long>(picture.bytes.size() / 2)),
                MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
        return;
    }
    if (picture.syntax == EXS_LittleEndianExplicit) {
        std::vector<unsigned char> even(picture.bytes);

        even.resize(even.size() + even.size() % 2);
        require(dataset.putAndInsertUint8Array(DCM_PixelData, even.data(),
                                               static_cast<unsigned long>(even.size())),
                MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
        return;
    }
    std::unique_ptr<DcmPixelSequence> sequence(new DcmPixelSequence(DCM_PixelSequenceTag));
    std::unique_ptr<DcmPixelData> data(new DcmPixelData(DCM_PixelData));
    DcmOffsetList offsets;

    require(sequence->insert(new DcmPixelItem(DcmTag(DCM_PixelItemTag))), MEDTL_E_MEMORY,
            "Pixel Data");
    require(sequence->storeCompressedFrame(offsets, const_cast<Uint8 *>(picture.bytes.data()),
                                           static_cast<Uint32>(picture.bytes.size()), 0),
            MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
    data->putOriginalRepresentation(picture.syntax, nullptr, sequence.release());
    require(dataset.insert(data.get(), OFTrue), MEDTL_E_MEMORY, "Pixel Data (7FE0,0010)");
    data.release();
}

wrapped_picture read_picture(const medtl_wrap_request &request, bool gray, std::string &digest)
{
    unsigned char *raw = nullptr;
    size_t size = 0;
    char text[MEDTL_SHA256_TEXT_SIZE];
    medtl_error error;

    if (medtl_file_read(request.picture, most_file_bytes, &raw, &size, &error) != MEDTL_OK) {
        const size_t name = std::strlen(request.picture);
        const bool named = std::strncmp(error.message, request.picture, name) == 0 &&
                           std::strncmp(error.message + name, ": ", 2) == 0;
        throw failure{error.status, named ? error.message + name + 2 : error.message};
    }
    const std::unique_ptr<unsigned char, void (*)(void *)> owner(raw, std::free);
    const std::vector<unsigned char> file(raw, raw + size);

    medtl_sha256_text(raw, size, text);
    digest = text;
    if (size > 3 && raw[0] == 0xFF && raw[1] == 0xD8)
        return read_jpeg_picture(file, gray);
    if (size > 8 && std::memcmp(raw, "\x89PNG\r\n\x1A\n", 8) == 0)
        return read_png_picture(file, gray);
    fail(MEDTL_E_FORMAT, "is neither JPEG nor PNG");
}

void build(const medtl_wrap_request &request, const wrap_kind &as, const wrapped_picture &picture,
           const std::string &digest, DcmDataset &dataset)
{
    for (size_t i = 0; i < request.attribute_count; i++)
        if (!is_ascii(request.attributes[i].value)) {
            put(dataset, DCM_SpecificCharacterSet, "ISO_IR 192");
            break;
        }
    put(dataset, DCM_SOPClassUID, as.sop_class);
    put_presets(dataset, presets_of_every_kind);
    put_presets(dataset, as.presets);
    put_empty_sequence(dataset, DCM_AcquisitionContextSequence);
    for (size_t i = 0; i < request.attribute_count; i++)
        put_attribute(dataset, request.attributes[i].keyword, request.attributes[i].value);
    // Of a body part that is named, an empty Laterality would say that it is one of a pair (PS3.3 C.7.3.1).
    if (dataset.tagExists(DCM_AnatomicRegionSequence) &&
        !dataset.tagExistsWithValue(DCM_Laterality))
        (void)dataset.findAndDeleteElement(DCM_Laterality);
    if (as.gray) {
        put_view(dataset);
        put_window(dataset, picture.bits);
    }
    if (!request.incomplete)
        check_complete(dataset, as);
    put_uids(dataset, request, digest);
    if (std::strcmp(as.name, "dermoscopy") == 0)
        put_uid(dataset, DCM_FrameOfReferenceUID, "wrapped frame of reference\n" + digest);
    put_compression(dataset, picture);
    put_pixels(dataset, picture);
}

} // namespace
} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_wrap_picture(const medtl_wrap_request *request, const char *path,
                                           medtl_error *err) noexcept
try {
    const wrap_kind &as = find_kind(request->kind);
    DcmFileFormat file;
    std::string digest;
    const wrapped_picture picture = read_picture(*request, as.gray, digest);

    build(*request, as, picture, digest, *file.getDataset());
    write_file(file, picture.syntax, path);
    return MEDTL_OK;
} catch (...) {
    return translate(err, request->picture);
}

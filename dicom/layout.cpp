// From the first bytes of a file to its layout: is it DICOM, in which transfer syntax, how is it encoded.
#include "layout.h"

#include "walk.h"

#include <dcmtk/dcmdata/dcistrmb.h>

#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr char media_directory[] =
    "1.2.840.10008.1.3.10"; // PS3.4 B.5: Media Storage Directory Storage
constexpr uint64_t preamble_bytes = 128;
constexpr uint32_t meta_bytes = 1u << 20;         // the file meta information
constexpr uint32_t likely_value_bytes = 1u << 20; // more, in a first element, is no DICOM
constexpr uint32_t uid_bytes = 128; // twice what a UID may have: some writers pad generously

std::string read_text(byte_source &source, const element_head &head)
{
    char text[uid_bytes];
    const size_t size = std::min<size_t>(head.length, sizeof text);

    require(source.has(head.value_at, head.length), MEDTL_E_FORMAT,
            "the file meta information is cut off");
    source.read(head.value_at, text, size);
    std::string value(text, strnlen(text, size));
    value.erase(value.find_last_not_of(' ') + 1);
    return value;
}

/// Does the head of a data element stand at `at` in this encoding?
bool looks_encoded(byte_source &source, uint64_t at, encoding form)
{
    element_head head;

    if (!read_element_head(source, at, form, head) || head.tag.getGroup() == 0)
        return false;
    if (form.explicit_vr)
        return is_standard_vr(head.vr);
    return head.length == undefined_length || head.length < likely_value_bytes;
}

/// The encoding that the first element shows; explicit VR first, since its letters make it certain. The group
/// is 0008 nearly always, and never large: that tells the byte order.
bool detect_encoding(byte_source &source, uint64_t at, encoding &form)
{
    static const encoding forms[] = {{true, false}, {true, true}, {false, false}};
    element_head head;

    for (const encoding candidate : forms)
        if (looks_encoded(source, at, candidate) &&
            read_element_head(source, at, candidate, head) && head.tag.getGroup() <= 0x00FF) {
            form = candidate;
            return true;
        }
    return false;
}

/// Without a preamble, only a data set that begins with group 0008 or file meta information is believed.
bool looks_bare(byte_source &source, uint64_t at)
{
    encoding form;
    element_head head;

    return detect_encoding(source, at, form) && read_element_head(source, at, form, head) &&
           head.tag.getGroup() == 0x0008 && head.tag.getElement() <= 0x0018 &&
           head.length < likely_value_bytes;
}

/// Group 0002 (PS3.10 7.1): always explicit VR little endian; a few writers send it in implicit VR.
/// Its group length is often wrong, so it ends where another group begins. @return where that is.
uint64_t read_meta(byte_source &source, uint64_t at, file_layout &layout)
{
    const uint64_t start = at;
    const encoding form = {looks_encoded(source, at, {true, false}), false};
    element_head head;

    while (read_element_head(source, at, form, head) && head.tag.getGroup() == 0x0002) {
        if (head.tag == DCM_TransferSyntaxUID)
            layout.transfer_syntax = read_text(source, head);
        if (head.tag == DCM_MediaStorageSOPClassUID)
            layout.media_class = read_text(source, head);
        require(head.length <= meta_bytes && source.has(head.value_at, head.length) &&
                    at - start <= meta_bytes,
                MEDTL_E_FORMAT,
                "the file meta information is cut off or larger than the limit of 1 MiB");
        at = head.value_at + head.length;
    }
    return at;
}

bool starts_with_meta(byte_source &source, uint64_t at)
{
    element_head head;

    return read_element_head(source, at, {false, false}, head) && head.tag.getGroup() == 0x0002;
}

/// Of what is no DICOM, an archive is named: what it holds is not looked at here.
[[noreturn]] void refuse_unknown(byte_source &source)
{
    char start[4] = {};

    if (source.has(0, sizeof start))
        source.read(0, start, sizeof start);
    if (std::memcmp(start, "PK\3\4", sizeof start) == 0)
        fail(MEDTL_E_NOT_DICOM,
             "not a DICOM file but a zip archive, which is not looked into here");
    fail(MEDTL_E_NOT_DICOM, "not a DICOM file");
}

/// @return where the file meta information or the bare data set begins.
uint64_t find_start(byte_source &source, file_layout &layout)
{
    const uint64_t behind_magic = preamble_bytes + 4;
    char magic[4] = {};

    if (source.has(preamble_bytes, sizeof magic))
        source.read(preamble_bytes, magic, sizeof magic);
    const bool has_magic = std::memcmp(magic, "DICM", sizeof magic) == 0;

    if (has_magic && starts_with_meta(source, behind_magic))
        return behind_magic;
    if (starts_with_meta(source, 0) && looks_encoded(source, 0, {true, false}))
        return 0;
    if (looks_bare(source, 0)) { // "DICM" may stand inside an attribute
        layout.bare = true;
        return 0;
    }
    if (!has_magic)
        refuse_unknown(source);
    return behind_magic; // no file meta information, though the Standard asks for it
}

/// What would read a value later, where DCMTK steps over it now. Nobody comes back for one.
class no_later_reading : public DcmInputStreamFactory
{
  public:
    DcmInputStream *create() const override { return nullptr; }
    DcmInputStreamFactory *clone() const override { return new no_later_reading; }
    DcmInputStreamFactoryType ident() const override { return DFT_DcmInputFileStreamFactory; }
};

/// DCMTK makes room for a value before it looks whether the stream holds it. What is longer than the length to read at
/// most it steps over instead, which fails at the end of the stream, but only where the value could be read later.
class header_stream : public DcmInputBufferStream
{
  public:
    DcmInputStreamFactory *newFactory() const override { return new no_later_reading; }
};

const char *syntax_of(encoding form)
{
    if (!form.explicit_vr)
        return UID_LittleEndianImplicitTransferSyntax;
    return form.big_endian ? UID_BigEndianExplicitTransferSyntax
                           : UID_LittleEndianExplicitTransferSyntax;
}

} // namespace

dicom_file::dicom_file(std::unique_ptr<byte_source> bytes, const medtl_limits &limits)
    : limits_(limits), file_(std::move(bytes))
{
    explore();
}

dicom_file::dicom_file(const unsigned char *bytes, size_t size, const medtl_limits &limits)
    : limits_(limits), file_(new memory_source(bytes, size))
{
    if (size > limits_.file_bytes)
        fail(MEDTL_E_FORMAT, "%zu bytes are more than the limit of %llu", size,
             static_cast<unsigned long long>(limits_.file_bytes));
    explore();
}

void dicom_file::explore()
{
    uint64_t at = read_meta(*file_, find_start(*file_, layout_), layout_);

    if (layout_.transfer_syntax == UID_DeflatedExplicitVRLittleEndianTransferSyntax) {
        inflated_.reset(new inflated_source(*file_, at, limits_.inflated_bytes));
        at = 0;
    }
    if (layout_.media_class == media_directory)
        layout_.is_directory = true;
    // Where the file meta information is silent or wrong about the encoding, the bytes decide.
    const DcmXfer stated(layout_.transfer_syntax.c_str());
    layout_.form = {stated.isExplicitVR() || stated.getXfer() == EXS_Unknown,
                    stated.isBigEndian() != OFFalse};
    if (!looks_encoded(data(), at, layout_.form) && !detect_encoding(data(), at, layout_.form))
        fail(layout_.bare ? MEDTL_E_NOT_DICOM : MEDTL_E_FORMAT, "holds no data set");
    if (layout_.transfer_syntax.empty())
        layout_.transfer_syntax = syntax_of(layout_.form);
    try {
        walk_data_set(data(), at, limits_, layout_);
    } catch (const failure &) {
        // A DICOMDIR is named as such even where it is damaged.
        if (layout_.is_directory)
            return;
        if (layout_.bare)
            fail(MEDTL_E_NOT_DICOM, "not a DICOM file");
        throw;
    }
}

std::unique_ptr<DcmDataset> dicom_file::parse_header(const tag_filter &wanted) const
{
    return parse_elements(pick_elements(layout_, wanted), layout_.form);
}

std::vector<unsigned char> pick_elements(const file_layout &layout, const tag_filter &wanted)
{
    std::vector<unsigned char> picked;

    for (const kept_element &element : layout.elements)
        if (wanted(element.tag)) {
            const auto from = layout.header.begin() + static_cast<ptrdiff_t>(element.at);
            picked.insert(picked.end(), from, from + static_cast<ptrdiff_t>(element.size));
        }
    return picked;
}

std::unique_ptr<DcmDataset> parse_elements(const std::vector<unsigned char> &bytes, encoding form)
{
    std::unique_ptr<DcmDataset> data_set(new DcmDataset);
    const E_TransferSyntax syntax = DcmXfer(syntax_of(form)).getXfer();
    header_stream in;

    if (bytes.empty())
        return data_set;
    in.setBuffer(bytes.data(), OFstatic_cast(offile_off_t, bytes.size()));
    in.setEos();
    data_set->transferInit();
    require(data_set->read(in, syntax, EGL_withoutGL, static_cast<Uint32>(bytes.size())),
            MEDTL_E_FORMAT, "the attributes are damaged");
    data_set->transferEnd();
    return data_set;
}

} // namespace medtl_dicom

// Texts of JPEG 2000: comments in all headers (ITU-T T.800 annex A), boxes that no decoder needs (annex I).
#include "codestream.h"

#include "dicom/bridge_internal.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr unsigned marker_soc = 0xFF4F, marker_siz = 0xFF51, marker_com = 0xFF64,
                   marker_sot = 0xFF90, marker_sop = 0xFF91, marker_eph = 0xFF92,
                   marker_sod = 0xFF93, marker_eoc = 0xFFD9;
constexpr size_t sot_bytes = 12, sop_bytes = 6, marker_bytes = 2;

uint32_t number(const unsigned char *at, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/// T.800 table A.2, CAP, PRF and CPF of T.814, and the component transforms of T.801 that decoders read.
bool is_known_segment(unsigned marker)
{
    static const unsigned char known[] = {0x50, 0x51, 0x52, 0x53, 0x55, 0x56, 0x57,
                                          0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60,
                                          0x61, 0x63, 0x64, 0x74, 0x75, 0x77, 0x78};

    return std::memchr(known, static_cast<int>(marker & 0xFF), sizeof known) != nullptr;
}

class jpeg2000_cleaner
{
  public:
    jpeg2000_cleaner(unsigned char *bytes, size_t size) : bytes_(bytes), size_(size) {}

    void clean();

  private:
    unsigned char *bytes_;
    size_t size_, at_ = 0;

    unsigned marker(size_t end) const;
    void clean_header(unsigned last, size_t end);
    void clean_tile_part();
    void skip_to_end();
};

[[noreturn]] void fail_cut_off() { fail(MEDTL_E_FORMAT, "the JPEG 2000 codestream is cut off"); }

unsigned jpeg2000_cleaner::marker(size_t end) const
{
    if (end - at_ < marker_bytes)
        fail_cut_off();
    return number(bytes_ + at_, 2);
}

/// Segment by segment, to the marker `last`.
void jpeg2000_cleaner::clean_header(unsigned last, size_t end)
{
    for (unsigned code; (code = marker(end)) != last;) {
        require(code >> 8 == 0xFF, MEDTL_E_FORMAT,
                "the JPEG 2000 codestream has no marker where a segment must begin");
        if (!is_known_segment(code))
            fail(MEDTL_E_FORMAT, "the JPEG 2000 codestream has a marker that is not known (%04X)",
                 code);
        const size_t left = end - at_ - marker_bytes;
        const size_t length = left < 2 ? 0 : number(bytes_ + at_ + marker_bytes, 2);
        const size_t kept = 4; // of a comment: its length, and what kind it is

        if (length < 2 || length > left)
            fail_cut_off();
        if (code == marker_com && length > kept)
            std::memset(bytes_ + at_ + marker_bytes + kept, ' ', length - kept);
        at_ += marker_bytes + length;
    }
}

/// Over packets to EOC. Their data have no pair of bytes above FF8F but the markers SOP and EPH (T.800 A.3).
void jpeg2000_cleaner::skip_to_end()
{
    for (;;) {
        const void *const found = std::memchr(bytes_ + at_, 0xFF, size_ - at_);

        if (found == nullptr)
            fail_cut_off();
        at_ = static_cast<size_t>(static_cast<const unsigned char *>(found) - bytes_);
        const unsigned code = marker(size_);

        if (code == marker_eoc)
            return;
        if (code > 0xFF8F && code != marker_sop && code != marker_eph)
            fail(MEDTL_E_FORMAT, "the JPEG 2000 codestream has %04X inside its packets", code);
        const size_t step = code == marker_sop ? sop_bytes : code == marker_eph ? marker_bytes : 1;
        if (step > size_ - at_)
            fail_cut_off();
        at_ += step;
    }
}

void jpeg2000_cleaner::clean_tile_part()
{
    if (size_ - at_ < sot_bytes)
        fail_cut_off();
    const uint32_t length = number(bytes_ + at_ + 6, 4); // 0: to the end
    const size_t end = length == 0 ? size_ : at_ + length;

    require(number(bytes_ + at_ + 2, 2) == sot_bytes - marker_bytes, MEDTL_E_FORMAT,
            "a JPEG 2000 tile-part has a header of another length");
    if (length != 0 && (length < sot_bytes + marker_bytes || length > size_ - at_))
        fail_cut_off();
    at_ += sot_bytes;
    clean_header(marker_sod, end);
    at_ += marker_bytes;
    if (length == 0)
        skip_to_end();
    else
        at_ = end;
}

void jpeg2000_cleaner::clean()
{
    require(marker(size_) == marker_soc, MEDTL_E_FORMAT, "no JPEG 2000 codestream begins here");
    at_ += marker_bytes;
    require(marker(size_) == marker_siz, MEDTL_E_FORMAT,
            "the JPEG 2000 codestream does not begin with its size (SIZ)");
    clean_header(marker_sot, size_);
    while (marker(size_) == marker_sot)
        clean_tile_part();
    require(
        marker(size_) == marker_eoc, MEDTL_E_FORMAT,
        "the JPEG 2000 codestream has neither a tile-part nor its end (EOC) behind a tile-part");
    at_ += marker_bytes;
    std::memset(bytes_ + at_, 0, size_ - at_);
}

// ---- boxes ---------------------------------------------------------------------------------

struct box {
    unsigned char *type, *content, *end;

    bool is(const char *name) const { return std::memcmp(type, name, 4) == 0; }
};

/// Of at least 8 bytes. A length of 1 stands in the 8 bytes behind the type; 0 goes to the end (T.800 I.4).
box read_box(unsigned char *at, unsigned char *end)
{
    const size_t left = static_cast<size_t>(end - at);
    uint64_t length = number(at, 4);
    size_t head = 8;

    if (length == 0)
        length = left;
    else if (length == 1 && left >= 16) {
        head = 16;
        length = static_cast<uint64_t>(number(at + 8, 4)) << 32 | number(at + 12, 4);
    }
    if (length < head || length > left)
        fail(MEDTL_E_FORMAT, "a box of the JP2 file claims %llu bytes, %zu are left",
             static_cast<unsigned long long>(length), left);
    return {at + 4, at + head, at + length};
}

/// A box of the type "free" holds nothing (T.801 annex M).
void empty(const box &one)
{
    std::memcpy(one.type, "free", 4);
    std::memset(one.content, ' ', static_cast<size_t>(one.end - one.content));
}

/// Less than the head of a box may be left: padding.
template <typename function> void for_each_box(unsigned char *at, unsigned char *end, function each)
{
    while (end - at >= 8) {
        const box one = read_box(at, end);

        each(one);
        at = one.end;
    }
    std::memset(at, 0, static_cast<size_t>(end - at));
}

/// What the image is; of the header's boxes the resolution goes, too, since DICOM has its own.
void clean_image_header(const box &header)
{
    for_each_box(header.content, header.end, [](const box &one) {
        if (!one.is("ihdr") && !one.is("bpcc") && !one.is("colr") && !one.is("pclr") &&
            !one.is("cmap") && !one.is("cdef"))
            empty(one);
    });
}

} // namespace

void clean_jpeg2000(unsigned char *bytes, size_t size) { jpeg2000_cleaner(bytes, size).clean(); }

void clean_jp2(unsigned char *bytes, size_t size)
{
    bool has_codestream = false;

    for_each_box(bytes, bytes + size, [&has_codestream, bytes](const box &one) {
        if (one.is("jp2c")) {
            clean_jpeg2000(one.content, static_cast<size_t>(one.end - one.content));
            has_codestream = true;
        } else if (one.is("jp2h")) {
            clean_image_header(one);
        } else if (one.type != bytes + 4 && !one.is("ftyp")) {
            empty(one);
        }
    });
    require(has_codestream, MEDTL_E_FORMAT, "the JP2 file has no codestream");
}

} // namespace medtl_dicom

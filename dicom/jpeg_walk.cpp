// Where a codestream's pieces begin and end.
#include "jpeg_walk.h"

#include "bridge_internal.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr unsigned marker_tem = 0x01, marker_jpg = 0xC8, marker_rst0 = 0xD0, marker_rst7 = 0xD7,
                   marker_soi = 0xD8, marker_eoi = 0xD9, marker_sos = 0xDA, marker_sof55 = 0xF7,
                   marker_lse = 0xF8;
constexpr size_t head_bytes = 4; // of a segment: marker and length

bool is_restart(unsigned code) { return code >= marker_rst0 && code <= marker_rst7; }

/// T.81 table B.1 and T.87 table C.1, without what is reserved there: nobody can say what such a segment holds.
bool is_known_segment(unsigned code)
{
    return (code >= 0xC0 && code <= jpeg_app15 && code != marker_jpg) || code == jpeg_comment ||
           code == marker_sof55 || code == marker_lse;
}

} // namespace

jpeg_walk::jpeg_walk(const unsigned char *bytes, size_t size) : bytes_(bytes), size_(size)
{
    require(size >= 2 && bytes[0] == 0xFF && bytes[1] == marker_soi, MEDTL_E_FORMAT,
            "no JPEG codestream begins here");
}

/// Is `code` behind a run of 0xFF a marker? In entropy-coded data JPEG stuffs a zero byte behind each 0xFF (T.81 B.1.1.5),
/// JPEG-LS a zero bit (T.87 annex A).
bool jpeg_walk::is_marker(unsigned code, size_t run) const
{
    return code != 0 && !(in_scan_ && is_restart(code)) &&
           !(is_jpeg_ls_ && run == 1 && code < 0x80);
}

/// @return where the run of 0xFF begins that ends in the next marker's own.
size_t jpeg_walk::find_marker() const
{
    const unsigned char *const end = bytes_ + size_;
    const auto is_no_fill = [](unsigned char byte) { return byte != 0xFF; };

    for (const unsigned char *at = bytes_ + at_;;) {
        const unsigned char *const run = std::find(at, end, 0xFF);
        const unsigned char *const behind = std::find_if(run, end, is_no_fill);

        if (behind == end)
            fail(MEDTL_E_FORMAT, "the JPEG codestream is cut off: its end marker (EOI) is missing");
        if (is_marker(*behind, static_cast<size_t>(behind - run)))
            return static_cast<size_t>(run - bytes_);
        at = behind + 1;
    }
}

jpeg_piece jpeg_walk::take(jpeg_piece::kind_type kind, unsigned code, size_t size)
{
    const jpeg_piece piece = {kind, code, at_, size};

    at_ += size;
    return piece;
}

jpeg_piece jpeg_walk::take_segment(unsigned code)
{
    const size_t left = size_ - at_;
    const size_t length =
        left < head_bytes ? 0 : static_cast<size_t>(bytes_[at_ + 2]) << 8 | bytes_[at_ + 3];

    if (!is_known_segment(code))
        fail(MEDTL_E_FORMAT, "the JPEG codestream has a marker that is not known (FF%02X)", code);
    if (left < head_bytes || length < 2 || length > left - 2)
        fail(MEDTL_E_FORMAT, "the JPEG codestream is cut off in a segment (FF%02X)", code);
    is_jpeg_ls_ |= code == marker_sof55;
    in_scan_ = code == marker_sos;
    has_scan_ |= in_scan_;
    return take(jpeg_piece::segment, code, 2 + length);
}

bool jpeg_walk::next(jpeg_piece &piece)
{
    if (ended_)
        return false;
    const size_t marker = find_marker();

    if (marker > at_) {
        piece = take(in_scan_ ? jpeg_piece::scan : jpeg_piece::stray, 0, marker - at_);
        return true;
    }
    in_scan_ = false;
    while (bytes_[at_ + 1] == 0xFF) // find_marker() has seen where that ends
        at_++;
    const unsigned code = bytes_[at_ + 1];

    ended_ = code == marker_eoi;
    require(!ended_ || has_scan_, MEDTL_E_FORMAT, "the JPEG codestream has no scan");
    require(code != marker_soi || at_ == 0, MEDTL_E_FORMAT,
            "a JPEG codestream begins inside another one");
    const bool alone = ended_ || code == marker_soi || code == marker_tem || is_restart(code);
    piece = alone ? take(jpeg_piece::marker, code, 2) : take_segment(code);
    return true;
}

size_t jpeg_application_head(unsigned code, const unsigned char *content, size_t size)
{
    // Sizes: JFIF 1.02 without its thumbnail; Adobe's technical note 5116; HP's draft of JPEG-LS part 2; ICC.1 annex B.4.
    static const struct {
        unsigned code;
        const char *name;
        size_t name_bytes, bytes;
    } known[] = {
        {jpeg_app0, "JFIF", 5, 14},
        {jpeg_app2, "ICC_PROFILE", 12, 65535},
        {0xE8, "mrfx", 4, 5},
        {0xEE, "Adobe", 5, 12},
    };

    for (const auto &one : known)
        if (code == one.code && size >= one.name_bytes &&
            std::memcmp(content, one.name, one.name_bytes) == 0)
            return std::min(size, one.bytes);
    return 0;
}

} // namespace medtl_dicom

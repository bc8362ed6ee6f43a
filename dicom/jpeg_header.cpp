// Marker segments up to the frame header.
#include "jpeg_header.h"

#include "bridge_internal.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr unsigned marker_soi = 0xD8, marker_sos = 0xDA, marker_eoi = 0xD9, marker_app0 = 0xE0,
                   marker_app14 = 0xEE, marker_tem = 0x01, marker_rst0 = 0xD0, marker_rst7 = 0xD7,
                   marker_sof55 = 0xF7;

bool is_frame_header(unsigned marker)
{
    return (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
            marker != 0xCC) ||
           marker == marker_sof55;
}

unsigned word(const unsigned char *at) { return static_cast<unsigned>(at[0]) << 8 | at[1]; }

/// @param segment  Behind the segment's length.
void read_frame_header(unsigned marker, const unsigned char *segment, size_t size,
                       jpeg_header &header)
{
    require(size >= 6 && size >= 6 + 3 * static_cast<size_t>(segment[5]), MEDTL_E_FORMAT,
            "the JPEG frame header is cut off");
    header.is_jpeg_ls = marker == marker_sof55;
    header.is_lossless = (marker & 3) == 3;
    header.precision = segment[0];
    header.rows = word(segment + 1);
    header.columns = word(segment + 3);
    header.components = segment[5];
    for (unsigned i = 1; i < header.components; i++)
        header.is_subsampled |= segment[6 + 3 * i + 1] != segment[7];
    header.is_named_rgb =
        header.components == 3 && segment[6] == 'R' && segment[9] == 'G' && segment[12] == 'B';
}

} // namespace

jpeg_header read_jpeg_header(const std::vector<unsigned char> &bytes)
{
    jpeg_header header = {};
    size_t at = 0;

    header.adobe_transform = -1;
    header.lead = {0xFF, marker_soi};
    while (at + 1 < bytes.size()) {
        const unsigned marker = bytes[at + 1];

        if (bytes[at] != 0xFF || marker == 0xFF ||
            marker == 0) { // fill bytes, or garbage between segments
            at++;
            continue;
        }
        at += 2;
        if (marker == marker_soi || marker == marker_tem ||
            (marker >= marker_rst0 && marker <= marker_rst7))
            continue;
        if (marker == marker_sos || marker == marker_eoi || at + 2 > bytes.size())
            break;
        const size_t length = word(&bytes[at]);
        if (length < 2 || length > bytes.size() - at)
            break;
        const unsigned char *const segment = bytes.data() + at + 2;

        if (is_frame_header(marker)) {
            read_frame_header(marker, segment, length - 2, header);
            header.frame_at = at - 2;
            return header;
        }
        if (marker == marker_app0 && length >= 7 && std::memcmp(segment, "JFIF", 5) == 0)
            header.has_jfif = true;
        if (marker == marker_app14 && length >= 14 && std::memcmp(segment, "Adobe", 5) == 0)
            header.adobe_transform = segment[11];
        header.lead.insert(header.lead.end(), segment - 4, segment + (length - 2));
        at += length;
    }
    fail(MEDTL_E_FORMAT, "the compressed frame is no JPEG codestream");
}

} // namespace medtl_dicom

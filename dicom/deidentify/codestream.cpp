// Texts inside compressed frames: writers put names of programs there, and cameras dates and places. They are overwritten in
// place, so that no offset of a table moves.
#include "cleaner.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

// ITU-T T.81 B.2.4: comments, and application segments but those that decoders read: JFIF (0), ICC profiles (2), the colour
// transforms of JPEG-LS (8) and Adobe (14).
bool is_blanked_in_jpeg(unsigned marker)
{
    const unsigned application = marker - 0xE0;

    return marker == 0xFE || (marker >= 0xE0 && marker <= 0xEF && application != 0 &&
                              application != 2 && application != 8 && application != 14);
}

} // namespace

void blank_comments(unsigned char *bytes, size_t size)
{
    const bool jpeg = size > 4 && bytes[0] == 0xFF && bytes[1] == 0xD8;
    const bool jpeg2000 = size > 4 && bytes[0] == 0xFF && bytes[1] == 0x4F;
    // Marker segments of the header: both standards end it with one of their own.
    const unsigned last = jpeg ? 0xDA : 0x90;

    for (size_t at = 2; (jpeg || jpeg2000) && at + 4 <= size && bytes[at] == 0xFF;) {
        const unsigned marker = bytes[at + 1];
        const size_t length = static_cast<size_t>(bytes[at + 2]) << 8 | bytes[at + 3];
        const size_t kept = jpeg ? 2 : 4; // length; of a JPEG 2000 comment also what kind it is

        if (marker == 0xFF) { // a fill byte
            at++;
            continue;
        }
        if (marker == last || length < 2)
            return;
        if ((jpeg ? is_blanked_in_jpeg(marker) : marker == 0x64) && length > kept) {
            const size_t from = std::min(at + 2 + kept, size), to = std::min(at + 2 + length, size);

            std::memset(bytes + from, ' ', to - from);
        }
        at += 2 + length;
    }
}

} // namespace medtl_dicom

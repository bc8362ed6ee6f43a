// RLE Lossless (PS3.5 annex G): what decoders never read.
#include "codestream.h"

#include "dicom/bridge_internal.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr size_t header_words = 16, header_bytes = 4 * header_words;

size_t header_word(const unsigned char *bytes, size_t index)
{
    const unsigned char *const at = bytes + 4 * index;

    return static_cast<size_t>(at[0]) | static_cast<size_t>(at[1]) << 8 |
           static_cast<size_t>(at[2]) << 16 | static_cast<size_t>(at[3]) << 24;
}

/// @return the end of the runs (PackBits) that give `plane` bytes. A segment may end before: some writers drop zeros.
const unsigned char *runs_end(const unsigned char *at, const unsigned char *end, uint64_t plane)
{
    for (uint64_t done = 0; at < end && done < plane;) {
        const unsigned control = *at++;
        const uint64_t wanted = plane - done, left = static_cast<uint64_t>(end - at);
        const uint64_t literals = control < 128 ? control + 1u : 0;
        const uint64_t taken = control > 128 ? 1 : std::min(literals, wanted);

        done += control > 128 ? 257 - control : literals;
        at += std::min(taken, left);
    }
    return at;
}

} // namespace

void clean_rle(unsigned char *bytes, size_t size, uint64_t plane)
{
    require(size > header_bytes, MEDTL_E_FORMAT, "the RLE header is cut off");
    const size_t segments = header_word(bytes, 0);

    if (segments < 1 || segments >= header_words)
        fail(MEDTL_E_FORMAT, "the RLE header states %zu segments; 1 to 15 are possible", segments);
    size_t clean = header_bytes; // up to here

    for (size_t segment = 1; segment <= segments; segment++) {
        const size_t start = header_word(bytes, segment);
        const size_t end = segment < segments ? header_word(bytes, segment + 1) : size;

        if (start < clean || end > size || start >= end)
            fail(MEDTL_E_FORMAT, "RLE segment %zu lies outside its frame", segment);
        std::memset(bytes + clean, 0, start - clean);
        clean = static_cast<size_t>(runs_end(bytes + start, bytes + end, plane) - bytes);
    }
    std::memset(bytes + clean, 0, size - clean);
    std::memset(bytes + 4 * (segments + 1), 0, header_bytes - 4 * (segments + 1));
}

} // namespace medtl_dicom

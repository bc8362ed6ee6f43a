// One compressed frame on its way through de-identification. Input: Rows times Columns (two bytes; the first bit: RLE), then the frame.
#include "dicom/deidentify/codestream.h"

#include "dicom/bridge_internal.h"

#include <cstdlib>
#include <vector>

using namespace medtl_dicom;

enum { HEAD = 2 };

namespace
{

void clean(std::vector<unsigned char> &frame, unsigned head)
{
    if ((head & 1) != 0)
        clean_rle(frame.data(), frame.size(), head >> 1);
    else
        clean_codestream(frame.data(), frame.size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    if (size <= HEAD)
        return 0;
    const unsigned head = bytes[0] | static_cast<unsigned>(bytes[1]) << 8;
    std::vector<unsigned char> once(bytes + HEAD, bytes + size);

    try {
        clean(once, head);
    } catch (const failure &f) {
        if (f.what.empty() || f.status != MEDTL_E_FORMAT)
            std::abort();
        return 0;
    }
    std::vector<unsigned char> twice = once;

    // What is clean can be walked again, and nothing is left to overwrite.
    try {
        clean(twice, head);
    } catch (const failure &) {
        std::abort();
    }
    if (twice != once)
        std::abort();
    return 0;
}

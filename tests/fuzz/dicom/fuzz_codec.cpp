// One compressed frame, with what the header says of it: the glue between fragments, decoders and samples.
// Input: syntax, photometric interpretation, samples, bits, sign, rows, columns (one byte each), then the frame.
#include "dicom/codec.h"

#include <cstdlib>

using namespace medtl_dicom;

namespace
{

enum { HEAD = 7 };

const char *const syntaxes[] = {
    UID_RLELosslessTransferSyntax,      UID_JPEGProcess1TransferSyntax,
    UID_JPEGProcess2_4TransferSyntax,   UID_JPEGProcess14TransferSyntax,
    UID_JPEGProcess14SV1TransferSyntax, UID_JPEGLSLosslessTransferSyntax,
    UID_JPEGLSLossyTransferSyntax,      UID_JPEG2000LosslessOnlyTransferSyntax,
    UID_JPEG2000TransferSyntax,
};
const char *const photometrics[] = {"MONOCHROME1", "MONOCHROME2",  "PALETTE COLOR", "RGB",
                                    "YBR_FULL",    "YBR_FULL_422", "YBR_ICT",       "YBR_RCT"};

template <size_t count> const char *pick(const char *const (&from)[count], unsigned char which)
{
    return from[which % count];
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    if (size <= HEAD)
        return 0;
    const bool wide = (bytes[3] & 1) != 0;
    pixel_description pixels = {};

    pixels.rows = bytes[5] + 1u;
    pixels.columns = bytes[6] + 1u;
    pixels.frames = 1;
    pixels.samples = (bytes[2] & 1) != 0 ? 3 : 1;
    pixels.bits_allocated = wide ? 16 : 8;
    pixels.bits_stored = static_cast<uint16_t>(1 + (bytes[3] >> 1) % pixels.bits_allocated);
    pixels.high_bit = static_cast<uint16_t>(pixels.bits_stored - 1);
    pixels.is_signed = (bytes[4] & 1) != 0;
    pixels.photometric = pick(photometrics, bytes[1]);
    try {
        const image_pointer image =
            decode_frame(pick(syntaxes, bytes[0]), {bytes + HEAD, bytes + size}, pixels);

        clean_samples(pixels, *image);
        if (image->rows != bytes[5] + 1u || image->columns != bytes[6] + 1u)
            std::abort();
    } catch (const failure &f) {
        if (f.what.empty() || f.status == MEDTL_E_INTERNAL)
            std::abort();
    }
    return 0;
}

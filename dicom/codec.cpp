// Which transfer syntax is decoded by what.
#include "codec.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

using decoder = image_pointer (*)(const std::vector<unsigned char> &, pixel_description &);

// PS3.5 annex A.4; retired JPEG processes are decoded by the same library.
const struct {
    const char *transfer_syntax;
    decoder decode;
    bool is_lossy;
} decoders[] = {
    {UID_JPEGProcess1TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess2_4TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess3_5TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess6_8TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess7_9TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess10_12TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess11_13TransferSyntax, decode_jpeg, true},
    {UID_JPEGProcess14TransferSyntax, decode_jpeg, false},
    {UID_JPEGProcess14SV1TransferSyntax, decode_jpeg, false},
    {UID_JPEGLSLosslessTransferSyntax, decode_jpeg, false},
    {UID_JPEGLSLossyTransferSyntax, decode_jpeg, true},
    {UID_JPEG2000LosslessOnlyTransferSyntax, decode_jpeg2000, false},
    {UID_JPEG2000TransferSyntax, decode_jpeg2000, true},
    {UID_RLELosslessTransferSyntax, decode_rle, false},
};

// Newer than the dictionary of some versions of DCMTK (PS3.6 annex A).
const struct {
    const char *transfer_syntax, *name;
} not_decoded[] = {
    {"1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed"},
    {"1.2.840.10008.1.2.4.110", "JPEG XL Lossless"},
    {"1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"},
    {"1.2.840.10008.1.2.4.112", "JPEG XL"},
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 (Lossless Only)"},
    {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)"},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"},
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"},
};

const char *name_of(const std::string &transfer_syntax)
{
    for (const auto &known : not_decoded)
        if (transfer_syntax == known.transfer_syntax)
            return known.name;
    return dcmFindNameOfUID(transfer_syntax.c_str());
}

/// Where compressed pixels stand under the name of an uncompressed syntax, or those of one family under the name of the
/// other: what the codestream begins with. NULL: neither.
decoder decoder_of_start(const std::vector<unsigned char> &bytes)
{
    static const unsigned char jpeg[] = {0xFF, 0xD8, 0xFF}, jpeg2000[] = {0xFF, 0x4F, 0xFF, 0x51};

    if (bytes.size() > sizeof jpeg && std::memcmp(bytes.data(), jpeg, sizeof jpeg) == 0)
        return decode_jpeg;
    if (bytes.size() > sizeof jpeg2000 && std::memcmp(bytes.data(), jpeg2000, sizeof jpeg2000) == 0)
        return decode_jpeg2000;
    return nullptr;
}

bool is_uncompressed(const std::string &transfer_syntax)
{
    const DcmXfer syntax(transfer_syntax.c_str());

    return syntax.getXfer() != EXS_Unknown && !syntax.isEncapsulated();
}

} // namespace

image_pointer decode_frame(const std::string &transfer_syntax,
                           const std::vector<unsigned char> &bytes, pixel_description &pixels)
{
    const decoder by_start = decoder_of_start(bytes);

    for (const auto &known : decoders) {
        if (transfer_syntax != known.transfer_syntax)
            continue;
        pixels.saturates = known.is_lossy;
        return (by_start != nullptr && known.decode != decode_rle ? by_start
                                                                  : known.decode)(bytes, pixels);
    }
    if (by_start != nullptr && is_uncompressed(transfer_syntax))
        return by_start(bytes, pixels);
    const char *const name = name_of(transfer_syntax);
    fail(MEDTL_E_UNSUPPORTED, "transfer syntax %.64s%s%s%s is not decoded", transfer_syntax.c_str(),
         name == nullptr ? "" : " (", name == nullptr ? "" : name, name == nullptr ? "" : ")");
}

} // namespace medtl_dicom

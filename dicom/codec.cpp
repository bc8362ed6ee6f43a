// Which transfer syntax is decoded by what.
#include "codec.h"

namespace medtl_dicom
{
namespace
{

using decoder = image_pointer (*)(const std::vector<unsigned char> &, pixel_description &);

// PS3.5 annex A.4; retired JPEG processes are decoded by the same library.
const struct {
    const char *transfer_syntax;
    decoder decode;
} decoders[] = {
    {UID_JPEGProcess1TransferSyntax, decode_jpeg},
    {UID_JPEGProcess2_4TransferSyntax, decode_jpeg},
    {UID_JPEGProcess3_5TransferSyntax, decode_jpeg},
    {UID_JPEGProcess6_8TransferSyntax, decode_jpeg},
    {UID_JPEGProcess7_9TransferSyntax, decode_jpeg},
    {UID_JPEGProcess10_12TransferSyntax, decode_jpeg},
    {UID_JPEGProcess11_13TransferSyntax, decode_jpeg},
    {UID_JPEGProcess14TransferSyntax, decode_jpeg},
    {UID_JPEGProcess14SV1TransferSyntax, decode_jpeg},
    {UID_JPEGLSLosslessTransferSyntax, decode_jpeg},
    {UID_JPEGLSLossyTransferSyntax, decode_jpeg},
    {UID_JPEG2000LosslessOnlyTransferSyntax, decode_jpeg2000},
    {UID_JPEG2000TransferSyntax, decode_jpeg2000},
    {UID_RLELosslessTransferSyntax, decode_rle},
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

} // namespace

image_pointer decode_frame(const std::string &transfer_syntax,
                           const std::vector<unsigned char> &bytes, pixel_description &pixels)
{
    for (const auto &known : decoders)
        if (transfer_syntax == known.transfer_syntax)
            return known.decode(bytes, pixels);
    const char *const name = name_of(transfer_syntax);
    fail(MEDTL_E_UNSUPPORTED, "transfer syntax %.64s%s%s%s is not decoded", transfer_syntax.c_str(),
         name == nullptr ? "" : " (", name == nullptr ? "" : name, name == nullptr ? "" : ")");
}

} // namespace medtl_dicom

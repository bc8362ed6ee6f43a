// JPEG through DCMTK's decoders, called directly: what a host registered with DCMTK's codec list,
// and with which colour conversion, makes no difference here.
#include "codec.h"
#include "jpeg_header.h"

#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdecsv1.h>

#include <cstring>

namespace medtl_dicom
{
namespace
{

void check_against(const jpeg_header &codestream, const pixel_description &pixels)
{
    if (codestream.rows != pixels.rows || codestream.columns != pixels.columns)
        fail(MEDTL_E_FORMAT, "the JPEG codestream has %u x %u pixels, Rows and Columns say %u x %u",
             codestream.rows, codestream.columns, pixels.rows, pixels.columns);
    if (codestream.components != pixels.samples)
        fail(MEDTL_E_FORMAT,
             "the JPEG codestream has %u components, Samples per Pixel (0028,0002) says %u",
             codestream.components, pixels.samples);
    if (codestream.precision < 2 || codestream.precision > 16)
        fail(MEDTL_E_FORMAT, "the JPEG codestream has %u bits a sample", codestream.precision);
}

/// What DCMTK's decoders ask of a data set, and nothing else.
void fill_description(const pixel_description &pixels, unsigned sample_bytes, DcmDataset &data_set)
{
    const auto put = [&](const DcmTagKey &key, unsigned value) {
        require(data_set.putAndInsertUint16(key, static_cast<Uint16>(value)), MEDTL_E_INTERNAL,
                "cannot describe a frame");
    };

    put(DCM_Rows, pixels.rows);
    put(DCM_Columns, pixels.columns);
    put(DCM_SamplesPerPixel, pixels.samples);
    put(DCM_BitsAllocated, 8 * sample_bytes);
    put(DCM_BitsStored, std::min<unsigned>(pixels.bits_stored, 8 * sample_bytes));
    put(DCM_HighBit, std::min<unsigned>(pixels.bits_stored, 8 * sample_bytes) - 1);
    put(DCM_PixelRepresentation, pixels.is_signed);
    put(DCM_PlanarConfiguration, 0);
    require(data_set.putAndInsertString(DCM_PhotometricInterpretation, pixels.photometric.c_str()),
            MEDTL_E_INTERNAL, "cannot describe a frame");
}

/// An encapsulated Pixel Data of one frame in one fragment.
void fill_sequence(const jpeg_header &codestream, const std::vector<unsigned char> &bytes,
                   DcmPixelSequence &sequence)
{
    std::unique_ptr<DcmPixelItem> table(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));
    std::unique_ptr<DcmPixelItem> fragment(new DcmPixelItem(DcmTag(DCM_PixelItemTag)));
    const size_t lead = codestream.lead.size(), rest = bytes.size() - codestream.frame_at;
    const size_t size = lead + rest + (lead + rest) % 2; // DCMTK's items have even lengths
    Uint8 *to = nullptr;

    require(sequence.insert(table.get()), MEDTL_E_INTERNAL, "cannot hand a frame to the decoder");
    table.release();
    require(fragment->createUint8Array(static_cast<Uint32>(size), to), MEDTL_E_MEMORY,
            "out of memory for a compressed frame");
    to[size - 1] = 0; // a byte behind the end marker does no harm
    std::memcpy(to, codestream.lead.data(), lead);
    std::memcpy(to + lead, bytes.data() + codestream.frame_at, rest);
    require(sequence.insert(fragment.get()), MEDTL_E_INTERNAL,
            "cannot hand a frame to the decoder");
    fragment.release();
}

void run_decoder(const DcmCodec &codec, const DcmCodecParameter &parameter,
                 const jpeg_header &codestream, const std::vector<unsigned char> &bytes,
                 const pixel_description &pixels, unsigned sample_bytes, medtl_image &image)
{
    const size_t size = sample_count(image) * sample_bytes;
    DcmDataset data_set;
    DcmPixelSequence sequence(DcmTag(DCM_PixelData, EVR_OB));
    OFString color_model;
    Uint32 first_fragment = 1;

    fill_description(pixels, sample_bytes, data_set);
    fill_sequence(codestream, bytes, sequence);
    require(codec.decodeFrame(nullptr, &sequence, &parameter, &data_set, 0, first_fragment,
                              image.pixels, static_cast<Uint32>(size), color_model),
            MEDTL_E_FORMAT, "the compressed frame cannot be decoded");
}

/// What three components are. The Photometric Interpretation shall say it (PS3.5 8.2.1), but lossy files are
/// common whose YCbCr codestream is labelled RGB; then the codestream's own marks count.
void settle_color(const jpeg_header &codestream, pixel_description &pixels)
{
    if (pixels.samples != 3)
        return;
    if (pixels.photometric != "RGB")
        pixels.photometric = "YBR_FULL"; // chrominance has full resolution now
    if (codestream.is_lossless || codestream.is_jpeg_ls)
        return;
    if (codestream.adobe_transform >= 0)
        pixels.photometric = codestream.adobe_transform == 1 ? "YBR_FULL" : "RGB";
    else if (codestream.has_jfif || codestream.is_subsampled)
        pixels.photometric = "YBR_FULL";
    else if (codestream.is_named_rgb)
        pixels.photometric = "RGB";
}

} // namespace

image_pointer decode_jpeg(const std::vector<unsigned char> &bytes, pixel_description &pixels)
{
    const jpeg_header codestream = read_jpeg_header(bytes);
    const unsigned sample_bytes = codestream.precision > 8 ? 2 : 1;

    check_against(codestream, pixels);
    pixels.bits_stored =
        std::min<uint16_t>(pixels.bits_stored, static_cast<uint16_t>(codestream.precision));
    pixels.high_bit =
        std::min<uint16_t>(pixels.high_bit, static_cast<uint16_t>(codestream.precision - 1));
    pixels.saturates = pixels.saturates && !pixels.is_signed; // these codestreams know no signs
    image_pointer image;
    if (codestream.is_jpeg_ls) {
        image = decode_jpeg_ls(bytes, pixels);
    } else {
        image = make_image(pixels, sample_bytes);
        // The decoder for process 14 takes every process that its JPEG library knows, of 8, 12 and 16 bits.
        const DJCodecParameter parameter(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel);
        run_decoder(DJDecoderP14SV1(), parameter, codestream, bytes, pixels, sample_bytes, *image);
    }
    settle_color(codestream, pixels);
    return image;
}

} // namespace medtl_dicom

// JPEG 2000 through OpenJPEG, as DCMTK has no encoder for it.
#include "dataset.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace medtl_dicom
{
namespace
{

// A file in memory, as OpenJPEG wants to see it.
struct memory_file {
    std::vector<unsigned char> bytes;
    size_t at = 0;
};

OPJ_SIZE_T write(void *buffer, OPJ_SIZE_T size, void *user)
{
    memory_file &file = *static_cast<memory_file *>(user);

    try {
        if (file.at + size > file.bytes.size())
            file.bytes.resize(file.at + size);
    } catch (...) {
        return static_cast<OPJ_SIZE_T>(-1);
    }
    std::memcpy(file.bytes.data() + file.at, buffer, size);
    file.at += size;
    return size;
}

OPJ_BOOL seek(OPJ_OFF_T to, void *user)
{
    memory_file &file = *static_cast<memory_file *>(user);

    if (to < 0 || static_cast<size_t>(to) > file.bytes.size())
        return OPJ_FALSE;
    file.at = static_cast<size_t>(to);
    return OPJ_TRUE;
}

OPJ_OFF_T skip(OPJ_OFF_T by, void *user)
{
    return seek(static_cast<OPJ_OFF_T>(static_cast<memory_file *>(user)->at) + by, user) ? by : -1;
}

using image_handle = std::unique_ptr<opj_image_t, void (*)(opj_image_t *)>;
using codec_handle = std::unique_ptr<opj_codec_t, void (*)(opj_codec_t *)>;
using stream_handle = std::unique_ptr<opj_stream_t, void (*)(opj_stream_t *)>;

image_handle make_image(Uint16 rows, Uint16 columns, Uint16 bits, const Uint16 *pixels)
{
    opj_image_cmptparm_t component = {};

    component.dx = component.dy = 1;
    component.w = columns;
    component.h = rows;
    component.prec = bits;
    image_handle image(opj_image_create(1, &component, OPJ_CLRSPC_GRAY), opj_image_destroy);
    require(image != nullptr, MEDTL_E_MEMORY, "out of memory for JPEG 2000");
    image->x1 = columns;
    image->y1 = rows;
    std::copy_n(pixels, static_cast<size_t>(rows) * columns, image->comps[0].data);
    return image;
}

std::vector<unsigned char> codestream(opj_image_t *image)
{
    memory_file file;
    opj_cparameters_t parameters;
    codec_handle codec(opj_create_compress(OPJ_CODEC_J2K), opj_destroy_codec);
    stream_handle stream(opj_stream_default_create(OPJ_FALSE), opj_stream_destroy);

    require(codec != nullptr && stream != nullptr, MEDTL_E_MEMORY, "out of memory for JPEG 2000");
    opj_set_default_encoder_parameters(&parameters); // reversible 5/3 wavelet
    parameters.tcp_numlayers = 1;
    parameters.tcp_rates[0] = 0; // everything: lossless
    parameters.cp_disto_alloc = 1;
    opj_stream_set_user_data(stream.get(), &file, nullptr);
    opj_stream_set_write_function(stream.get(), write);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_stream_set_skip_function(stream.get(), skip);
    require(opj_setup_encoder(codec.get(), &parameters, image) &&
                opj_start_compress(codec.get(), image, stream.get()) &&
                opj_encode(codec.get(), stream.get()) &&
                opj_end_compress(codec.get(), stream.get()),
            MEDTL_E_INTERNAL, "OpenJPEG cannot encode the pixels");
    if (file.bytes.size() % 2 != 0)
        file.bytes.push_back(0); // fragments have even lengths
    return std::move(file.bytes);
}

} // namespace

void encode_jpeg2000(DcmDataset &dataset)
{
    Uint16 rows = 0, columns = 0, bits = 0;
    const Uint16 *pixels = nullptr;
    DcmElement *element = nullptr;

    require(dataset.findAndGetUint16(DCM_Rows, rows), MEDTL_E_INTERNAL, "Rows");
    require(dataset.findAndGetUint16(DCM_Columns, columns), MEDTL_E_INTERNAL, "Columns");
    require(dataset.findAndGetUint16(DCM_BitsStored, bits), MEDTL_E_INTERNAL, "Bits Stored");
    require(dataset.findAndGetUint16Array(DCM_PixelData, pixels), MEDTL_E_INTERNAL, "Pixel Data");
    require(dataset.findAndGetElement(DCM_PixelData, element), MEDTL_E_INTERNAL, "Pixel Data");

    const image_handle image = make_image(rows, columns, bits, pixels);
    std::vector<unsigned char> bytes = codestream(image.get());
    auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
    DcmOffsetList offsets;
    auto table = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));

    require(sequence->insert(table.get()), MEDTL_E_MEMORY, "out of memory for fragments");
    (void)table.release(); // now the sequence's
    require(
        sequence->storeCompressedFrame(offsets, bytes.data(), static_cast<Uint32>(bytes.size()), 0),
        MEDTL_E_MEMORY, "out of memory for fragments");
    static_cast<DcmPixelData *>(element)->putOriginalRepresentation(EXS_JPEG2000LosslessOnly,
                                                                    nullptr, sequence.release());
}

} // namespace medtl_dicom

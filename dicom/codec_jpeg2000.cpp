// JPEG 2000 through OpenJPEG, which undoes the colour transform of a codestream that has one.
#include "codec.h"

#include <openjpeg.h>

#include <cstring>

namespace medtl_dicom
{
namespace
{

struct codec_deleter {
    void operator()(opj_codec_t *codec) const { opj_destroy_codec(codec); }
};
struct stream_deleter {
    void operator()(opj_stream_t *stream) const { opj_stream_destroy(stream); }
};
struct opj_image_deleter {
    void operator()(opj_image_t *image) const { opj_image_destroy(image); }
};

struct cursor {
    const std::vector<unsigned char> &bytes;
    size_t at;
};

// OpenJPEG's callbacks.

OPJ_SIZE_T read_some(void *to, OPJ_SIZE_T count, void *user)
{
    cursor &from = *static_cast<cursor *>(user);
    const size_t left = from.bytes.size() - from.at;

    if (left == 0)
        return static_cast<OPJ_SIZE_T>(-1);
    count = std::min(count, left);
    std::memcpy(to, from.bytes.data() + from.at, count);
    from.at += count;
    return count;
}

OPJ_OFF_T skip_some(OPJ_OFF_T count, void *user)
{
    cursor &from = *static_cast<cursor *>(user);
    const OPJ_OFF_T left = static_cast<OPJ_OFF_T>(from.bytes.size() - from.at);

    if (count < 0)
        return -1;
    from.at += static_cast<size_t>(std::min(count, left));
    return std::min(count, left);
}

OPJ_BOOL seek_to(OPJ_OFF_T offset, void *user)
{
    cursor &from = *static_cast<cursor *>(user);

    if (offset < 0 || static_cast<size_t>(offset) > from.bytes.size())
        return OPJ_FALSE;
    from.at = static_cast<size_t>(offset);
    return OPJ_TRUE;
}

std::unique_ptr<opj_stream_t, stream_deleter> open_stream(cursor &from)
{
    std::unique_ptr<opj_stream_t, stream_deleter> stream(
        opj_stream_default_create(OPJ_STREAM_READ));

    if (!stream)
        throw std::bad_alloc();
    opj_stream_set_read_function(stream.get(), read_some);
    opj_stream_set_skip_function(stream.get(), skip_some);
    opj_stream_set_seek_function(stream.get(), seek_to);
    opj_stream_set_user_data(stream.get(), &from, nullptr);
    opj_stream_set_user_data_length(stream.get(), from.bytes.size());
    return stream;
}

/// Before memory is taken for pixels, the codestream must have the size that the header states.
void check_against(const opj_image_t &codestream, const pixel_description &pixels)
{
    if (codestream.numcomps != pixels.samples)
        fail(MEDTL_E_FORMAT,
             "the JPEG 2000 codestream has %u components, Samples per Pixel (0028,0002) says %u",
             codestream.numcomps, pixels.samples);
    for (unsigned i = 0; i < codestream.numcomps; i++) {
        const opj_image_comp_t &component = codestream.comps[i];

        require(component.dx == 1 && component.dy == 1, MEDTL_E_UNSUPPORTED,
                "JPEG 2000 with subsampled components");
        if (component.w != pixels.columns || component.h != pixels.rows)
            fail(MEDTL_E_FORMAT,
                 "the JPEG 2000 codestream has %u x %u pixels, Rows and Columns say %u x %u",
                 component.h, component.w, pixels.rows, pixels.columns);
        if (component.prec < 1 || component.prec > 16 || component.prec != codestream.comps[0].prec)
            fail(MEDTL_E_UNSUPPORTED, "JPEG 2000 with %u bits a sample", component.prec);
    }
}

template <typename sample>
void copy_component(const opj_image_comp_t &component, sample *to, size_t step)
{
    const size_t count = static_cast<size_t>(component.w) * component.h;

    for (size_t i = 0; i < count; i++)
        to[i * step] = static_cast<sample>(component.data[i]);
}

} // namespace

image_pointer decode_jpeg2000(const std::vector<unsigned char> &bytes, pixel_description &pixels)
{
    const bool boxed = bytes.size() > 12 && std::memcmp(bytes.data() + 4, "jP  ", 4) == 0;
    const std::unique_ptr<opj_codec_t, codec_deleter> codec(
        opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
    opj_dparameters_t parameters;
    cursor from = {bytes, 0};
    const auto stream = open_stream(from);
    opj_image_t *raw = nullptr;

    if (!codec)
        throw std::bad_alloc();
    opj_set_default_decoder_parameters(&parameters);
    parameters.flags |= OPJ_DPARAMETERS_IGNORE_PCLR_CMAP_CDEF_FLAG; // DICOM's own palette counts
    const bool readable = opj_setup_decoder(codec.get(), &parameters) &&
                          opj_read_header(stream.get(), codec.get(), &raw);
    const std::unique_ptr<opj_image_t, opj_image_deleter> decoded(raw);

    require(readable && raw != nullptr, MEDTL_E_FORMAT,
            "the compressed frame is no JPEG 2000 codestream");
    check_against(*raw, pixels);
    require(opj_decode(codec.get(), stream.get(), raw), MEDTL_E_FORMAT,
            "the JPEG 2000 frame cannot be decoded");
    check_against(*raw, pixels);

    const unsigned precision = raw->comps[0].prec;
    const unsigned sample_bytes = pixels.bits_allocated == 16 || precision > 8 ? 2 : 1;
    pixels.bits_stored = std::min<uint16_t>(pixels.bits_stored, static_cast<uint16_t>(precision));
    pixels.high_bit = static_cast<uint16_t>(pixels.bits_stored - 1);
    pixels.saturates = pixels.saturates && (raw->comps[0].sgnd != 0) == pixels.is_signed;
    image_pointer image = make_image(pixels, sample_bytes);
    for (unsigned i = 0; i < pixels.samples; i++) {
        require(raw->comps[i].data != nullptr, MEDTL_E_FORMAT,
                "the JPEG 2000 frame lacks a component");
        if (sample_bytes == 2)
            copy_component(raw->comps[i], static_cast<uint16_t *>(image->pixels) + i,
                           pixels.samples);
        else
            copy_component(raw->comps[i], static_cast<uint8_t *>(image->pixels) + i,
                           pixels.samples);
    }
    // YBR_ICT and YBR_RCT name the transform that is undone now (PS3.5 8.2.4).
    if (pixels.photometric == "YBR_ICT" || pixels.photometric == "YBR_RCT")
        pixels.photometric = "RGB";
    else if (pixels.photometric == "YBR_FULL_422")
        pixels.photometric = "YBR_FULL";
    return image;
}

} // namespace medtl_dicom

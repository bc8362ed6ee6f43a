// From the bytes of a JPEG or PNG file to what Pixel Data will hold.
#include "picture.h"

#include "core/base/exif.h"
#include "decode.h"
#include "dicom/jpeg_header.h"

#include <cstdlib>
#include <cstring>
#include <memory>

namespace medtl_dicom
{
namespace
{

constexpr unsigned marker_app0 = 0xE0, marker_app1 = 0xE1, marker_app2 = 0xE2, marker_app14 = 0xEE,
                   marker_app15 = 0xEF, marker_com = 0xFE, marker_sos = 0xDA;
constexpr size_t icc_head = 14; // "ICC_PROFILE", a zero, a number and a count (ICC.1 annex B.4)

/// Segment by segment up to the scan: what describes the codestream stays, what tells of its making is left out.
class jpeg_cleaner
{
  public:
    jpeg_cleaner(const std::vector<unsigned char> &file, const jpeg_header &header)
    {
        clean({0xFF, 0xD8}, {header.lead.begin() + 2, header.lead.end()});
        clean({}, {file.begin() + static_cast<ptrdiff_t>(header.frame_at), file.end()});
    }

    std::vector<unsigned char> bytes, icc_profile;
    unsigned orientation = 1;

  private:
    void clean(const std::vector<unsigned char> &before, const std::vector<unsigned char> &from);
    bool keep(unsigned marker, const unsigned char *segment, size_t size);
};

/// @param segment  Behind its length. @return whether it stays.
bool jpeg_cleaner::keep(unsigned marker, const unsigned char *segment, size_t size)
{
    if (marker == marker_app1 && orientation == 1)
        orientation = medtl_exif_orientation(segment, size);
    if (marker == marker_app2 && size > icc_head && std::memcmp(segment, "ICC_PROFILE", 12) == 0)
        icc_profile.insert(icc_profile.end(), segment + icc_head, segment + size);
    return marker == marker_app0 || marker == marker_app14 ||
           !((marker >= marker_app1 && marker <= marker_app15) || marker == marker_com);
}

void jpeg_cleaner::clean(const std::vector<unsigned char> &before,
                         const std::vector<unsigned char> &from)
{
    size_t at = 0;

    bytes.insert(bytes.end(), before.begin(), before.end());
    while (at + 4 <= from.size() && from[at] == 0xFF && from[at + 1] != marker_sos) {
        const size_t length = static_cast<size_t>(from[at + 2] << 8 | from[at + 3]);

        if (length < 2 || length > from.size() - at - 2)
            break;
        if (keep(from[at + 1], &from[at + 4], length - 2))
            bytes.insert(bytes.end(), from.begin() + static_cast<ptrdiff_t>(at),
                         from.begin() + static_cast<ptrdiff_t>(at + 2 + length));
        at += 2 + length;
    }
    bytes.insert(bytes.end(), from.begin() + static_cast<ptrdiff_t>(at), from.end());
}

/// The transfer syntax of a codestream (PS3.5 A.4.1); EXS_Unknown where DICOM has none.
E_TransferSyntax syntax_of(unsigned frame_marker)
{
    switch (frame_marker) {
    case 0xC0:
        return EXS_JPEGProcess1;
    case 0xC1:
        return EXS_JPEGProcess2_4;
    case 0xC3:
        return EXS_JPEGProcess14;
    default:
        return EXS_Unknown;
    }
}

std::string photometric_of(const jpeg_header &header)
{
    if (header.components == 1)
        return "MONOCHROME2";
    if (header.adobe_transform == 0 || (header.adobe_transform < 0 && header.is_named_rgb) ||
        header.is_lossless)
        return "RGB";
    return header.is_subsampled ? "YBR_FULL_422" : "YBR_FULL";
}

struct raster_owner : medtl_raster {
    ~raster_owner() { std::free(bytes); }
};

void take_samples(const medtl_raster &raster, wrapped_picture &picture)
{
    picture.rows = static_cast<Uint16>(raster.rows);
    picture.columns = static_cast<Uint16>(raster.columns);
    picture.samples = raster.samples;
    picture.bits = raster.bits;
    picture.photometric = raster.samples == 3 ? "RGB" : "MONOCHROME2";
    picture.syntax = EXS_LittleEndianExplicit;
    picture.bytes.assign(raster.bytes, raster.bytes + raster.size);
}

} // namespace

wrapped_picture read_jpeg_picture(const std::vector<unsigned char> &file, bool gray)
{
    const jpeg_header header = read_jpeg_header(file);
    jpeg_cleaner cleaned(file, header);
    wrapped_picture picture = {};
    medtl_error error;

    if (cleaned.orientation != 1)
        fail(MEDTL_E_UNSUPPORTED, "is turned by its Exif orientation (%u); turn its pixels first",
             cleaned.orientation);
    require(header.components == 1 || header.components == 3, MEDTL_E_UNSUPPORTED,
            "a JPEG of neither 1 nor 3 components");
    require(header.rows > 0 && header.columns > 0, MEDTL_E_FORMAT, "a JPEG without a size");
    picture.syntax = syntax_of(file[header.frame_at + 1]);
    if (picture.syntax == EXS_Unknown || (gray && header.components == 3)) {
        raster_owner raster;

        if (medtl_decode_jpeg(file.data(), file.size(), gray, &raster, &error) != MEDTL_OK)
            throw failure{error.status, error.message};
        take_samples(raster, picture);
    } else {
        picture.rows = static_cast<Uint16>(header.rows);
        picture.columns = static_cast<Uint16>(header.columns);
        picture.samples = static_cast<Uint16>(header.components);
        picture.bits = static_cast<Uint16>(header.precision);
        picture.photometric = photometric_of(header);
        picture.bytes = cleaned.bytes;
    }
    picture.lossy = !header.is_lossless;
    picture.lossy_ratio = static_cast<double>(header.rows) * header.columns * header.components *
                          (header.precision > 8 ? 2 : 1) / static_cast<double>(file.size());
    if (picture.samples == 3)
        picture.icc_profile = cleaned.icc_profile;
    return picture;
}

wrapped_picture read_png_picture(const std::vector<unsigned char> &file, bool gray)
{
    wrapped_picture picture = {};
    raster_owner raster;
    medtl_error error;

    if (medtl_decode_png(file.data(), file.size(), gray, &raster, &error) != MEDTL_OK)
        throw failure{error.status, error.message};
    take_samples(raster, picture);
    return picture;
}

} // namespace medtl_dicom

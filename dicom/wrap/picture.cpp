// From the bytes of a JPEG or PNG file to what Pixel Data will hold.
#include "picture.h"

#include "core/base/exif.h"
#include "decode.h"
#include "dicom/jpeg_header.h"
#include "dicom/jpeg_walk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace medtl_dicom
{
namespace
{

constexpr size_t icc_head = 14;    // "ICC_PROFILE", a zero, a number and a count (ICC.1 annex B.4)
constexpr size_t segment_head = 4; // a marker and a length
constexpr size_t jfif_thumbnail = 12; // columns and rows, in JFIF's content

/// Segment by segment up to the picture's end: what describes the codestream stays, what tells of its making is left out,
/// and so is what a phone appends: a second picture with an Exif of its own, a film.
class jpeg_cleaner
{
  public:
    explicit jpeg_cleaner(const std::vector<unsigned char> &file);

    std::vector<unsigned char> bytes, icc_profile;
    unsigned orientation = 1;

  private:
    void read_application(unsigned code, const unsigned char *content, size_t size);
    void append(const unsigned char *from, size_t size)
    {
        bytes.insert(bytes.end(), from, from + size);
    }
    void append_application(unsigned code, const unsigned char *content, size_t size);
};

void jpeg_cleaner::read_application(unsigned code, const unsigned char *content, size_t size)
{
    if (code == jpeg_app1 && orientation == 1)
        orientation = medtl_exif_orientation(content, size);
    if (code == jpeg_app2 && size > icc_head && std::memcmp(content, "ICC_PROFILE", 12) == 0)
        icc_profile.insert(icc_profile.end(), content + icc_head, content + size);
}

/// Cut down to what decoders read. The ICC profile becomes an attribute.
void jpeg_cleaner::append_application(unsigned code, const unsigned char *content, size_t size)
{
    const size_t kept = code == jpeg_app2 ? 0 : jpeg_application_head(code, content, size);
    const size_t length = kept + 2;

    if (kept == 0)
        return;
    bytes.insert(bytes.end(),
                 {0xFF, static_cast<unsigned char>(code), static_cast<unsigned char>(length >> 8),
                  static_cast<unsigned char>(length & 0xFF)});
    append(content, kept);
    if (code == jpeg_app0 && kept > jfif_thumbnail)
        std::fill(bytes.end() - static_cast<ptrdiff_t>(kept - jfif_thumbnail), bytes.end(),
                  static_cast<unsigned char>(0));
}

jpeg_cleaner::jpeg_cleaner(const std::vector<unsigned char> &file)
{
    jpeg_walk walk(file.data(), file.size());
    jpeg_piece piece;

    while (walk.next(piece)) {
        const unsigned char *const from = file.data() + piece.at;

        if (piece.code >= jpeg_app0 && piece.code <= jpeg_app15) {
            read_application(piece.code, from + segment_head, piece.size - segment_head);
            append_application(piece.code, from + segment_head, piece.size - segment_head);
        } else if (piece.code != jpeg_comment && piece.kind != jpeg_piece::stray) {
            append(from, piece.size);
        }
    }
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
    const jpeg_cleaner cleaned(file);
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

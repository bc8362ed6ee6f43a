// What a compressed frame is, and the texts of JPEG and JPEG-LS.
#include "codestream.h"

#include "dicom/bridge_internal.h"
#include "dicom/jpeg_walk.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

/// ITU-T T.81 B.2.4: comments, and application segments but for what decoders read of them.
void blank_segment(const jpeg_piece &piece, unsigned char *content, size_t size)
{
    if (piece.code == jpeg_comment || (piece.code >= jpeg_app0 && piece.code <= jpeg_app15)) {
        const size_t kept = jpeg_application_head(piece.code, content, size);

        std::memset(content + kept, ' ', size - kept);
    }
}

void clean_jpeg(unsigned char *bytes, size_t size)
{
    jpeg_walk walk(bytes, size);
    jpeg_piece piece;

    while (walk.next(piece)) {
        if (piece.kind == jpeg_piece::segment)
            blank_segment(piece, bytes + piece.at + 4, piece.size - 4);
        else if (piece.kind == jpeg_piece::stray)
            std::memset(bytes + piece.at, 0, piece.size);
    }
    std::memset(bytes + walk.at(), 0, size - walk.at());
}

bool begins_with(const unsigned char *bytes, size_t size, const char *start, size_t start_size)
{
    return size >= start_size && std::memcmp(bytes, start, start_size) == 0;
}

} // namespace

void clean_codestream(unsigned char *bytes, size_t size)
{
    if (begins_with(bytes, size, "\xFF\xD8", 2))
        clean_jpeg(bytes, size);
    else if (begins_with(bytes, size, "\xFF\x4F", 2))
        clean_jpeg2000(bytes, size);
    else if (begins_with(bytes, size, "\0\0\0\x0CjP  ", 8))
        clean_jp2(bytes, size);
    else
        fail(MEDTL_E_FORMAT, "begins neither as JPEG nor as JPEG 2000");
}

} // namespace medtl_dicom

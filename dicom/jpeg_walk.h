// A JPEG or JPEG-LS codestream piece by piece, all scans, up to its end (ITU-T T.81 annex B, T.87 annex C).
#ifndef MEDTL_DICOM_JPEG_WALK_H
#define MEDTL_DICOM_JPEG_WALK_H

#include <cstddef>

namespace medtl_dicom
{

struct jpeg_piece {
    enum kind_type {
        segment, ///< a marker, a length of two bytes, content
        marker,  ///< a marker alone: SOI, EOI ...
        scan,    ///< entropy-coded data with their restart markers
        stray    ///< bytes between segments, which decoders step over
    } kind;
    unsigned code; ///< of the marker, without its 0xFF
    size_t at, size;
};

/// Fill bytes before a marker (T.81 B.1.1.2) are in no piece. Every length is checked.
class jpeg_walk
{
  public:
    /// The bytes are borrowed. Throws failure where no codestream begins.
    jpeg_walk(const unsigned char *bytes, size_t size);

    /// @return false behind EOI. Throws failure (MEDTL_E_FORMAT) for what is damaged, is cut off, has no scan or has a
    /// marker that the standards do not know.
    bool next(jpeg_piece &piece);

    /// Where the next piece begins; behind EOI once next() is false.
    size_t at() const { return at_; }

  private:
    const unsigned char *bytes_;
    size_t size_, at_ = 0;
    bool in_scan_ = false, has_scan_ = false, is_jpeg_ls_ = false, ended_ = false;

    bool is_marker(unsigned code, size_t run) const;
    size_t find_marker() const;
    jpeg_piece take(jpeg_piece::kind_type kind, unsigned code, size_t size);
    jpeg_piece take_segment(unsigned code);
};

/// How many bytes from its content's start make an application segment one that decoders read: JFIF without its
/// thumbnail, an ICC profile, the colour transforms of JPEG-LS and Adobe. 0: nothing does.
size_t jpeg_application_head(unsigned code, const unsigned char *content, size_t size);

constexpr unsigned jpeg_app0 = 0xE0, jpeg_app1 = 0xE1, jpeg_app2 = 0xE2, jpeg_app15 = 0xEF,
                   jpeg_comment = 0xFE;

} // namespace medtl_dicom

#endif

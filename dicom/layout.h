// Where things lie in a DICOM file: the file meta information, the data set's encoding, Pixel Data.
//
// DCMTK parses the attributes; this walk comes first and reads only tags and lengths. It refuses claims
// that no honest file makes (a value beyond the file's end, sequences nested without end: DCMTK would
// allocate or recurse as told), leaves out what nobody here needs (huge values, the icon) and finds
// Pixel Data, so that a header costs one small read and a frame is read straight from its place.
#ifndef MEDTL_DICOM_LAYOUT_H
#define MEDTL_DICOM_LAYOUT_H

#include "bridge_internal.h"
#include "source.h"

#include "medtl/limits.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace medtl_dicom
{

struct encoding {
    bool explicit_vr;
    bool big_endian;
};

constexpr uint32_t undefined_length = 0xFFFFFFFFu;

/// A whole top-level element, its tag and length included.
struct kept_element {
    DcmTagKey tag;
    size_t at, size;
};

/// Which top-level elements a caller needs. DCMTK takes far longer to parse one than the walk to step over it.
using tag_filter = std::function<bool(const DcmTagKey &)>;

struct file_layout {
    std::string transfer_syntax;   ///< as stated, else as detected
    std::string media_class;       ///< Media Storage SOP Class UID (0002,0002); may be empty
    bool is_directory = false;     ///< a DICOMDIR
    bool bare = false;             ///< neither preamble nor file meta information
    encoding form = {true, false}; ///< of the data set
    std::vector<unsigned char>
        header; ///< the data set's top-level elements before Pixel Data, large values left out
    std::vector<kept_element> elements; ///< where each lies in `header`

    bool has_pixel_data = false;
    bool has_float_pixels = false; ///< (7FE0,0008) or (7FE0,0009)
    bool pixels_are_words =
        true; ///< VR OW: in big endian, swapped two by two also where 8 bits are allocated
    uint64_t pixels_at = 0;     ///< the first byte of Pixel Data's value, in dicom_file::data()
    uint32_t pixels_length = 0; ///< undefined_length: encapsulated
    uint64_t extended_offsets_at = 0; ///< Extended Offset Table (7FE0,0001)
    uint32_t extended_offsets_length = 0;
};

/// Copy the elements that `wanted` accepts, as encoded.
std::vector<unsigned char> pick_elements(const file_layout &layout, const tag_filter &wanted);

/// Parse encoded elements. No bytes give an empty data set. Throws failure.
std::unique_ptr<DcmDataset> parse_elements(const std::vector<unsigned char> &bytes, encoding form);

/// A file that was found to be DICOM, open for reading. Not for two threads at once.
class dicom_file
{
  public:
    /// Throws failure: MEDTL_E_IO, MEDTL_E_NOT_DICOM, MEDTL_E_FORMAT.
    dicom_file(std::unique_ptr<byte_source> bytes, const medtl_limits &limits);
    /// The bytes are borrowed for the lifetime of the object.
    dicom_file(const unsigned char *bytes, size_t size, const medtl_limits &limits);

    const file_layout &layout() const { return layout_; }
    const medtl_limits &limits() const { return limits_; }

    /// The bytes that the layout's offsets refer to: the file, or its inflated data set.
    byte_source &data() { return inflated_ ? *inflated_ : *file_; }

    /// Parse those attributes of the header that `wanted` accepts. Throws failure.
    std::unique_ptr<DcmDataset> parse_header(const tag_filter &wanted) const;

  private:
    const medtl_limits limits_;
    std::unique_ptr<byte_source> file_;
    std::unique_ptr<byte_source> inflated_;
    file_layout layout_;

    void explore();
};

} // namespace medtl_dicom

#endif

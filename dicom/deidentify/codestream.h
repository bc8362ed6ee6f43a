// Texts inside compressed frames: writers put names of programs there, cameras dates and places, phones whole pictures behind the
// end. They are overwritten in place, so that no length and no offset changes.
//
// Each function takes one whole frame and throws failure (MEDTL_E_FORMAT) for one that cannot be walked to its end: what it
// holds could not be vouched for. The entropy-coded data themselves are not decoded.
#ifndef MEDTL_DEIDENTIFY_CODESTREAM_H
#define MEDTL_DEIDENTIFY_CODESTREAM_H

#include <cstddef>
#include <cstdint>

namespace medtl_dicom
{

/// JPEG, JPEG-LS, or JPEG 2000 with or without boxes, as its first bytes say.
void clean_codestream(unsigned char *bytes, size_t size);

/// A codestream that begins with SOC, or a file that begins with a signature box (ITU-T T.800 annexes A and I).
/// High-Throughput JPEG 2000 (T.814) has the same structure. (codestream_jpeg2000.cpp)
void clean_jpeg2000(unsigned char *bytes, size_t size);
void clean_jp2(unsigned char *bytes, size_t size);

/// PS3.5 annex G has no texts, but room between and behind the segments. @param plane  Rows times Columns.
/// (codestream_rle.cpp)
void clean_rle(unsigned char *bytes, size_t size, uint64_t plane);

} // namespace medtl_dicom

#endif

// The walk over the data elements of one data set (layout.h says why).
#ifndef MEDTL_DICOM_WALK_H
#define MEDTL_DICOM_WALK_H

#include "layout.h"

namespace medtl_dicom
{

/// One tag with its length, decoded. Nothing is checked but that the bytes are there.
struct element_head {
    DcmTagKey tag;
    char vr[3];        ///< "" in implicit VR and for items and delimiters
    uint64_t value_at; ///< offset of the value
    uint32_t length;   ///< may be undefined_length
};

/// @return false where fewer bytes are left than a head needs.
bool read_element_head(byte_source &source, uint64_t at, encoding form, element_head &head);

/// Is `vr` one that the Standard knows (PS3.5 6.2)?
bool is_standard_vr(const char *vr);

/// Walk the data set that starts at `at` up to Pixel Data or the end; fills in the layout's header and
/// what it says of pixels. `form` must be set. Throws failure (MEDTL_E_FORMAT).
void walk_data_set(byte_source &source, uint64_t at, const medtl_limits &limits,
                   file_layout &layout);

} // namespace medtl_dicom

#endif

// Look-up tables of the Standard: a descriptor and data, whole or segmented.
#ifndef MEDTL_DICOM_LUT_H
#define MEDTL_DICOM_LUT_H

#include "bridge_internal.h"

#include "medtl/image.h"

namespace medtl_dicom
{

/// Read a table (PS3.3 C.11.1.1, C.7.6.3.1.5). `lut` must be empty; on success it owns the entries.
/// @param signed_input  Descriptors hold the first mapped value in 16 bits; are they signed?
/// @return false where the table is absent or damaged; `lut` is empty then.
bool read_lut(DcmItem &item, const DcmTagKey &descriptor, const DcmTagKey &data, bool signed_input,
              medtl_lut &lut);

/// As read_lut(), for a Segmented Palette Color Lookup Table (PS3.3 C.7.9.2).
bool read_segmented_lut(DcmItem &item, const DcmTagKey &descriptor, const DcmTagKey &data,
                        bool signed_input, medtl_lut &lut);

} // namespace medtl_dicom

#endif

// A finished file as bytes: PS3.10, Explicit VR Little Endian.
#ifndef MEDTL_REPORT_SERIALISE_H
#define MEDTL_REPORT_SERIALISE_H

#include "dicom/bridge_internal.h"

namespace medtl_dicom
{

/// @param software_version  For Implementation Version Name; NULL is allowed.
/// @param[out] bytes        Owned by the caller (std::free). Throws failure.
void serialise(DcmFileFormat &file, const char *software_version, unsigned char *&bytes,
               size_t &size);

} // namespace medtl_dicom

#endif

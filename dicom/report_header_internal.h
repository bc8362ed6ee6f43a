// Between the instance's reader and report_header.cpp.
#ifndef MEDTL_DICOM_REPORT_HEADER_INTERNAL_H
#define MEDTL_DICOM_REPORT_HEADER_INTERNAL_H

#include "instance_internal.h"

namespace medtl_dicom {

/// Pick from a whole header what report_header() gives back, encoded as Explicit VR Little Endian. Throws failure.
std::vector<unsigned char> encode_report_header(DcmItem &header);

} // namespace medtl_dicom

#endif

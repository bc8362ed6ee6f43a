// Between the instance's reader and report_header.cpp.
#ifndef MEDTL_DICOM_REPORT_HEADER_INTERNAL_H
#define MEDTL_DICOM_REPORT_HEADER_INTERNAL_H

#include "instance_internal.h"
#include "layout.h"

namespace medtl_dicom
{

/// Does report_header() give this attribute back?
bool is_in_report_header(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif

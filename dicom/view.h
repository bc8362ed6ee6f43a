// The mammography view of an image (PS3.16 CID 4014).
#ifndef MEDTL_DICOM_VIEW_H
#define MEDTL_DICOM_VIEW_H

#include "attributes.h"

namespace medtl_dicom
{

/// From View Code Sequence (SCT, or the older SRT and SNM3 codes), else from View Position's text. A code
/// that is in no table is given as it stands; no view at all leaves `view` empty.
void read_view(DcmItem &data_set, utf8_converter &utf8, medtl_code &view);

/// "CC", "MLO" ... for a view as read_view() gives it; NULL where the table has none.
const char *short_view_name(const medtl_code &view);

} // namespace medtl_dicom

#endif

// The mammography view of an image (PS3.16 CID 4014) and how it was taken (CID 4015).
#ifndef MEDTL_DICOM_VIEW_H
#define MEDTL_DICOM_VIEW_H

#include "attributes.h"
#include "wording.h"

namespace medtl_dicom
{

/// From View Code Sequence (SCT, or the older SRT and SNM3 codes; else its meaning), else from View Position's
/// text. A code that is in no table is given as it stands, unless View Position knows better; no view at all
/// leaves `view` empty.
void read_view(DcmItem &data_set, utf8_converter &utf8, medtl_code &view);

/// The short name of what read_view() finds; "" where it is in no table.
std::string view_name_of(DcmItem &data_set);

/// Fill in a view by its name, "CC". @return false for a name that is in no table.
bool name_view(const std::string &name, medtl_code &view);

/// "CC", "MLO" ... for a view as read_view() gives it; NULL where the table has none.
const char *short_view_name(const medtl_code &view);

/// What View Modifier Code Sequence says, wherever it stands; of medtl_view_modifier.
unsigned coded_modifiers(DcmItem &data_set);

} // namespace medtl_dicom

#endif

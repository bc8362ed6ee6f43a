// What photographs of skin say of how and of what they were taken.
#ifndef MEDTL_DICOM_SKIN_H
#define MEDTL_DICOM_SKIN_H

#include "attributes.h"

namespace medtl_dicom
{

/// Fill in polarization, contact, immersion, magnification, site, tracking and whether there is an ICC profile.
void read_skin(DcmItem &header, utf8_converter &utf8, medtl_facts &facts);

/// Does read_skin() need this attribute?
bool tells_of_skin(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif

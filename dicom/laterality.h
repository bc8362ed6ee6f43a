// Which side of the body an image or one of its frames shows.
#ifndef MEDTL_DICOM_LATERALITY_H
#define MEDTL_DICOM_LATERALITY_H

#include "attributes.h"

namespace medtl_dicom
{

/// From the frame's anatomy (functional groups), Image Laterality, Laterality, or the coded anatomy with its
/// modifiers; of a mammogram else from View Position ("RCC"), Patient Orientation, or Series Description. @param frame  0-based.
medtl_laterality laterality_of(DcmItem &data_set, unsigned long frame);

/// Does laterality_of() need this attribute, beside functional groups?
bool tells_laterality(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif

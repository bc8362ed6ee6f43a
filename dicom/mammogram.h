// Is an image a mammogram, of which kind, and what do its less certain attributes say of side and view?
#ifndef MEDTL_DICOM_MAMMOGRAM_H
#define MEDTL_DICOM_MAMMOGRAM_H

#include "attributes.h"
#include "wording.h"

namespace medtl_dicom
{

/// By modality or SOP class; an X-ray image of other kinds by body part or view.
bool is_mammogram(DcmItem &header);

/// MEDTL_KIND_OTHER where it is no mammogram. @param frames  Of the image.
medtl_kind kind_of(DcmItem &header, unsigned long frames);

/// Bits of medtl_view_modifier, from codes, magnification, Partial View, View Position and Series Description.
unsigned view_modifiers_of(DcmItem &header);

/// Side and view from Patient Orientation by the way mammograms are hung (IHE Mammography Image, RAD TF-2
/// 4.16.4.2.2.1.1.2: chest wall at the outer edge, axilla up), and from Series Description. For what no attribute of
/// its own says.
wording guess_side_and_view(DcmItem &header);

/// Do these functions need this attribute?
bool tells_of_mammogram(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif

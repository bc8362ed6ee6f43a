// What people's words say of a mammogram: View Position, code meanings, and, last of all, Series Description.
#ifndef MEDTL_DICOM_WORDING_H
#define MEDTL_DICOM_WORDING_H

#include "bridge_internal.h"

#include "medtl/study.h"

#include <string>

namespace medtl_dicom
{

/// What a text says; each part may be missing.
struct wording {
    medtl_laterality side = MEDTL_LATERALITY_NONE;
    std::string view;       ///< "CC", "MLO" ...; empty: none, or several
    unsigned modifiers = 0; ///< of medtl_view_modifier
    medtl_kind kind = MEDTL_KIND_OTHER;
};

/// Upper case ASCII; all that is neither letter nor digit becomes one space; one space at both ends.
std::string plain_words(const std::string &text);

/// View Position is free text: "MLO", "mlo", "R MLO", "RCC", and the labels of the ACR's film stickers, "MCC"
/// (magnification), "LSMLO" (spot), "RCCID" (implant displaced). A letter for the side is taken off only where
/// the whole is no view itself: "LM" is latero-medial.
wording read_view_position(const std::string &text);

/// Series Description: "L MLO", "MAMMO RIGHT CC C-View", "RCC Tomosynthesis Reconstruction". A text that names
/// both sides, or two views, names neither.
wording read_description(const std::string &text);

} // namespace medtl_dicom

#endif

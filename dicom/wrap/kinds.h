// The kinds of objects that a picture can become, and what follows from a kind.
#ifndef MEDTL_WRAP_KINDS_H
#define MEDTL_WRAP_KINDS_H

namespace medtl_dicom
{

/// An attribute with the value that holds unless another is given. Ends with keyword NULL.
struct wrap_preset {
    const char *keyword, *value; ///< value NULL: must be given
};

struct wrap_kind {
    const char *name, *sop_class;
    const wrap_preset *presets;
    bool gray;
};

// Type 2 attributes of the Patient, General Study, General Series, General Equipment and General Image modules:
// empty where nobody said more.
extern const wrap_preset presets_of_every_kind[];

/// By its name (wrap.h). Throws MEDTL_E_ARGUMENT where there is none.
const wrap_kind &find_kind(const char *name);

} // namespace medtl_dicom

#endif

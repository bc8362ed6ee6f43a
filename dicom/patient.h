// Who an object is of, for what must not take two patients for one.
#ifndef MEDTL_DICOM_PATIENT_H
#define MEDTL_DICOM_PATIENT_H

#include "bridge_internal.h"

#include <string>

namespace medtl_dicom
{

/// What tells patients apart, as written in the data set but for surrounding spaces; "" where absent.
struct patient {
    std::string id, issuer, name, birth_date;
};

patient patient_of(DcmItem &data_set);

/// The same with what the texts mean, and so without the data set that gives their character set.
struct identity {
    patient raw, utf8;
};

identity identity_of(DcmItem &data_set);

/// Are two objects of one study of the same patient? In doubt they are not: a report that is refused is seen, one on two
/// patients' images is not. Texts are compared across character sets.
bool is_same_patient(const identity &one, const identity &other);
bool is_same_patient(DcmItem &one, DcmItem &other);

} // namespace medtl_dicom

#endif

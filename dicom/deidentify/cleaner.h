// What de-identifying one object needs to know, and its steps.
#ifndef MEDTL_DEIDENTIFY_CLEANER_H
#define MEDTL_DEIDENTIFY_CLEANER_H

#include "deidentify.h"
#include "pseudonym.h"

#include "dicom/bridge_internal.h"

#include <string>
#include <vector>

struct medtl_deidentifier {
    medtl_pseudonym_key key;
    medtl_limits limits;
    bool shift_dates, keep_patient_characteristics, allow_burned_in;
};

namespace medtl_dicom
{

/// Of one object.
struct subject {
    const medtl_deidentifier &options;
    std::string pseudonym; ///< of the patient
    unsigned days;         ///< that dates go back by
    bool ours;             ///< medtl wrote it: its texts name nobody
};

/// Who the object is of.
subject subject_of(const medtl_deidentifier &options, DcmItem &data_set);

/// Apply the profile to all attributes, nested ones too. (attributes.cpp)
void clean_attributes(DcmItem &item, const subject &who, unsigned depth = 0);

/// Texts of one content item of a Structured Report; what it contains is clean_attributes()'s. (content.cpp)
void clean_content_item(DcmItem &item, const subject &who);

/// Dates and times as the options say, whatever their VR. Values that are no dates become empty. (dates.cpp)
std::string cleaned_date(const std::string &values, DcmEVR vr, const subject &who);

/// What says nothing in place of a date, a time or both. (dates.cpp)
std::string dummy_date(DcmEVR vr);

/// Birth date, age and sex where one content item says them, once its attributes are cleaned: a birth date is a dummy that no
/// option moves, age and sex stay under their option, the age up to 90 years. (characteristics.cpp)
void clean_characteristic(DcmItem &item, const subject &who);

/// Patient's Age, 90 years at most; "" for what is no age. (characteristics.cpp)
std::string cleaned_age(const std::string &value);

/// One item with a code that says nothing, in place of all. (attributes.cpp)
void put_dummy_code(DcmSequenceOfItems &codes);

/// Say what was done: Patient Identity Removed and its siblings (PS3.15 E.1.1 step 6). (statement.cpp)
void write_statement(DcmItem &data_set, const subject &who, bool is_report);

} // namespace medtl_dicom

#endif

// A Patient ID means nothing without its issuer (PS3.3 C.7.1.1), and is type 2: it may be empty.
#include "patient.h"

#include "attributes.h"
#include "instance_internal.h"

namespace medtl_dicom
{
namespace
{

constexpr char replacement[] =
    "\xEF\xBF\xBD"; // what utf8_converter makes of bytes that are no text

/// PS3.5 6.2.1.2: trailing empty components and groups of a name may be left out.
std::string without_empty_end(const std::string &name)
{
    std::string kept;

    for (const char c : name) {
        if (c == '=')
            kept.erase(kept.find_last_not_of('^') + 1);
        kept += c;
    }
    kept.erase(kept.find_last_not_of("^=") + 1);
    return kept;
}

/// The same text, be it in two character sets. Bytes that are no text are equal to the same bytes only.
bool is_same_text(const identity &one, const identity &other, std::string patient::*text)
{
    return one.raw.*text == other.raw.*text ||
           ((one.utf8.*text).find(replacement) == std::string::npos &&
            one.utf8.*text == other.utf8.*text);
}

} // namespace

patient patient_of(DcmItem &data_set)
{
    return {text_value(data_set, DCM_PatientID), text_value(data_set, DCM_IssuerOfPatientID),
            text_values(data_set, DCM_PatientName), text_value(data_set, DCM_PatientBirthDate)};
}

identity identity_of(DcmItem &data_set)
{
    const patient raw = patient_of(data_set);
    utf8_converter to_utf8(data_set);

    return {raw,
            {to_utf8(raw.id), to_utf8(raw.issuer), without_empty_end(to_utf8(raw.name)),
             raw.birth_date}};
}

bool is_same_patient(const identity &one, const identity &other)
{
    const bool same_person =
        is_same_text(one, other, &patient::name) && one.raw.birth_date == other.raw.birth_date;

    if (!is_same_text(one, other, &patient::id))
        return false;
    if (one.raw.id.empty()) // where nobody is named at all, the study is of one patient
        return same_person;
    if (is_same_text(one, other, &patient::issuer))
        return true; // a name may be corrected or changed between two images
    // Some devices leave the issuer out that others of the same hospital give. Without it the ID could be anybody's of
    // that number, so the name and the birth date have to say that it is this patient; two that are given do differ.
    return (one.raw.issuer.empty() || other.raw.issuer.empty()) && same_person &&
           !(one.raw.name.empty() && one.raw.birth_date.empty());
}

bool is_same_patient(DcmItem &one, DcmItem &other)
{
    return is_same_patient(identity_of(one), identity_of(other));
}

} // namespace medtl_dicom

struct medtl_patient {
    medtl_dicom::identity who;
};

extern "C" {

medtl_status medtl_patient_of(const medtl_instance *instance, medtl_patient **out,
                              medtl_error *err) noexcept
try {
    *out = nullptr;
    *out = new medtl_patient{medtl_dicom::identity_of(*medtl_dicom::report_header(*instance))};
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(err, instance->path.c_str());
}

bool medtl_patient_is_same(const medtl_patient *one, const medtl_patient *other) noexcept
{
    return medtl_dicom::is_same_patient(one->who, other->who);
}

void medtl_patient_destroy(medtl_patient *patient) noexcept { delete patient; }

} // extern "C"

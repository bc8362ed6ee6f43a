// A Patient ID means nothing without its issuer (PS3.3 C.7.1.1), and is type 2: it may be empty.
#include "patient.h"

#include "attributes.h"

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
bool is_same_text(const std::string &one, DcmItem &of_one, const std::string &other,
                  DcmItem &of_other, bool are_names = false)
{
    if (one == other)
        return true;
    const std::string a = utf8_converter(of_one)(one), b = utf8_converter(of_other)(other);

    return a.find(replacement) == std::string::npos &&
           (are_names ? without_empty_end(a) == without_empty_end(b) : a == b);
}

} // namespace

patient patient_of(DcmItem &data_set)
{
    return {text_value(data_set, DCM_PatientID), text_value(data_set, DCM_IssuerOfPatientID),
            text_values(data_set, DCM_PatientName), text_value(data_set, DCM_PatientBirthDate)};
}

bool is_same_patient(DcmItem &one, DcmItem &other)
{
    const patient a = patient_of(one), b = patient_of(other);
    const bool same_person =
        is_same_text(a.name, one, b.name, other, true) && a.birth_date == b.birth_date;

    if (!is_same_text(a.id, one, b.id, other))
        return false;
    if (a.id.empty()) // where nobody is named at all, the study is of one patient
        return same_person;
    if (is_same_text(a.issuer, one, b.issuer, other))
        return true; // a name may be corrected or changed between two images
    // Some devices leave the issuer out that others of the same hospital give. Without it the ID could be anybody's of
    // that number, so the name and the birth date have to say that it is this patient; two that are given do differ.
    return (a.issuer.empty() || b.issuer.empty()) && same_person &&
           !(a.name.empty() && a.birth_date.empty());
}

} // namespace medtl_dicom

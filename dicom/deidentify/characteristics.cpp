// Birth date, age and sex, wherever an object says them: as attributes, and as content items of Structured Reports (PS3.16
// TID 1006), where the table of attributes knows only the date and the number that stand in them.
#include "cleaner.h"

#include "dicom/attributes.h"

namespace medtl_dicom
{
namespace
{

enum class characteristic { none, birth_date, age, sex };

struct coded_concept {
    const char *scheme, *code;
    characteristic meaning;
};
const coded_concept concepts[] = {
    {"DCM", "121031", characteristic::birth_date}, // Subject Birth Date
    {"DCM", "121032", characteristic::sex},        // Subject Sex
    {"DCM", "121033", characteristic::age},        // Subject Age
    {"LN", "21112-8", characteristic::birth_date}, // Birth date
    {"LN", "46098-0", characteristic::sex},        // Sex
    {"LN", "30525-0", characteristic::age},        // Age
};

characteristic meaning_of(DcmItem &item)
{
    DcmItem *const name = sequence_item(item, DCM_ConceptNameCodeSequence);

    if (name == nullptr)
        return characteristic::none;
    for (const coded_concept &each : concepts)
        if (text_value(*name, DCM_CodingSchemeDesignator) == each.scheme &&
            text_value(*name, DCM_CodeValue) == each.code)
            return each.meaning;
    return characteristic::none;
}

// Moved by the patient's days it would still tell the age on any other date.
void put_dummy_birth_date(DcmItem &item)
{
    for (const DcmTag &tag : {DcmTag(DCM_DateTime), DcmTag(DCM_Date), DcmTag(DCM_Time)})
        if (item.tagExists(tag))
            require(item.putAndInsertString(tag, dummy_date(tag.getEVR()).c_str()),
                    MEDTL_E_INTERNAL, "cannot replace a birth date");
}

/// How much 90 years are in the unit of a measurement; 0: in no unit of age.
double oldest_age(DcmItem &measured)
{
    static const struct {
        const char *ucum;
        double oldest;
    } units[] = {{"a", 90}, {"mo", 12 * 90}, {"wk", 4696}, {"d", 32872}};
    DcmItem *const unit = sequence_item(measured, DCM_MeasurementUnitsCodeSequence);

    if (unit == nullptr || text_value(*unit, DCM_CodingSchemeDesignator) != "UCUM")
        return 0.0;
    for (const auto &each : units)
        if (text_value(*unit, DCM_CodeValue) == each.ucum)
            return each.oldest;
    return 0.0;
}

/// At most 90 years. @return false where the measurement is none that can be told to be an age.
bool limit_age(DcmItem &measured)
{
    const double oldest = oldest_age(measured);
    double age = 0.0;

    if (oldest <= 0.0 || !decimal_value(measured, DCM_NumericValue, age) || age < 0.0 ||
        text_values(measured, DCM_NumericValue).find('\\') != std::string::npos)
        return false;
    if (age > oldest)
        require(measured.putAndInsertString(DCM_NumericValue,
                                            std::to_string(static_cast<long>(oldest)).c_str()),
                MEDTL_E_INTERNAL, "cannot limit an age");
    // The same number in other forms, which nobody compared.
    for (const DcmTagKey &tag :
         {DCM_FloatingPointValue, DCM_RationalNumeratorValue, DCM_RationalDenominatorValue})
        delete measured.remove(tag);
    return true;
}

/// A number that goes leaves its item, which is allowed (PS3.3 C.18.1), at its place.
void clean_age(DcmItem &item, bool keep)
{
    DcmItem *const measured = sequence_item(item, DCM_MeasuredValueSequence);
    const bool one =
        measured != nullptr && sequence_item(item, DCM_MeasuredValueSequence, 1) == nullptr;

    if (!item.tagExists(DCM_MeasuredValueSequence) || (keep && one && limit_age(*measured)))
        return;
    require(item.insertEmptyElement(DCM_MeasuredValueSequence), MEDTL_E_INTERNAL,
            "cannot empty a measurement");
}

void clean_code(DcmItem &item, bool keep)
{
    DcmElement *codes = nullptr;

    if (!keep && item.findAndGetElement(DCM_ConceptCodeSequence, codes).good() &&
        codes->ident() == EVR_SQ)
        put_dummy_code(*static_cast<DcmSequenceOfItems *>(codes));
}

} // namespace

void clean_characteristic(DcmItem &item, const subject &who)
{
    const bool keep = who.options.keep_patient_characteristics;
    const characteristic meaning = meaning_of(item);

    if (meaning == characteristic::birth_date)
        put_dummy_birth_date(item);
    if (meaning == characteristic::age)
        clean_age(item, keep);
    if (meaning == characteristic::age || meaning == characteristic::sex)
        clean_code(item, keep);
}

// PS3.5 section 6.2, AS: three digits and a unit.
std::string cleaned_age(const std::string &value)
{
    const std::string age = value.substr(0, value.find_last_not_of(std::string(" \0", 2)) + 1);

    if (age.size() != 4 || age.find_first_not_of("0123456789") != 3 ||
        std::string("DWMY").find(age[3]) == std::string::npos)
        return "";
    return age[3] == 'Y' && std::stoi(age) > 90 ? "090Y" : age;
}

} // namespace medtl_dicom

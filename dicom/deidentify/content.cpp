// Content items of Structured Reports (Clean Structured Content Option, PS3.15 E.3.8): what is coded, measured or referred to
// stays; what people wrote goes, but each item keeps its place, since others may refer to it by its position. Birth date, age and
// sex: characteristics.cpp.
#include "cleaner.h"

#include "dicom/attributes.h"

namespace medtl_dicom
{
namespace
{

// Texts that name a program, never a person.
bool is_technical(const std::string &concept_value, const std::string &scheme)
{
    static const char *const technical[] = {
        "111001", // Algorithm Name
        "111002", // Algorithm Parameters
        "111003", // Algorithm Version
        "121013", // Device Observer Name
        "121014", // Device Observer Manufacturer
        "121015", // Device Observer Model Name
    };

    for (const char *each : technical)
        if (scheme == "DCM" && concept_value == each)
            return true;
    return false;
}

void put(DcmItem &item, const DcmTagKey &tag, const std::string &text)
{
    require(item.putAndInsertString(tag, text.c_str()), MEDTL_E_INTERNAL,
            "cannot replace a content item's value");
}

} // namespace

void clean_content_item(DcmItem &item, const subject &who)
{
    const std::string type = text_value(item, DCM_ValueType);
    DcmItem *const name = sequence_item(item, DCM_ConceptNameCodeSequence);
    const std::string value = name != nullptr ? text_value(*name, DCM_CodeValue) : "";
    const std::string scheme = name != nullptr ? text_value(*name, DCM_CodingSchemeDesignator) : "";

    if (type == "TEXT" && scheme == "DCM" && value == "112039" &&
        !who.ours) { // Tracking Identifier
        char pseudonym[MEDTL_PSEUDONYM_SIZE];

        // Of the patient: another patient's "lesion 1" is another lesion.
        medtl_pseudonym_name(&who.options.key, "tracking",
                             (who.pseudonym + "\n" + text_value(item, DCM_TextValue)).c_str(),
                             pseudonym);
        put(item, DCM_TextValue, pseudonym);
    } else if (type == "TEXT" && !who.ours && !is_technical(value, scheme)) {
        put(item, DCM_TextValue, "DEIDENTIFIED");
    }
}

} // namespace medtl_dicom

// What an object says of its own de-identification (PS3.15 E.1.1, PS3.16 CID 7050).
#include "cleaner.h"

#include "dicom/attributes.h"

namespace medtl_dicom
{
namespace
{

struct method {
    const char *code, *meaning;
    bool used;
};

void put(DcmItem &item, const DcmTagKey &tag, const char *value)
{
    require(item.putAndInsertString(tag, value), MEDTL_E_INTERNAL,
            "cannot say how an object was de-identified");
}

bool says(DcmItem &data_set, const char *code)
{
    DcmItem *item;

    for (unsigned long i = 0;
         (item = sequence_item(data_set, DCM_DeidentificationMethodCodeSequence, i)) != nullptr;
         i++)
        if (text_value(*item, DCM_CodeValue) == code)
            return true;
    return false;
}

} // namespace

void write_statement(DcmItem &data_set, const subject &who, bool is_report)
{
    const medtl_deidentifier &options = who.options;
    const method methods[] = {
        {"113100", "Basic Application Confidentiality Profile", true},
        {"113104", "Clean Structured Content Option", is_report},
        {"113107", "Retain Longitudinal Temporal Information Modified Dates Option",
         options.shift_dates},
        {"113108", "Retain Patient Characteristics Option", options.keep_patient_characteristics},
    };

    put(data_set, DCM_PatientIdentityRemoved, "YES");
    put(data_set, DCM_DeidentificationMethod, "PS3.15-2024b Basic Profile, medtl " MEDTL_VERSION);
    put(data_set, DCM_LongitudinalTemporalInformationModified,
        options.shift_dates ? "MODIFIED" : "REMOVED");
    for (const method &each : methods) {
        DcmItem *item = nullptr;

        if (!each.used || says(data_set, each.code)) // of an earlier de-identification
            continue;
        require(data_set.findOrCreateSequenceItem(DCM_DeidentificationMethodCodeSequence, item, -2),
                MEDTL_E_INTERNAL, "cannot say how an object was de-identified");
        put(*item, DCM_CodeValue, each.code);
        put(*item, DCM_CodingSchemeDesignator, "DCM");
        put(*item, DCM_CodeMeaning, each.meaning);
    }
}

} // namespace medtl_dicom

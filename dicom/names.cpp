// Which names medtl_instance_value() answers to, and what was probably meant by another.
#include "bridge_internal.h"

#include "medtl/study.h"

#include <cstring>
#include <strings.h>

namespace medtl_dicom
{
namespace
{

// What keep_values() in facts.cpp derives; the schema of tasks lists the same.
const char *const derived[] = {"sop-class",  "view",   "view-modifier",
                               "laterality", "intent", "kind"};

bool is_known(const char *name)
{
    DcmTag tag;

    return medtl_attribute_is_derived(name) || DcmTag::findTagFromName(name, tag).good();
}

/// The name that differs in the case of letters only; nullptr: none.
const char *other_case(const char *name)
{
    const char *found = nullptr;

    for (const char *const fact : derived)
        if (strcasecmp(fact, name) == 0)
            return fact;
    DcmDataDictionary &dictionary = dcmDataDict.wrlock(); // a reader cannot walk it
    for (auto entry = dictionary.normalBegin(); entry != dictionary.normalEnd(); ++entry)
        if ((*entry)->getPrivateCreator() == nullptr &&
            strcasecmp((*entry)->getTagName(), name) == 0) {
            found = (*entry)->getTagName(); // lives as long as the dictionary: nobody reloads it
            break;
        }
    dcmDataDict.wrunlock();
    return found;
}

} // namespace
} // namespace medtl_dicom

extern "C" bool medtl_attribute_is_derived(const char *keyword) noexcept
{
    for (const char *const fact : medtl_dicom::derived)
        if (std::strcmp(fact, keyword) == 0)
            return true;
    return false;
}

extern "C" medtl_status medtl_attribute_check(const char *keyword, medtl_error *err) noexcept
try {
    using namespace medtl_dicom;
    const char *meant;

    if (is_known(keyword))
        return MEDTL_OK;
    meant = other_case(keyword);
    return medtl_fail(err, MEDTL_E_ARGUMENT,
                      "'%.64s' is no keyword of the DICOM data dictionary and none of sop-class, "
                      "view, view-modifier, laterality, intent, kind%s%s%s",
                      keyword, meant != nullptr ? "; '" : "", meant != nullptr ? meant : "",
                      meant != nullptr ? "' is one" : "");
} catch (...) {
    return medtl_dicom::translate(err, nullptr);
}

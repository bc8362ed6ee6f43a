// One table of mammography views, old codes and new.
#include "view.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

struct view_entry {
    const char *name;    // as in View Position (0018,5101) and on films
    const char *sct;     // PS3.16 CID 4014, SNOMED CT
    const char *srt;     // the same in the SNOMED-RT style codes used until 2019
    const char *meaning; // Code Meaning in CID 4014
};

const view_entry views[] = {
    {"CC", "399162004", "R-10242", "cranio-caudal"},
    {"MLO", "399368009", "R-10226", "medio-lateral oblique"},
    {"ML", "399260004", "R-10224", "medio-lateral"},
    {"LM", "399352003", "R-10228", "latero-medial"},
    {"LMO", "399099002", "R-10230", "latero-medial oblique"},
    {"XCCL", "399192008", "R-1024A", "cranio-caudal exaggerated laterally"},
    {"XCCL", "399192008", "Y-X1770",
     "cranio-caudal exaggerated laterally"}, // before supplement 50's final text
    {"XCCM", "399101009", "R-1024B", "cranio-caudal exaggerated medially"},
    {"XCCM", "399101009", "Y-X1771", "cranio-caudal exaggerated medially"},
    {"FB", "399196006", "R-10244", "caudo-cranial (from below)"},
    {"SIO", "399188001", "R-102D0", "superolateral to inferomedial oblique"},
    {"ISO", "441555000", "R-40AAA", "inferomedial to superolateral oblique"},
    {"SPECIMEN", "127457009", "G-8310", "tissue specimen from breast"},
};

void set_view(const view_entry &entry, medtl_code &view)
{
    copy_text(view.value, sizeof view.value, entry.sct);
    copy_text(view.scheme, sizeof view.scheme, "SCT");
    copy_text(view.meaning, sizeof view.meaning, entry.meaning);
}

/// "SRT", its predecessors' designators, and SNOMED CT's two names.
bool is_snomed(const std::string &scheme)
{
    return scheme == "SCT" || scheme == "SRT" || scheme == "SNM3" || scheme == "99SDM" ||
           scheme == "2.16.840.1.113883.6.96";
}

const view_entry *find_code(const std::string &value)
{
    for (const view_entry &entry : views)
        if (value == entry.sct || value == entry.srt)
            return &entry;
    return nullptr;
}

const view_entry *find_name(const std::string &name)
{
    for (const view_entry &entry : views)
        if (name == entry.name)
            return &entry;
    return nullptr;
}

/// Some writers have codes of their own for the views, and the Standard's words: "Cranio-caudal".
const view_entry *find_meaning(const std::string &meaning)
{
    const std::string words = plain_words(meaning);

    for (const view_entry &entry : views)
        if (words == plain_words(entry.meaning))
            return &entry;
    return nullptr;
}

// PS3.16 CID 4015: SNOMED CT, and the SNOMED-RT style codes used until 2019.
const struct {
    const char *sct, *srt;
    unsigned modifier;
} modifiers[] = {
    {"399163009", "R-102D6", MEDTL_VIEW_MAGNIFICATION},
    {"399055006", "R-102D7", MEDTL_VIEW_SPOT},
    {"399209000", "R-102D5", MEDTL_VIEW_IMPLANT_DISPLACED},
    {"399197002", "R-102D3", MEDTL_VIEW_ROLLED}, // laterally
    {"399226006", "R-102D4", MEDTL_VIEW_ROLLED}, // medially
    {"414493004", "R-102CA", MEDTL_VIEW_ROLLED}, // inferiorly
    {"415670009", "R-102C9", MEDTL_VIEW_ROLLED}, // superiorly
    {"399110001", "R-102C2", MEDTL_VIEW_TANGENTIAL},
    {"399161006", "R-102D2", MEDTL_VIEW_CLEAVAGE},
    {"399011000", "R-102D1", MEDTL_VIEW_AXILLARY_TAIL},
    {"442581004", "R-40AB3", MEDTL_VIEW_OTHER},  // nipple in profile
    {"441752004", "P2-00161", MEDTL_VIEW_OTHER}, // anterior compression
    {"442593008", "R-40ABE", MEDTL_VIEW_OTHER},  // infra-mammary fold
    {"442580003", "R-40AB2", MEDTL_VIEW_OTHER},  // axillary tissue
};

constexpr unsigned long most_modifiers = 16; // one item each; a hostile file may have millions

unsigned modifiers_in(DcmItem &item)
{
    unsigned found = 0;

    for (unsigned long i = 0; i < most_modifiers; i++) {
        DcmItem *const code = sequence_item(item, DCM_ViewModifierCodeSequence, i);
        if (code == nullptr)
            break;
        const std::string value = text_value(*code, DCM_CodeValue);
        for (const auto &known : modifiers)
            if (value == known.sct || value == known.srt)
                found |= known.modifier;
    }
    return found;
}

/// By code, by the code's meaning, by View Position.
const view_entry *find_view(DcmItem &data_set, DcmItem *code)
{
    const view_entry *entry = nullptr;

    if (code != nullptr && is_snomed(text_value(*code, DCM_CodingSchemeDesignator)))
        entry = find_code(text_value(*code, DCM_CodeValue));
    if (code != nullptr && entry == nullptr)
        entry = find_meaning(text_value(*code, DCM_CodeMeaning));
    return entry != nullptr
               ? entry
               : find_name(read_view_position(text_value(data_set, DCM_ViewPosition)).view);
}

} // namespace

void read_view(DcmItem &data_set, utf8_converter &utf8, medtl_code &view)
{
    DcmItem *const code = sequence_item(data_set, DCM_ViewCodeSequence);
    const view_entry *const entry = find_view(data_set, code);

    if (entry != nullptr) {
        set_view(*entry, view);
    } else if (code != nullptr) {
        copy_text(view.value, sizeof view.value, utf8(text_value(*code, DCM_CodeValue)));
        copy_text(view.scheme, sizeof view.scheme,
                  utf8(text_value(*code, DCM_CodingSchemeDesignator)));
        copy_text(view.meaning, sizeof view.meaning, utf8(text_value(*code, DCM_CodeMeaning)));
    }
}

std::string view_name_of(DcmItem &data_set)
{
    const view_entry *const entry =
        find_view(data_set, sequence_item(data_set, DCM_ViewCodeSequence));

    return entry == nullptr ? std::string() : std::string(entry->name);
}

bool name_view(const std::string &name, medtl_code &view)
{
    const view_entry *const entry = find_name(name);

    if (entry != nullptr)
        set_view(*entry, view);
    return entry != nullptr;
}

unsigned coded_modifiers(DcmItem &data_set)
{
    DcmItem *const code = sequence_item(data_set, DCM_ViewCodeSequence);

    // Inside the view's item by the Standard; beside it in some writers' files.
    return modifiers_in(data_set) | (code == nullptr ? 0 : modifiers_in(*code));
}

const char *short_view_name(const medtl_code &view)
{
    if (std::strcmp(view.scheme, "SCT") == 0)
        for (const view_entry &entry : views)
            if (std::strcmp(view.value, entry.sct) == 0)
                return entry.name;
    return nullptr;
}

} // namespace medtl_dicom

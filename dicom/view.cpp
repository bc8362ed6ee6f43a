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

const view_entry *find_exact_name(const std::string &name)
{
    for (const view_entry &entry : views)
        if (name == entry.name)
            return &entry;
    return nullptr;
}

/// View Position is free text: "MLO", "mlo", "R MLO", "RCC". A letter for the side is taken off only where
/// the whole is no view itself: "LM" is latero-medial.
const view_entry *find_name(std::string text)
{
    for (char &c : text)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    const view_entry *entry = find_exact_name(text);
    if (entry == nullptr && !text.empty() && (text[0] == 'L' || text[0] == 'R')) {
        const size_t rest = text.find_first_not_of(" -_", 1);
        if (rest != std::string::npos)
            entry = find_exact_name(text.substr(rest));
    }
    return entry;
}

} // namespace

void read_view(DcmItem &data_set, utf8_converter &utf8, medtl_code &view)
{
    DcmItem *const code = sequence_item(data_set, DCM_ViewCodeSequence);
    const view_entry *entry = nullptr;
    std::string value, scheme;

    if (code != nullptr) {
        value = text_value(*code, DCM_CodeValue);
        scheme = text_value(*code, DCM_CodingSchemeDesignator);
        if (is_snomed(scheme))
            entry = find_code(value);
    }
    if (entry == nullptr && value.empty())
        entry = find_name(text_value(data_set, DCM_ViewPosition));
    if (entry != nullptr) {
        set_view(*entry, view);
    } else if (!value.empty()) {
        copy_text(view.value, sizeof view.value, utf8(value));
        copy_text(view.scheme, sizeof view.scheme, utf8(scheme));
        copy_text(view.meaning, sizeof view.meaning, utf8(text_value(*code, DCM_CodeMeaning)));
    }
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

// Words of several languages and the labels of ACR film stickers.
#include "wording.h"

#include <cstring>
#include <vector>

namespace medtl_dicom
{
namespace
{

// CID 4014's views by the names on films. Longest first, since short names end long ones.
const char *const view_names[] = {"SPECIMEN", "XCCL", "XCCM", "MLO", "LMO", "SIO",
                                  "ISO",      "CC",   "ML",   "LM",  "FB"};

// Common English words, or letters that stand for much else, are no views in a sentence.
const char *const views_in_sentences[] = {"XCCL", "XCCM", "MLO", "LMO", "SIO", "CC", "ML", "LM"};

const struct {
    const char *suffix;
    unsigned modifier;
} suffixes[] = {
    {"ID", MEDTL_VIEW_IMPLANT_DISPLACED},
    {"RL", MEDTL_VIEW_ROLLED},
    {"RM", MEDTL_VIEW_ROLLED},
    {"RI", MEDTL_VIEW_ROLLED},
    {"RS", MEDTL_VIEW_ROLLED},
    {"NP", MEDTL_VIEW_OTHER},
    {"AC", MEDTL_VIEW_OTHER},
};

const struct {
    const char *word;
    medtl_laterality side;
} side_words[] = {
    {"L", MEDTL_LATERALITY_LEFT},        {"LT", MEDTL_LATERALITY_LEFT},
    {"LEFT", MEDTL_LATERALITY_LEFT},     {"LINKS", MEDTL_LATERALITY_LEFT},
    {"GAUCHE", MEDTL_LATERALITY_LEFT},   {"IZQUIERDA", MEDTL_LATERALITY_LEFT},
    {"SINISTRA", MEDTL_LATERALITY_LEFT}, {"ESQUERDA", MEDTL_LATERALITY_LEFT},
    {"R", MEDTL_LATERALITY_RIGHT},       {"RT", MEDTL_LATERALITY_RIGHT},
    {"RIGHT", MEDTL_LATERALITY_RIGHT},   {"RECHTS", MEDTL_LATERALITY_RIGHT},
    {"DROITE", MEDTL_LATERALITY_RIGHT},  {"DROIT", MEDTL_LATERALITY_RIGHT},
    {"DERECHA", MEDTL_LATERALITY_RIGHT}, {"DESTRA", MEDTL_LATERALITY_RIGHT},
    {"DIREITA", MEDTL_LATERALITY_RIGHT},
};

const struct {
    const char *words; // as in plain_words(): a space ends a word
    unsigned modifier;
} modifier_words[] = {
    {" MAG ", MEDTL_VIEW_MAGNIFICATION},
    {" MAGNIFICATION ", MEDTL_VIEW_MAGNIFICATION},
    {" MAGNIFIED ", MEDTL_VIEW_MAGNIFICATION},
    {" SPOT ", MEDTL_VIEW_SPOT},
    {" IMPLANT DISPLACED ", MEDTL_VIEW_IMPLANT_DISPLACED},
    {" EKLUND ", MEDTL_VIEW_IMPLANT_DISPLACED},
    {" ROLLED ", MEDTL_VIEW_ROLLED},
    {" TANGENTIAL ", MEDTL_VIEW_TANGENTIAL},
    {" CLEAVAGE ", MEDTL_VIEW_CLEAVAGE},
    {" AXILLARY TAIL ", MEDTL_VIEW_AXILLARY_TAIL},
};

// The first that is found counts: what tells more stands first.
const struct {
    const char *words;
    medtl_kind kind;
} kind_words[] = {
    {" SPECIMEN", MEDTL_KIND_SPECIMEN},         {" STEREO", MEDTL_KIND_STEREOTACTIC},
    {" PREFIRE ", MEDTL_KIND_STEREOTACTIC},     {" PRE FIRE ", MEDTL_KIND_STEREOTACTIC},
    {" POSTFIRE ", MEDTL_KIND_STEREOTACTIC},    {" POST FIRE ", MEDTL_KIND_STEREOTACTIC},
    {" C VIEW ", MEDTL_KIND_SYNTHETIC},         {" CVIEW ", MEDTL_KIND_SYNTHETIC},
    {" V PREVIEW ", MEDTL_KIND_SYNTHETIC},      {" S VIEW ", MEDTL_KIND_SYNTHETIC},
    {" INTELLIGENT 2D ", MEDTL_KIND_SYNTHETIC}, {" INSIGHT 2D ", MEDTL_KIND_SYNTHETIC},
    {" GENERATED 2D ", MEDTL_KIND_SYNTHETIC},   {" SYNTHETIC ", MEDTL_KIND_SYNTHETIC},
    {" SYNTHESIZED ", MEDTL_KIND_SYNTHETIC},    {" SYNTHESISED ", MEDTL_KIND_SYNTHETIC},
    {" PROJECTION ", MEDTL_KIND_PROJECTION},    {" PROJECTIONS ", MEDTL_KIND_PROJECTION},
    {" TOMO", MEDTL_KIND_TOMOSYNTHESIS},        {" DBT ", MEDTL_KIND_TOMOSYNTHESIS},
};

medtl_laterality side_of_letter(char letter)
{
    return letter == 'L'   ? MEDTL_LATERALITY_LEFT
           : letter == 'R' ? MEDTL_LATERALITY_RIGHT
                           : MEDTL_LATERALITY_NONE;
}

template <size_t count> bool is_one_of(const std::string &word, const char *const (&names)[count])
{
    for (const char *const name : names)
        if (word == name)
            return true;
    return false;
}

bool ends_with(const std::string &word, const char *end)
{
    const size_t length = std::strlen(end);

    return word.size() > length && word.compare(word.size() - length, length, end) == 0;
}

/// A view with the prefixes and suffixes of film stickers, without its side. @return false: no view.
bool read_label(std::string word, wording &said)
{
    unsigned modifiers = 0;

    for (const auto &known : suffixes)
        if (!is_one_of(word, view_names) && ends_with(word, known.suffix)) {
            modifiers |= known.modifier;
            word.resize(word.size() - std::strlen(known.suffix));
            break;
        }
    for (int i = 0; i < 2 && !is_one_of(word, view_names) && word.size() > 2; i++) {
        if (word[0] != 'M' && word[0] != 'S')
            break;
        modifiers |= word[0] == 'M' ? MEDTL_VIEW_MAGNIFICATION : MEDTL_VIEW_SPOT;
        word.erase(0, 1);
    }
    if (!is_one_of(word, view_names))
        return false;
    said.view = word;
    said.modifiers |= modifiers;
    return true;
}

/// "MLO", "RMLO", "LSCC". @return false: no view.
bool read_sided_label(const std::string &word, wording &said)
{
    if (is_one_of(word, view_names)) {
        said.view = word;
        return true;
    }
    const medtl_laterality side = word.empty() ? MEDTL_LATERALITY_NONE : side_of_letter(word[0]);
    if (side != MEDTL_LATERALITY_NONE && read_label(word.substr(1), said)) {
        said.side = side;
        return true;
    }
    return read_label(word, said);
}

std::vector<std::string> split(const std::string &plain)
{
    std::vector<std::string> words;

    for (size_t at = 1; at < plain.size();) {
        const size_t end = plain.find(' ', at);
        words.push_back(plain.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

/// Keep a finding; two that differ are none.
struct unanimous_view {
    std::string view;
    bool several = false;

    void add(const std::string &found)
    {
        several |= !view.empty() && view != found;
        view = found;
    }
};

} // namespace

std::string plain_words(const std::string &text)
{
    std::string plain = " ";

    for (const char c : text) {
        const bool lower = c >= 'a' && c <= 'z';

        if (lower || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            plain += lower ? static_cast<char>(c - 'a' + 'A') : c;
        else if (plain.back() != ' ')
            plain += ' ';
    }
    if (plain.back() != ' ')
        plain += ' ';
    return plain;
}

wording read_view_position(const std::string &text)
{
    std::string joined;
    wording said;

    for (const std::string &word : split(plain_words(text)))
        joined += word;
    read_sided_label(joined, said);
    return said;
}

wording read_description(const std::string &text)
{
    const std::string plain = plain_words(text);
    unanimous_view view;
    bool left = false, right = false;
    wording said;

    for (const std::string &word : split(plain)) {
        wording label;

        for (const auto &known : side_words)
            if (word == known.word)
                (known.side == MEDTL_LATERALITY_LEFT ? left : right) = true;
        if (!read_sided_label(word, label) || !is_one_of(label.view, views_in_sentences))
            continue;
        left |= label.side == MEDTL_LATERALITY_LEFT;
        right |= label.side == MEDTL_LATERALITY_RIGHT;
        said.modifiers |= label.modifiers;
        view.add(label.view);
    }
    if (left != right)
        said.side = left ? MEDTL_LATERALITY_LEFT : MEDTL_LATERALITY_RIGHT;
    if (!view.several)
        said.view = view.view;
    for (const auto &known : modifier_words)
        if (plain.find(known.words) != std::string::npos)
            said.modifiers |= known.modifier;
    for (const auto &known : kind_words)
        if (said.kind == MEDTL_KIND_OTHER && plain.find(known.words) != std::string::npos)
            said.kind = known.kind;
    return said;
}

} // namespace medtl_dicom

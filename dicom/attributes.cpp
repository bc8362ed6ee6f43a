// Getters that forgive a wrong VR and garbage, so that the rest of the code need not.
#include "attributes.h"

#include "core/base/utf8.h"

#include <cmath>
#include <cstring>

namespace medtl_dicom
{
namespace
{

std::string trimmed(const std::string &text)
{
    static const char blank[] = {' ', '\0', '\t', '\r', '\n'};
    const size_t first = text.find_first_not_of(blank, 0, sizeof blank);
    const size_t last = text.find_last_not_of(blank, std::string::npos, sizeof blank);

    return first == std::string::npos ? std::string() : text.substr(first, last - first + 1);
}

DcmElement *element_of(DcmItem &item, const DcmTagKey &key)
{
    DcmElement *element = nullptr;

    return item.findAndGetElement(key, element).good() ? element : nullptr;
}

/// Well-formed UTF-8 stays; any other byte becomes U+FFFD, the replacement character.
std::string repaired(const std::string &text)
{
    std::string result;

    for (size_t at = 0; at < text.size();) {
        const size_t length = medtl_utf8_length(text.c_str() + at);

        if (length == 0)
            result += "\xEF\xBF\xBD";
        else
            result.append(text, at, length);
        at += length == 0 ? 1 : length;
    }
    return result;
}

} // namespace

bool is_ascii(const std::string &text)
{
    for (const char c : text)
        if (static_cast<unsigned char>(c) >= 0x80 || c == '\x1B')
            return false;
    return true;
}

bool is_utf8(const std::string &text)
{
    for (size_t at = 0; at < text.size();) {
        const size_t length = medtl_utf8_length(text.c_str() + at);

        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

std::string text_value(DcmItem &item, const DcmTagKey &key, unsigned long index)
{
    DcmElement *const element = element_of(item, key);
    OFString value;

    if (element == nullptr || element->getOFString(value, index).bad())
        return std::string();
    return trimmed(value);
}

std::string text_values(DcmItem &item, const DcmTagKey &key)
{
    DcmElement *const element = element_of(item, key);
    OFString all;
    std::string result;

    if (element == nullptr || element->getOFStringArray(all).bad())
        return result;
    for (size_t at = 0; at <= all.size();) {
        const size_t end = std::min(all.find('\\', at), all.size());

        if (at > 0)
            result += '\\';
        result += trimmed(all.substr(at, end - at));
        at = end + 1;
    }
    return result;
}

bool integer_value(DcmItem &item, const DcmTagKey &key, long &value, unsigned long index)
{
    DcmElement *const element = element_of(item, key);
    Uint16 u16 = 0;
    Sint16 s16 = 0;
    Uint32 u32 = 0;
    Sint32 s32 = 0;

    if (element == nullptr)
        return false;
    if (element->getUint16(u16, index).good())
        value = u16;
    else if (element->getSint16(s16, index).good())
        value = s16;
    else if (element->getUint32(u32, index).good())
        value = static_cast<long>(u32);
    else if (element->getSint32(s32, index).good()) // SL and IS
        value = s32;
    else
        return false;
    return true;
}

bool decimal_value(DcmItem &item, const DcmTagKey &key, double &value, unsigned long index)
{
    DcmElement *const element = element_of(item, key);
    Float64 f64 = 0;
    Float32 f32 = 0;
    long whole = 0;

    if (element == nullptr)
        return false;
    if (element->getFloat64(f64, index).good()) // FD and DS
        value = f64;
    else if (element->getFloat32(f32, index).good())
        value = static_cast<double>(f32);
    else if (integer_value(item, key, whole, index))
        value = static_cast<double>(whole);
    else
        return false;
    return std::isfinite(value);
}

DcmItem *sequence_item(DcmItem &item, const DcmTagKey &key, unsigned long index)
{
    DcmItem *found = nullptr;

    return item.findAndGetSequenceItem(key, found, static_cast<signed long>(index)).good()
               ? found
               : nullptr;
}

std::vector<std::string> predecessor_uids(DcmItem &report)
{
    std::vector<std::string> uids;
    DcmItem *study, *series, *object;

    for (unsigned long i = 0;
         (study = sequence_item(report, DCM_PredecessorDocumentsSequence, i)) != nullptr; i++)
        for (unsigned long j = 0;
             (series = sequence_item(*study, DCM_ReferencedSeriesSequence, j)) != nullptr; j++)
            for (unsigned long k = 0;
                 (object = sequence_item(*series, DCM_ReferencedSOPSequence, k)) != nullptr; k++)
                uids.push_back(text_value(*object, DCM_ReferencedSOPInstanceUID));
    return uids;
}

DcmItem *functional_group(DcmItem &data_set, unsigned long frame, const DcmTagKey &macro)
{
    DcmItem *const of_frame = sequence_item(data_set, DCM_PerFrameFunctionalGroupsSequence, frame);
    DcmItem *const shared = sequence_item(data_set, DCM_SharedFunctionalGroupsSequence);
    DcmItem *found = nullptr;

    if (of_frame != nullptr)
        found = sequence_item(*of_frame, macro);
    if (found == nullptr && shared != nullptr)
        found = sequence_item(*shared, macro);
    return found;
}

bool is_functional_group(const DcmTagKey &tag)
{
    return tag == DCM_PerFrameFunctionalGroupsSequence || tag == DCM_SharedFunctionalGroupsSequence;
}

utf8_converter::utf8_converter(DcmItem &data_set)
{
    const std::string stated = text_values(data_set, DCM_SpecificCharacterSet);

    already_utf8_ = stated == "ISO_IR 192";
    if (!already_utf8_)
        ready_ = converter_.selectCharacterSet(stated.c_str(), "ISO_IR 192").good();
}

std::string utf8_converter::operator()(const std::string &text)
{
    OFString converted;

    if (is_ascii(text))
        return text;
    if (!already_utf8_ && ready_ && converter_.convertString(text, converted).good())
        return repaired(converted);
    return repaired(text);
}

void copy_text(char *to, size_t size, const std::string &text)
{
    size_t length = std::min(text.size(), size - 1);

    while (length > 0 && length < text.size() &&
           (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
        length--;
    std::memcpy(to, text.data(), length);
    std::memset(to + length, 0, size - length);
}

} // namespace medtl_dicom

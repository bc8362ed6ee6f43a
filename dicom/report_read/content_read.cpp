// The content tree (PS3.3 C.17.3): nested items of Content Sequence as a flat list in document order.
#include "document_internal.h"

#include <dcmtk/dcmdata/dctk.h>

#include <map>

namespace medtl_dicom
{
namespace
{

class content_reader
{
  public:
    content_reader(utf8_converter &to_utf8, medtl_document &document)
        : to_utf8_(to_utf8), document_(document)
    {
    }

    void read(DcmItem &from, unsigned depth, const std::string &position);
    void resolve_references();

  private:
    std::string text_of(DcmItem &from, const DcmTagKey &tag)
    {
        return to_utf8_(text_values(from, tag));
    }
    const char *kept(DcmItem &from, const DcmTagKey &tag)
    {
        return keep(document_, text_of(from, tag));
    }
    const char *long_text(DcmItem &from, const DcmTagKey &tag);
    medtl_code code_of(DcmItem &from, const DcmTagKey &sequence);
    void read_value(DcmItem &from, medtl_content_item &item);
    void read_number(DcmItem &from, medtl_content_item &item);
    void read_object(DcmItem &from, medtl_content_item &item);
    void read_graphic(DcmItem &from, medtl_content_item &item);

    utf8_converter &to_utf8_;
    medtl_document &document_;
    std::map<std::string, int> index_of_;                      // by position
    std::vector<std::pair<size_t, std::string>> by_reference_; // item, position of its target
};

// Of Unlimited Text a backslash is part, and leading spaces are (PS3.5 6.2).
const char *content_reader::long_text(DcmItem &from, const DcmTagKey &tag)
{
    const char *raw = nullptr;
    std::string text = from.findAndGetString(tag, raw).good() && raw != nullptr ? raw : "";

    text.erase(text.find_last_not_of(" \r\n") + 1);
    return keep(document_, to_utf8_(text));
}

// PS3.3 8.8: one of three attributes holds the value, by its length and kind.
medtl_code content_reader::code_of(DcmItem &from, const DcmTagKey &sequence)
{
    medtl_code code = {};
    DcmItem *const item = sequence_item(from, sequence);

    if (item == nullptr)
        return code;
    for (const DcmTagKey &tag : {DCM_CodeValue, DCM_LongCodeValue, DCM_URNCodeValue})
        if (code.value[0] == '\0')
            copy_text(code.value, sizeof code.value, text_of(*item, tag));
    copy_text(code.scheme, sizeof code.scheme, text_of(*item, DCM_CodingSchemeDesignator));
    copy_text(code.meaning, sizeof code.meaning, text_of(*item, DCM_CodeMeaning));
    return code;
}

// C.18.1
void content_reader::read_number(DcmItem &from, medtl_content_item &item)
{
    DcmItem *const measured = sequence_item(from, DCM_MeasuredValueSequence);

    if (measured == nullptr) {
        item.code = code_of(from, DCM_NumericValueQualifierCodeSequence);
        return;
    }
    item.text = kept(*measured, DCM_NumericValue);
    item.code = code_of(*measured, DCM_MeasurementUnitsCodeSequence);
    item.has_exact = decimal_value(*measured, DCM_FloatingPointValue, item.exact);
}

// C.18.3 to C.18.5
void content_reader::read_object(DcmItem &from, medtl_content_item &item)
{
    DcmItem *const object = sequence_item(from, DCM_ReferencedSOPSequence);

    if (object == nullptr)
        return;
    item.sop_class = keep(document_, sop_class_name(text_of(*object, DCM_ReferencedSOPClassUID)));
    item.sop_instance_uid = kept(*object, DCM_ReferencedSOPInstanceUID);
    item.frames = kept(*object, DCM_ReferencedFrameNumber);
}

// C.18.6, C.18.9
void content_reader::read_graphic(DcmItem &from, medtl_content_item &item)
{
    const Float32 *values = nullptr;
    unsigned long count = 0;

    item.graphic_type = kept(from, DCM_GraphicType);
    if (from.findAndGetFloat32Array(DCM_GraphicData, values, &count).bad() || values == nullptr)
        return;
    document_.numbers.emplace_back(values, values + count);
    item.coordinates = document_.numbers.back().data();
    item.coordinate_count = count;
}

void content_reader::read_value(DcmItem &from, medtl_content_item &item)
{
    static const std::map<std::string, DcmTagKey> plain = {
        {"PNAME", DCM_PersonName}, {"UIDREF", DCM_UID},        {"DATE", DCM_Date},
        {"TIME", DCM_Time},        {"DATETIME", DCM_DateTime}, {"TCOORD", DCM_TemporalRangeType}};
    const std::string type = item.type;
    const auto found = plain.find(type);

    if (found != plain.end())
        item.text = kept(from, found->second);
    else if (type == "TEXT")
        item.text = long_text(from, DCM_TextValue);
    else if (type == "CODE")
        item.code = code_of(from, DCM_ConceptCodeSequence);
    else if (type == "NUM")
        read_number(from, item);
    else if (type == "IMAGE" || type == "COMPOSITE" || type == "WAVEFORM")
        read_object(from, item);
    else if (type == "SCOORD" || type == "SCOORD3D")
        read_graphic(from, item);
}

// "1\3\2" becomes "1.3.2".
std::string with_dots(std::string position)
{
    for (char &character : position)
        if (character == '\\')
            character = '.';
    return position;
}

// Referenced Content Item Identifier is UL: one number a level.
std::string target_position(DcmItem &from)
{
    return with_dots(text_values(from, DCM_ReferencedContentItemIdentifier));
}

// Recursive: the walk over the file has bounded the depth.
void content_reader::read(DcmItem &from, unsigned depth, const std::string &position)
{
    medtl_content_item item = {};

    if (document_.items.size() >= MEDTL_CONTENT_ITEM_LIMIT)
        fail(MEDTL_E_FORMAT, "has more than %d content items", MEDTL_CONTENT_ITEM_LIMIT);
    for (const char **text : {&item.text, &item.sop_class, &item.sop_instance_uid, &item.frames,
                              &item.graphic_type, &item.template_id})
        *text = "";
    item.depth = depth;
    item.target = MEDTL_NO_CONTENT_ITEM;
    item.position = keep(document_, position);
    item.relationship = kept(from, DCM_RelationshipType);
    item.type = kept(from, DCM_ValueType);
    item.name = code_of(from, DCM_ConceptNameCodeSequence);
    if (DcmItem *const applied = sequence_item(from, DCM_ContentTemplateSequence))
        item.template_id = kept(*applied, DCM_TemplateIdentifier);
    read_value(from, item);
    index_of_[position] = static_cast<int>(document_.items.size());
    if (from.tagExists(DCM_ReferencedContentItemIdentifier))
        by_reference_.emplace_back(document_.items.size(), target_position(from));
    document_.items.push_back(item);

    DcmSequenceOfItems *children = nullptr;
    if (from.findAndGetSequence(DCM_ContentSequence, children).bad() || children == nullptr)
        return;
    size_t number = 0;
    for (DcmObject *child = children->nextInContainer(nullptr); child != nullptr;
         child = children->nextInContainer(child))
        read(*static_cast<DcmItem *>(child), depth + 1, position + "." + std::to_string(++number));
}

void content_reader::resolve_references()
{
    for (const auto &reference : by_reference_) {
        const auto found = index_of_.find(reference.second);

        if (found != index_of_.end())
            document_.items[reference.first].target = found->second;
    }
}

} // namespace

void read_content(DcmItem &data_set, utf8_converter &to_utf8, medtl_document &document)
{
    content_reader reader(to_utf8, document);

    reader.read(data_set, 0, "1");
    reader.resolve_references();
}

} // namespace medtl_dicom

// The small writers of object.h.
#include "object.h"

#include <memory>

namespace medtl_dicom
{

void put_text(DcmItem &item, const DcmTagKey &tag, const std::string &value)
{
    require(item.putAndInsertString(tag, value.c_str()), MEDTL_E_INTERNAL,
            "cannot write an attribute");
}

void put_number(DcmItem &item, const DcmTagKey &tag, Uint16 value)
{
    require(item.putAndInsertUint16(tag, value), MEDTL_E_INTERNAL, "cannot write an attribute");
}

void put_empty(DcmItem &item, const DcmTagKey &tag)
{
    if (!item.tagExists(tag))
        require(item.insertEmptyElement(tag), MEDTL_E_INTERNAL, "cannot write an empty attribute");
}

DcmItem &add_item(DcmItem &item, const DcmTagKey &sequence)
{
    DcmItem *added = nullptr;

    require(item.findOrCreateSequenceItem(sequence, added, -2), MEDTL_E_INTERNAL,
            "cannot write a sequence");
    return *added;
}

void add_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
              const char *meaning)
{
    DcmItem &code = add_item(item, sequence);

    put_text(code, DCM_CodeValue, value);
    put_text(code, DCM_CodingSchemeDesignator, scheme);
    put_text(code, DCM_CodeMeaning, meaning);
}

bool copy_if_there(DcmItem &from, const DcmTagKey &tag, DcmItem &to)
{
    DcmElement *element = nullptr;

    if (from.findAndGetElement(tag, element).bad() || element == nullptr ||
        element->getLength() == 0)
        return false;
    std::unique_ptr<DcmElement> copy(static_cast<DcmElement *>(element->clone()));
    require(copy != nullptr, MEDTL_E_MEMORY, "out of memory for an attribute");
    require(to.insert(copy.get(), OFTrue), MEDTL_E_INTERNAL, "cannot copy an attribute");
    copy.release();
    return true;
}

} // namespace medtl_dicom

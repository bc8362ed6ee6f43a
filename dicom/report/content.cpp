#include "content.h"

#include "text.h"

#include <dcmtk/dcmsr/dsrcodvl.h>
#include <dcmtk/dcmsr/dsrimgvl.h>
#include <dcmtk/dcmsr/dsrnumvl.h>
#include <dcmtk/dcmsr/dsrscovl.h>

#include <vector>

namespace medtl_dicom
{
namespace
{

// What DCMTK refuses here is our mistake or a UID that no file should have; neither is the
// caller's.
void accepted(const OFCondition &result, code_of name)
{
    if (result.bad())
        fail(MEDTL_E_INTERNAL, "DCMTK refuses the content item (%s, %s): %s", name->value,
             name->scheme, result.text());
}

DSRImageReferenceValue image_value(const reference &object)
{
    DSRImageReferenceValue value(object.sop_class_uid, object.sop_instance_uid,
                                 object.state_class_uid, object.state_instance_uid, OFFalse);

    if (object.frame != 0)
        value.getFrameList().addItem(static_cast<Sint32>(object.frame));
    return value;
}

} // namespace

DSRCodedEntryValue coded_entry(code_of code)
{
    char value[sizeof code->value], scheme[MEDTL_SH_SIZE], meaning[MEDTL_LO_SIZE];

    medtl_ascii_copy(code->value, value, sizeof value);
    medtl_ascii_copy(code->scheme, scheme, sizeof scheme);
    medtl_ascii_copy(code->meaning[0] != '\0' ? code->meaning : code->value, meaning,
                     sizeof meaning);
    return DSRCodedEntryValue(value, scheme, meaning);
}

content::content(DSRTypes::E_DocumentType type) : tree_(type) {}

DSRCodedEntryValue content::coded(code_of code)
{
    const DSRCodedEntryValue entry = coded_entry(code);

    if (entry.getCodingSchemeDesignator().substr(0, 2) == "99")
        private_schemes_.insert(entry.getCodingSchemeDesignator().c_str());
    return entry;
}

size_t content::add(relationship how, DSRTypes::E_ValueType type)
{
    const DSRTypes::E_AddMode mode =
        how == DSRTypes::RT_isRoot ? DSRTypes::AM_afterCurrent : DSRTypes::AM_belowCurrent;

    return tree_.addContentItem(how, type, mode);
}

void content::add(relationship how, DSRTypes::E_ValueType type, code_of name)
{
    if (add(how, type) == 0)
        fail(MEDTL_E_INTERNAL, "DCMTK refuses the content item (%s, %s) at its place", name->value,
             name->scheme);
    accepted(tree_.getCurrentContentItem().setConceptName(coded(name)), name);
}

content::item content::root(code_of title, const char *template_id)
{
    return container(DSRTypes::RT_isRoot, title, template_id);
}

content::item content::container(relationship how, code_of name, const char *template_id)
{
    add(how, DSRTypes::VT_Container, name);
    if (template_id != nullptr)
        accepted(tree_.getCurrentContentItem().setTemplateIdentification(template_id, "DCMR"),
                 name);
    return item(*this);
}

content::item content::code(relationship how, code_of name, code_of value)
{
    add(how, DSRTypes::VT_Code, name);
    accepted(tree_.getCurrentContentItem().setCodeValue(coded(value)), name);
    return item(*this);
}

void content::text(relationship how, code_of name, const std::string &value)
{
    std::vector<char> ascii(value.size() + 1);

    medtl_ascii_copy(value.c_str(), ascii.data(), ascii.size());
    if (ascii[0] != '\0')
        open_text(how, name, ascii.data());
}

content::item content::open_text(relationship how, code_of name, const std::string &value)
{
    std::vector<char> ascii(value.size() + 1);

    medtl_ascii_copy(value.c_str(), ascii.data(), ascii.size());
    add(how, DSRTypes::VT_Text, name);
    accepted(tree_.getCurrentContentItem().setStringValue(ascii.data()), name);
    return item(*this);
}

content::item content::uid(relationship how, code_of name, const char *value)
{
    add(how, DSRTypes::VT_UIDRef, name);
    accepted(tree_.getCurrentContentItem().setStringValue(value), name);
    return item(*this);
}

content::item content::number(relationship how, code_of name, const char *decimal, code_of unit,
                              const double *exact)
{
    DSRNumericMeasurementValue value(decimal, coded(unit));

    if (exact != nullptr)
        accepted(value.setFloatingPointRepresentation(*exact), name);
    add(how, DSRTypes::VT_Num, name);
    accepted(tree_.getCurrentContentItem().setNumericValue(value), name);
    return item(*this);
}

void content::set_image(const reference &object, code_of name)
{
    accepted(tree_.getCurrentContentItem().setImageReference(image_value(object), OFFalse), name);
    references_.insert(object.sop_instance_uid);
    if (object.state_instance_uid[0] != '\0')
        references_.insert(object.state_instance_uid);
}

content::item content::image(relationship how, code_of name, const reference &object)
{
    add(how, DSRTypes::VT_Image, name);
    set_image(object, name);
    return item(*this);
}

content::item content::library_image(relationship how, const reference &object)
{
    const code_of source = MEDTL_CONCEPT_ORIGINAL_SOURCE; // for a message only
    const size_t node = add(how, DSRTypes::VT_Image);

    require(node != 0, MEDTL_E_INTERNAL, "DCMTK refuses an image at its place");
    set_image(object, source);
    library_[object.sop_instance_uid] = node;
    return item(*this);
}

void content::by_reference(relationship how, const char *sop_instance_uid)
{
    const auto found = library_.find(sop_instance_uid);

    require(found != library_.end(), MEDTL_E_INTERNAL, "an image is not in the image library");
    require(tree_.addByReferenceRelationship(how, found->second) != 0, MEDTL_E_INTERNAL,
            "DCMTK refuses a relationship by reference");
}

void content::set_graphic(const DSRSpatialCoordinatesValue &coordinates, code_of name)
{
    accepted(tree_.getCurrentContentItem().setSpatialCoordinates(coordinates), name);
}

content::item content::point(relationship how, code_of name, const medtl_point &position)
{
    DSRSpatialCoordinatesValue coordinates(DSRTypes::GT_Point);

    coordinates.getGraphicDataList().addItem(position.x, position.y);
    add(how, DSRTypes::VT_SCoord, name);
    set_graphic(coordinates, name);
    return item(*this);
}

content::item content::polygon(relationship how, code_of name,
                               const std::vector<medtl_point> &outline)
{
    DSRSpatialCoordinatesValue coordinates(DSRTypes::GT_Polyline);
    DSRGraphicDataList &points = coordinates.getGraphicDataList();

    for (const medtl_point &corner : outline)
        points.addItem(corner.x, corner.y);
    points.addItem(outline[0].x, outline[0].y); // closed where the last point is the first
    add(how, DSRTypes::VT_SCoord, name);
    set_graphic(coordinates, name);
    return item(*this);
}

void content::date(relationship how, code_of name, const std::string &value)
{
    if (value.empty() || DcmDate::checkStringValue(value.c_str(), "1").bad())
        return;
    add(how, DSRTypes::VT_Date, name);
    accepted(tree_.getCurrentContentItem().setStringValue(value.c_str()), name);
    close();
}

void content::time(relationship how, code_of name, const std::string &value)
{
    if (value.empty() || DcmTime::checkStringValue(value.c_str(), "1").bad())
        return;
    add(how, DSRTypes::VT_Time, name);
    accepted(tree_.getCurrentContentItem().setStringValue(value.c_str()), name);
    close();
}

void content::write(DcmItem &dataset)
{
    require(tree_.write(dataset), MEDTL_E_INTERNAL, "DCMTK refuses the content tree");
}

} // namespace medtl_dicom

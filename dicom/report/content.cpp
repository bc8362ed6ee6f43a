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

content::content() : tree_(DSRTypes::DT_ComprehensiveSR) {}

DSRCodedEntryValue content::coded(code_of code)
{
    const DSRCodedEntryValue entry = coded_entry(code);

    if (entry.getCodingSchemeDesignator().substr(0, 2) == "99")
        private_schemes_.insert(entry.getCodingSchemeDesignator().c_str());
    return entry;
}

void content::add(relationship how, DSRTypes::E_ValueType type, code_of name)
{
    const DSRTypes::E_AddMode mode =
        how == DSRTypes::RT_isRoot ? DSRTypes::AM_afterCurrent : DSRTypes::AM_belowCurrent;

    if (tree_.addContentItem(how, type, mode) == 0)
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
    if (ascii[0] == '\0')
        return;
    add(how, DSRTypes::VT_Text, name);
    accepted(tree_.getCurrentContentItem().setStringValue(ascii.data()), name);
    close();
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

content::item content::image(relationship how, code_of name, const medtl_facts &facts,
                             uint32_t frame)
{
    DSRImageReferenceValue reference(facts.sop_class_uid, facts.sop_instance_uid, OFFalse);

    if (frame != 0)
        reference.getFrameList().addItem(static_cast<Sint32>(frame));
    add(how, DSRTypes::VT_Image, name);
    accepted(tree_.getCurrentContentItem().setImageReference(reference, OFFalse), name);
    return item(*this);
}

content::item content::region(relationship how, code_of name, const rectangle &r)
{
    DSRSpatialCoordinatesValue coordinates(DSRTypes::GT_Polyline);
    DSRGraphicDataList &points = coordinates.getGraphicDataList();

    points.addItem(r.x0, r.y0);
    points.addItem(r.x1, r.y0);
    points.addItem(r.x1, r.y1);
    points.addItem(r.x0, r.y1);
    points.addItem(r.x0, r.y0); // a polyline is closed where its last point is its first
    add(how, DSRTypes::VT_SCoord, name);
    accepted(tree_.getCurrentContentItem().setSpatialCoordinates(coordinates), name);
    return item(*this);
}

void content::write(DcmItem &dataset)
{
    require(tree_.write(dataset), MEDTL_E_INTERNAL, "DCMTK refuses the content tree");
}

} // namespace medtl_dicom

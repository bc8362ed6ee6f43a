#include "sr_reader.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpath.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

struct sr_report {
    DcmFileFormat file;
    std::vector<sr_item> items;
    std::string last;
};

namespace
{

template <size_t size> void get(DcmItem &from, const DcmTagKey &tag, char (&out)[size])
{
    OFString value;

    from.findAndGetOFStringArray(tag, value);
    std::snprintf(out, size, "%s", value.c_str());
}

medtl_code get_code(DcmItem &from, const DcmTagKey &sequence)
{
    medtl_code code = {};
    DcmItem *item = nullptr;

    if (from.findAndGetSequenceItem(sequence, item).bad())
        return code;
    get(*item, item->tagExists(DCM_LongCodeValue) ? DCM_LongCodeValue : DCM_CodeValue, code.value);
    get(*item, DCM_CodingSchemeDesignator, code.scheme);
    get(*item, DCM_CodeMeaning, code.meaning);
    return code;
}

void get_number(DcmItem &from, sr_item &out)
{
    DcmItem *value = nullptr;

    if (from.findAndGetSequenceItem(DCM_MeasuredValueSequence, value).bad())
        return;
    get(*value, DCM_NumericValue, out.text);
    out.code = get_code(*value, DCM_MeasurementUnitsCodeSequence);
    out.has_exact = value->findAndGetFloat64(DCM_FloatingPointValue, out.exact).good();
}

void get_image(DcmItem &from, sr_item &out)
{
    DcmItem *reference = nullptr;
    Sint32 frame = 0;

    if (from.findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference).bad())
        return;
    get(*reference, DCM_ReferencedSOPClassUID, out.sop_class_uid);
    get(*reference, DCM_ReferencedSOPInstanceUID, out.sop_instance_uid);
    if (reference->findAndGetSint32(DCM_ReferencedFrameNumber, frame).good())
        out.frame = frame;
}

void get_points(DcmItem &from, sr_item &out)
{
    const Float32 *values = nullptr;
    unsigned long count = 0;

    get(from, DCM_GraphicType, out.graphic_type);
    if (from.findAndGetFloat32Array(DCM_GraphicData, values, &count).bad())
        return;
    count = std::min(count, static_cast<unsigned long>(sizeof out.points / sizeof out.points[0]));
    std::copy(values, values + count, out.points);
    out.point_count = static_cast<unsigned>(count / 2);
}

sr_item read_item(DcmItem &from, unsigned depth)
{
    sr_item item = {};
    DcmItem *templates = nullptr;

    item.depth = depth;
    get(from, DCM_RelationshipType, item.relationship);
    get(from, DCM_ValueType, item.type);
    item.name = get_code(from, DCM_ConceptNameCodeSequence);
    if (from.findAndGetSequenceItem(DCM_ContentTemplateSequence, templates).good())
        get(*templates, DCM_TemplateIdentifier, item.template_id);
    const std::string type = item.type;
    if (type == "CODE")
        item.code = get_code(from, DCM_ConceptCodeSequence);
    else if (type == "TEXT")
        get(from, DCM_TextValue, item.text);
    else if (type == "UIDREF")
        get(from, DCM_UID, item.text);
    else if (type == "NUM")
        get_number(from, item);
    else if (type == "IMAGE")
        get_image(from, item);
    else if (type == "SCOORD")
        get_points(from, item);
    return item;
}

void walk(DcmItem &from, unsigned depth, std::vector<sr_item> &items)
{
    DcmItem *child = nullptr;

    items.push_back(read_item(from, depth));
    for (signed long i = 0; from.findAndGetSequenceItem(DCM_ContentSequence, child, i).good(); i++)
        walk(*child, depth + 1, items);
}

// The object at a path, in the meta information where it is a name of there; or NULL.
DcmObject *find(sr_report &report, const char *path)
{
    DcmPathProcessor processor;
    OFList<DcmPath *> found;
    DcmElement *element = nullptr;
    DcmTag tag;

    if (DcmTag::findTagFromName(path, tag).good() && tag.getGroup() == 0x0002)
        return report.file.getMetaInfo()->findAndGetElement(tag, element).good() ? element
                                                                                 : nullptr;
    if (processor.findOrCreatePath(report.file.getDataset(), path, OFFalse).bad())
        return nullptr;
    processor.getResults(found);
    return found.empty() ? nullptr : found.front()->back()->m_obj;
}

} // namespace

extern "C" sr_report *sr_report_read(const void *bytes, size_t size)
{
    std::unique_ptr<sr_report> report(new sr_report);
    DcmInputBufferStream stream;

    stream.setBuffer(bytes, static_cast<offile_off_t>(size));
    stream.setEos();
    report->file.transferInit();
    if (report->file.read(stream).bad() ||
        !report->file.getDataset()->tagExists(DCM_ContentSequence))
        return nullptr;
    report->file.transferEnd();
    walk(*report->file.getDataset(), 0, report->items);
    return report.release();
}

extern "C" void sr_report_destroy(sr_report *report) { delete report; }

extern "C" size_t sr_report_count(const sr_report *report) { return report->items.size(); }

extern "C" const sr_item *sr_report_items(const sr_report *report) { return report->items.data(); }

extern "C" const char *sr_report_attribute(sr_report *report, const char *path)
{
    DcmElement *const element = dynamic_cast<DcmElement *>(find(*report, path));
    char *raw = nullptr;

    if (element == nullptr)
        return nullptr;
    if (element->getString(raw).bad() || raw == nullptr)
        return "";
    report->last = raw;
    report->last.erase(report->last.find_last_not_of(' ') + 1);
    return report->last.c_str();
}

extern "C" long sr_report_item_count(sr_report *report, const char *path)
{
    DcmSequenceOfItems *const sequence = dynamic_cast<DcmSequenceOfItems *>(find(*report, path));

    return sequence == nullptr ? -1 : static_cast<long>(sequence->card());
}

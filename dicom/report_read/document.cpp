// medtl_document_read() and its siblings: from a file to a data set without surprises, and what the report says
// of itself. The content tree is content_read.cpp's.
//
// The data set is read attribute by attribute, not with DCMTK's DSR classes: these refuse a report that breaks a
// rule, or skip the item, and number the nodes of all trees of a process with one plain counter.
#include "document_internal.h"

#include "dicom/reader_internal.h"

#include <dcmtk/dcmdata/dcuid.h>

namespace medtl_dicom
{

const char *keep(medtl_document &document, const std::string &text)
{
    if (text.empty())
        return "";
    document.strings.push_back(text);
    return document.strings.back().c_str();
}

std::string sop_class_name(const std::string &uid)
{
    const char *const name = dcmFindNameOfUID(uid.c_str(), nullptr);

    return name != nullptr ? name : uid;
}

namespace
{

// A report is nothing but header: its content may be larger than what an image's header is allowed of a value,
// and has fewer elements than the many frames of an image describe.
medtl_limits limits_of_report()
{
    medtl_limits limits;

    medtl_limits_default(&limits);
    limits.value_bytes = limits.header_bytes;
    limits.elements = 1000000;
    return limits;
}

void read_document_facts(DcmItem &data_set, utf8_converter &to_utf8, medtl_document &document)
{
    medtl_document_facts &facts = document.facts;
    const auto text = [&](const DcmTagKey &tag) {
        return keep(document, to_utf8(text_values(data_set, tag)));
    };

    facts.sop_class_uid = text(DCM_SOPClassUID);
    facts.sop_class = keep(document, sop_class_name(facts.sop_class_uid));
    facts.sop_instance_uid = text(DCM_SOPInstanceUID);
    facts.series_instance_uid = text(DCM_SeriesInstanceUID);
    facts.study_instance_uid = text(DCM_StudyInstanceUID);
    facts.manufacturer = text(DCM_Manufacturer);
    facts.model_name = text(DCM_ManufacturerModelName);
    facts.software_versions = text(DCM_SoftwareVersions);
    facts.completion = text(DCM_CompletionFlag);
    facts.verification = text(DCM_VerificationFlag);
    facts.preliminary = text(DCM_PreliminaryFlag);
}

void read_predecessors(DcmItem &data_set, medtl_document &document)
{
    for (const std::string &uid : predecessor_uids(data_set))
        document.predecessors.push_back(keep(document, uid));
}

std::unique_ptr<medtl_document> read_document(const object_input &input)
{
    std::unique_ptr<medtl_document> document(new medtl_document);
    archive_cache archives;
    const std::unique_ptr<dicom_file> file = open_object(input, limits_of_report(), archives);

    if (file->layout().is_directory)
        fail(MEDTL_E_UNSUPPORTED, "is a DICOMDIR, not a Structured Report");
    const std::unique_ptr<DcmDataset> data_set =
        file->parse_header([](const DcmTagKey &) { return true; });

    if (file->layout().bare && !data_set->tagExists(DCM_SOPClassUID))
        fail(MEDTL_E_NOT_DICOM, "not a DICOM file");
    if (text_value(*data_set, DCM_ValueType) != "CONTAINER")
        fail(MEDTL_E_UNSUPPORTED,
             "is not a Structured Report: Value Type (0040,A040) does not say CONTAINER");
    if (!data_set->tagExists(DCM_ContentSequence))
        fail(MEDTL_E_FORMAT, "has no content: Content Sequence (0040,A730) is missing");
    utf8_converter to_utf8(*data_set);
    read_document_facts(*data_set, to_utf8, *document);
    read_predecessors(*data_set, *document);
    read_content(*data_set, to_utf8, *document);
    return document;
}

} // namespace
} // namespace medtl_dicom

using namespace medtl_dicom;

extern "C" medtl_status medtl_document_read(const char *path, medtl_document **out,
                                            medtl_error *err) noexcept
try {
    *out = nullptr;
    const std::string name = path;

    *out = read_document({&name, nullptr, 0}).release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, path);
}

extern "C" medtl_status medtl_document_read_memory(const void *bytes, size_t size, const char *name,
                                                   medtl_document **out, medtl_error *err) noexcept
try {
    *out = nullptr;
    const std::string path = name;
    const unsigned char none = 0; // a NULL pointer would mean the path

    *out =
        read_document({&path, size > 0 ? static_cast<const unsigned char *>(bytes) : &none, size})
            .release();
    return MEDTL_OK;
} catch (...) {
    return translate(err, name);
}

extern "C" void medtl_document_destroy(medtl_document *document) noexcept { delete document; }

extern "C" const medtl_document_facts *
medtl_document_get_facts(const medtl_document *document) noexcept
{
    return &document->facts;
}

extern "C" const medtl_content_item *medtl_document_items(const medtl_document *document,
                                                          size_t *count) noexcept
{
    *count = document->items.size();
    return document->items.data();
}

extern "C" const char *const *medtl_document_predecessors(const medtl_document *document,
                                                          size_t *count) noexcept
{
    *count = document->predecessors.size();
    return document->predecessors.data();
}

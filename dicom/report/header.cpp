// One function a module of PS3.3. The patient's and the study's attributes are copies of the first
// image's, byte for byte, in its character set; what comes from other images is brought into that;
// our own values are ASCII, which every character set of DICOM contains.
#include "header.h"

#include "clock.h"
#include "equipment.h"
#include "text.h"

#include "dicom/attributes.h"

#include <dcmtk/dcmsr/dsrcsidl.h>
#include <dcmtk/dcmsr/dsrsoprf.h>

#include <memory>
#include <vector>

namespace medtl_dicom
{
namespace
{

void put(DcmItem &item, const DcmTagKey &tag, const std::string &value)
{
    require(item.putAndInsertString(tag, value.c_str()), MEDTL_E_INTERNAL,
            "cannot write a header attribute");
}

void put_empty_unless_there(DcmItem &item, const DcmTagKey &tag)
{
    if (!item.tagExists(tag))
        require(item.insertEmptyElement(tag), MEDTL_E_INTERNAL,
                "cannot write an empty header attribute");
}

void copy_or_empty(DcmItem &from, const DcmTagKey &tag, DcmItem &to)
{
    DcmElement *element = nullptr;

    if (from.findAndGetElement(tag, element).bad() || element == nullptr) {
        put_empty_unless_there(to, tag);
        return;
    }
    std::unique_ptr<DcmElement> copy(static_cast<DcmElement *>(element->clone()));
    require(copy != nullptr, MEDTL_E_MEMORY, "out of memory for a header attribute");
    require(to.insert(copy.get(), OFTrue), MEDTL_E_INTERNAL, "cannot copy a header attribute");
    copy.release();
}

// A birth date of 00000000 says nothing, and would make the report invalid. Names, identifiers and UIDs
// are never judged: a report must carry those of its study, whatever they are.
bool is_judged(DcmEVR vr)
{
    switch (vr) {
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DS:
    case EVR_DT:
    case EVR_IS:
    case EVR_TM:
        return true;
    default:
        return false;
    }
}

void remove_values_that_are_none(DcmItem &report)
{
    for (unsigned long i = report.card(); i-- > 0;) {
        DcmElement *const element = report.getElement(i);

        if (element->getTag().getXTag() != DCM_SpecificCharacterSet &&
            is_judged(element->getVR()) && element->checkValue("1-n").bad())
            delete report.remove(i);
    }
}

// C.7.1.1 Patient, C.7.2.1 General Study and their relatives. Type 2 attributes are there even
// where the image lacks them.
void write_patient_and_study(DcmItem &report, DcmItem &image)
{
    static const DcmTagKey type2[] = {
        DCM_PatientName, DCM_PatientID,       DCM_PatientBirthDate,
        DCM_PatientSex,  DCM_StudyDate,       DCM_StudyTime,
        DCM_StudyID,     DCM_AccessionNumber, DCM_ReferringPhysicianName,
    };

    copy_patient_and_study(image, report);
    remove_values_that_are_none(report);
    for (const DcmTagKey &tag : type2)
        put_empty_unless_there(report, tag);
}

// C.17.1 SR Document Series.
void write_series(DcmItem &report, const report_context &context, const std::string &series_uid)
{
    put(report, DCM_Modality, "SR");
    put(report, DCM_SeriesInstanceUID, series_uid);
    put(report, DCM_SeriesNumber, std::to_string(context.task.series_number));
    if (context.task.series_description != nullptr)
        put(report, DCM_SeriesDescription, long_string(context.task.series_description));
    put_empty_unless_there(report, DCM_ReferencedPerformedProcedureStepSequence);
}

// C.7.5.1 General Equipment.
void write_equipment(DcmItem &report, const report_context &context)
{
    const equipment device = equipment_of(context.request);

    put(report, DCM_Manufacturer, device.manufacturer);
    put(report, DCM_ManufacturerModelName, device.model);
    put(report, DCM_DeviceSerialNumber, device.serial);
    put(report, DCM_SoftwareVersions, device.software);
}

// C.12.1 SOP Common: Contributing Equipment Sequence. IHE AIR wants each algorithm here.
void write_contributing_equipment(DcmItem &report, const report_context &context)
{
    const equipment device = equipment_of(context.request);
    DcmItem *item = nullptr;

    require(report.findOrCreateSequenceItem(DCM_ContributingEquipmentSequence, item, 0),
            MEDTL_E_INTERNAL, "cannot write the contributing equipment");
    require(coded_entry(MEDTL_CONCEPT_PROCESSING_EQUIPMENT)
                .writeSequence(*item, DCM_PurposeOfReferenceCodeSequence),
            MEDTL_E_INTERNAL, "cannot write the contributing equipment's purpose");
    put(*item, DCM_Manufacturer, device.manufacturer);
    put(*item, DCM_ManufacturerModelName, device.name);
    put(*item, DCM_DeviceSerialNumber, device.serial);
    put(*item, DCM_SoftwareVersions, device.software);
    put(*item, DCM_DeviceUID, context.device_uid);
    if (context.request.content_date_time != nullptr) // else nobody said when
        put(*item, DCM_ContributionDateTime, context.request.content_date_time);
    put(*item, DCM_ContributionDescription, "Classification of images");
}

// C.12.1 SOP Common: schemes that are ours or a data set's need a word on who is behind them.
void write_coding_schemes(DcmItem &report, const report_context &context,
                          const std::set<std::string> &schemes)
{
    DSRCodingSchemeIdentificationList list;

    for (const std::string &scheme : schemes) {
        const bool ours = scheme == MEDTL_PRIVATE_SCHEME;
        const std::string name =
            ours ? "Private concepts of medtl"
                 : std::string("Class labels of the task ") + long_string(context.task.name);

        require(list.addItem(scheme.c_str(), "", name.c_str(), manufacturer_name), MEDTL_E_INTERNAL,
                "cannot name a private coding scheme");
    }
    require(list.write(report), MEDTL_E_INTERNAL, "cannot write the coding schemes");
}

void write_sop_common(DcmItem &report, const report_context &context, const header_facts &facts,
                      const moment &when)
{
    put(report, DCM_SOPClassUID, facts.sop_class_uid);
    put(report, DCM_SOPInstanceUID, context.report_uid);
    if (context.request.content_date_time == nullptr)
        return; // nobody said when
    put(report, DCM_InstanceCreationDate, when.date);
    put(report, DCM_InstanceCreationTime, when.time);
}

bool is_ascii_throughout(DcmElement &element)
{
    OFString text;

    if (element.ident() == EVR_SQ) {
        DcmSequenceOfItems &sequence = static_cast<DcmSequenceOfItems &>(element);

        for (unsigned long i = 0; i < sequence.card(); i++)
            for (unsigned long k = 0; k < sequence.getItem(i)->card(); k++)
                if (!is_ascii_throughout(*sequence.getItem(i)->getElement(k)))
                    return false;
        return true;
    }
    return !element.isAffectedBySpecificCharacterSet() || element.getOFStringArray(text).bad() ||
           is_ascii(text);
}

// Copies of an image's texts in the character set that the report declares, which is its first image's. DCMTK converts into
// sets without code extensions only. What it cannot convert is left empty (all here are of type 2): read in another
// character set, an order's number could be another order's.
void recode(DcmItem &copies, const std::string &from, const std::string &to)
{
    DcmSpecificCharacterSet converter;

    if (from == to)
        return;
    const bool ready = converter.selectCharacterSet(from.c_str(), to.c_str()).good();
    for (unsigned long i = 0; i < copies.card(); i++) {
        DcmElement &element = *copies.getElement(i);

        if (!is_ascii_throughout(element) &&
            !(ready && element.convertCharacterSet(converter).good()))
            require(element.clear(), MEDTL_E_INTERNAL, "cannot empty a header attribute");
    }
}

// The order's own number, else the image's.
DcmItem &with_accession_number(DcmItem &attributes, DcmItem &image)
{
    return attributes.tagExistsWithValue(DCM_AccessionNumber) ? attributes : image;
}

// C.17.2 SR Document General: one item of Referenced Request Sequence, from one of the image's
// Request Attributes.
void write_request(DcmItem &request, DcmItem &attributes, DcmItem &image)
{
    static const DcmTagKey type2[] = {
        DCM_PlacerOrderNumberImagingServiceRequest,
        DCM_FillerOrderNumberImagingServiceRequest,
        DCM_RequestedProcedureID,
        DCM_RequestedProcedureDescription,
        DCM_RequestedProcedureCodeSequence,
    };

    copy_or_empty(image, DCM_StudyInstanceUID, request);
    put_empty_unless_there(request, DCM_ReferencedStudySequence);
    copy_or_empty(with_accession_number(attributes, image), DCM_AccessionNumber, request);
    for (const DcmTagKey &tag : type2)
        copy_or_empty(attributes, tag, request);
}

// The orders behind the images, each once. Images of one order repeat it; the identifier tells them
// apart.
void write_requests(DcmItem &report, const report_context &context)
{
    const medtl_report_request &asked = context.request;
    std::set<std::string> written;

    for (size_t i = 0; i < asked.result_count; i++) {
        DcmDataset &image = context.images.of(*asked.results[i].instance);
        DcmItem *attributes = nullptr;

        for (signed long n = 0;
             image.findAndGetSequenceItem(DCM_RequestAttributesSequence, attributes, n).good();
             n++) {
            OFString procedure, number;
            DcmItem *item = nullptr;

            attributes->findAndGetOFStringArray(DCM_RequestedProcedureID, procedure);
            with_accession_number(*attributes, image)
                .findAndGetOFStringArray(DCM_AccessionNumber, number);
            if (!written.insert(std::string(number.c_str()) + '\n' + procedure.c_str()).second)
                continue;
            require(report.findOrCreateSequenceItem(DCM_ReferencedRequestSequence, item, -2),
                    MEDTL_E_INTERNAL, "cannot write a referenced request");
            write_request(*item, *attributes, image);
            recode(*item, text_values(image, DCM_SpecificCharacterSet),
                   text_values(report, DCM_SpecificCharacterSet));
        }
    }
}

// C.17.2 SR Document General: every object that the tree refers to, once, by study and series.
void write_evidence(DcmItem &report, const medtl_report_request &request,
                    const std::set<std::string> &references)
{
    DSRSOPInstanceReferenceList evidence(DCM_CurrentRequestedProcedureEvidenceSequence);

    for (size_t i = 0; i < request.result_count; i++) {
        const medtl_image_result &result = request.results[i];
        const medtl_facts &image = *medtl_instance_facts(result.instance);
        const auto add = [&](const char *series, const char *sop_class, const char *sop) {
            if (references.count(sop) > 0)
                require(evidence.addItem(image.study_instance_uid, series, sop_class, sop, OFFalse),
                        MEDTL_E_INTERNAL, "cannot list an object as evidence");
        };

        add(image.series_instance_uid, image.sop_class_uid, image.sop_instance_uid);
        for (size_t k = 0; k < result.evidence_count; k++)
            add(result.evidence[k].series_instance_uid, result.evidence[k].sop_class_uid,
                result.evidence[k].sop_instance_uid);
    }
    require(evidence.write(report), MEDTL_E_INTERNAL, "cannot write the evidence");
}

// C.17.2 SR Document General: the reports whose place this one takes.
void write_predecessors(DcmItem &report, const medtl_report_request &request)
{
    DSRSOPInstanceReferenceList earlier(DCM_PredecessorDocumentsSequence);

    for (size_t i = 0; i < request.predecessor_count; i++) {
        const medtl_facts &facts = *medtl_instance_facts(request.predecessors[i]);

        require(earlier.addItem(facts.study_instance_uid, facts.series_instance_uid,
                                facts.sop_class_uid, facts.sop_instance_uid, OFFalse),
                MEDTL_E_INTERNAL, "cannot name an earlier report");
    }
    if (request.predecessor_count > 0)
        require(earlier.write(report), MEDTL_E_INTERNAL, "cannot name the earlier reports");
}

void write_document_general(DcmItem &report, const report_context &context,
                            const header_facts &facts, const moment &when)
{
    const medtl_report_request &request = context.request;

    put(report, DCM_InstanceNumber, std::to_string(facts.instance_number));
    put(report, DCM_CompletionFlag, "COMPLETE");
    put(report, DCM_VerificationFlag, "UNVERIFIED"); // no person stands behind it
    put(report, DCM_PreliminaryFlag, "PRELIMINARY");
    put(report, DCM_ContentDate, when.date);
    put(report, DCM_ContentTime, when.time);
    put_empty_unless_there(report, DCM_PerformedProcedureCodeSequence);
    write_requests(report, context);
    write_predecessors(report, request);
    write_evidence(report, request, facts.references);
}

} // namespace

void write_header(DcmItem &report, const report_context &context, const header_facts &facts)
{
    const medtl_report_request &request = context.request;
    DcmDataset &image = context.images.of(*request.results[0].instance);
    const moment when = content_moment(request, context.images);

    write_patient_and_study(report, image);
    write_sop_common(report, context, facts, when);
    write_series(report, context, facts.series_uid);
    write_equipment(report, context);
    write_contributing_equipment(report, context);
    write_coding_schemes(report, context, facts.private_schemes);
    write_document_general(report, context, facts, when);
}

} // namespace medtl_dicom

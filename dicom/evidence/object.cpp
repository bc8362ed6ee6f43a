// The modules that all objects share, one function a module of PS3.3. Patient and study are the image's own; our own values are
// ASCII, which every character set of DICOM contains.
#include "object.h"

#include "core/base/c_locale.h"
#include "dicom/instance_internal.h"
#include "dicom/report/clock.h"
#include "dicom/report/equipment.h"
#include "dicom/report/uid.h"

namespace medtl_dicom
{
namespace
{

std::string or_empty(const char *text) { return text == nullptr ? "" : text; }

std::string uid_of(const std::string &name)
{
    char uid[MEDTL_UID_SIZE];

    medtl_uid_from_name(name.data(), name.size(), uid);
    return uid;
}

// A value that its VR forbids ("00000000" as a birth date) says nothing, and would make the object invalid. Names,
// identifiers and UIDs are never judged.
bool is_judged(DcmEVR vr)
{
    return vr == EVR_AS || vr == EVR_CS || vr == EVR_DA || vr == EVR_DS || vr == EVR_DT ||
           vr == EVR_IS || vr == EVR_TM;
}

void remove_values_that_are_none(DcmItem &object)
{
    for (unsigned long i = object.card(); i-- > 0;) {
        DcmElement *const element = object.getElement(i);

        if (element->getTag().getXTag() != DCM_SpecificCharacterSet &&
            is_judged(element->getVR()) && element->checkValue("1-n").bad())
            delete object.remove(i);
    }
}

// C.7.1.1 Patient, C.7.2.1 General Study, C.7.2.2 Patient Study.
void write_patient_and_study(DcmItem &object, DcmItem &image)
{
    static const DcmTagKey type2[] = {
        DCM_PatientName, DCM_PatientID,       DCM_PatientBirthDate,
        DCM_PatientSex,  DCM_StudyDate,       DCM_StudyTime,
        DCM_StudyID,     DCM_AccessionNumber, DCM_ReferringPhysicianName,
    };

    copy_patient_and_study(image, object);
    remove_values_that_are_none(object);
    for (const DcmTagKey &tag : type2)
        put_empty(object, tag);
}

// C.7.3.1 General Series.
void write_series(DcmItem &object, const evidence_type &type, const medtl_evidence_request &request)
{
    const unsigned long number = 10ul * request.task->series_number + type.series_offset;
    const std::string title = or_empty(request.task->title) + ": " + type.series_title;

    put_text(object, DCM_Modality, type.modality);
    put_text(object, DCM_SeriesInstanceUID, evidence_series_uid(type, request));
    if (number <= 2147483647ul) // IS; type 2
        put_text(object, DCM_SeriesNumber, std::to_string(number));
    put_empty(object, DCM_SeriesNumber);
    put_text(object, DCM_SeriesDescription, long_string(title.c_str()));
}

// The request as a report's, which knows how equipment and time are said.
medtl_report_request as_report(const medtl_evidence_request &request,
                               const medtl_image_result &result)
{
    medtl_report_request report = {};

    report.task = request.task;
    report.model_name = request.model_name;
    report.model_version = request.model_version;
    report.model_sha256 = request.model_sha256;
    report.software_version = request.software_version;
    report.content_date_time = request.content_date_time;
    report.results = &result;
    report.result_count = 1;
    return report;
}

medtl_image_result as_result(const medtl_evidence_request &request)
{
    medtl_image_result result = {};

    result.instance = request.instance;
    result.frame = request.frame;
    return result;
}

// C.7.5.1 General Equipment, C.7.5.2 Enhanced General Equipment.
void write_equipment(DcmItem &object, const medtl_report_request &report)
{
    const equipment device = equipment_of(report);

    put_text(object, DCM_Manufacturer, device.manufacturer);
    put_text(object, DCM_ManufacturerModelName, device.model);
    put_text(object, DCM_DeviceSerialNumber, device.serial);
    put_text(object, DCM_SoftwareVersions, device.software);
}

// C.12.1 SOP Common, and the date and time of the content (C.7.6.1, C.8.20.1).
void write_sop_common(DcmItem &object, DcmItem &image, const evidence_type &type,
                      const medtl_report_request &report, const std::string &sop_instance_uid)
{
    headers images;
    const moment when = content_moment(report, images);

    put_text(object, DCM_SOPClassUID, type.sop_class_uid);
    put_text(object, DCM_SOPInstanceUID, sop_instance_uid);
    put_text(object, DCM_InstanceCreationDate, when.date);
    put_text(object, DCM_InstanceCreationTime, when.time);
    put_text(object, DCM_ContentDate, when.date);
    put_text(object, DCM_ContentTime, when.time);
    if (!copy_if_there(image, DCM_InstanceNumber, object)) // its image's, to find the two together
        put_text(object, DCM_InstanceNumber, "1");
}

} // namespace

std::string evidence_uid(const evidence_type &type, const medtl_evidence_request &request)
{
    char rest[64];

    medtl_snprintf(rest, sizeof rest, "%u %zu %.6f", static_cast<unsigned>(request.frame),
                   request.class_index, request.level);
    return uid_of(std::string("evidence\n") + type.name + "\n" +
                  or_empty(request.software_version) + "\n" + or_empty(request.model_sha256) +
                  "\n" + or_empty(request.task->digest) + "\n" +
                  medtl_instance_facts(request.instance)->sop_instance_uid + "\n" + rest);
}

std::string evidence_series_uid(const evidence_type &type, const medtl_evidence_request &request)
{
    const std::string series = std::string("evidence series\n") + type.name + "\n" +
                               medtl_instance_facts(request.instance)->study_instance_uid + "\n" +
                               or_empty(request.task->name) + "\n" + or_empty(request.model_sha256);

    return uid_of(type.series_of_its_own ? series + "\n" + evidence_uid(type, request) : series);
}

std::string evidence_part_uid(const std::string &sop_instance_uid, const char *part)
{
    return uid_of(std::string("evidence part\n") + sop_instance_uid + "\n" + part);
}

void write_common(DcmItem &object, DcmItem &image, const evidence_type &type,
                  const medtl_evidence_request &request, const std::string &sop_instance_uid)
{
    const medtl_image_result result = as_result(request);
    const medtl_report_request report = as_report(request, result);

    write_patient_and_study(object, image);
    write_sop_common(object, image, type, report, sop_instance_uid);
    write_series(object, type, request);
    write_equipment(object, report);
}

void write_source_image(DcmItem &item, const medtl_evidence_request &request)
{
    const medtl_facts &facts = *medtl_instance_facts(request.instance);

    put_text(item, DCM_ReferencedSOPClassUID, facts.sop_class_uid);
    put_text(item, DCM_ReferencedSOPInstanceUID, facts.sop_instance_uid);
    if (facts.frames > 1)
        put_text(item, DCM_ReferencedFrameNumber, std::to_string(request.frame + 1));
    add_code(item, DCM_PurposeOfReferenceCodeSequence, "121322", "DCM",
             "Source image for image processing operation");
}

} // namespace medtl_dicom

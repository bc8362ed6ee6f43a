// medtl_report_create() and its siblings: checks the request, puts header and content together, and
// encodes the file.
#include "medtl/report.h"

#include "decision.h"
#include "equipment.h"
#include "header.h"
#include "identity.h"
#include "serialise.h"
#include "uid.h"

#include "dicom/instance_internal.h"

#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>

namespace medtl_dicom
{
namespace
{

// DCMTK numbers the nodes of all content trees of a process with one plain counter (dsrtree.h, "is
// this MT-safe?"). Building a tree takes a millisecond, so our trees are built one at a time.
std::mutex tree_mutex;

void check_task(const medtl_task &task)
{
    const bool known_profile = task.report_profile == nullptr || task.report_profile[0] == '\0' ||
                               strcmp(task.report_profile, "tid1500") == 0;

    require(known_profile, MEDTL_E_UNSUPPORTED, "the only report profile is tid1500");
    require(task.classes != nullptr && task.class_count > 0, MEDTL_E_ARGUMENT,
            "a report needs a task with classes");
    for (size_t i = 0; i < task.class_count; i++)
        require(task.classes[i].code.value[0] != '\0' && task.classes[i].code.scheme[0] != '\0',
                MEDTL_E_ARGUMENT, "a class of the task has no code");
}

std::string patient_id(const medtl_instance &instance)
{
    OFString id;

    report_header(instance)->findAndGetOFStringArray(DCM_PatientID, id);
    return id.c_str();
}

// A report on one patient's images filed under another's name would be worse than none.
void check_result(const medtl_image_result &result, const medtl_image_result &first,
                  const medtl_task &task)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const char *const path = medtl_instance_path(result.instance);
    const bool same_study = strcmp(facts.study_instance_uid,
                                   medtl_instance_facts(first.instance)->study_instance_uid) == 0;

    if (!same_study || patient_id(*result.instance) != patient_id(*first.instance))
        fail(MEDTL_E_ARGUMENT, "%s: is of another %s than the report's first image", path,
             same_study ? "patient (same study UID, other Patient ID)" : "study");
    if (facts.series_instance_uid[0] == '\0')
        fail(MEDTL_E_ARGUMENT, "%s: has no Series Instance UID, so a report cannot refer to it",
             path);
    if (facts.rows == 0 || facts.columns == 0 ||
        result.frame >= (facts.frames > 0 ? facts.frames : 1))
        fail(MEDTL_E_ARGUMENT, "%s: has no frame %u", path,
             static_cast<unsigned>(result.frame) + 1);
    if (!medtl_probabilities_are_valid(result.probabilities, task.class_count))
        fail(MEDTL_E_ARGUMENT, "%s: its probabilities are not numbers from 0 to 1 of sum 1", path);
}

using uid_function = medtl_status (*)(const medtl_report_request *, char[MEDTL_UID_SIZE],
                                      medtl_error *);

std::string derive(uid_function function, const medtl_report_request &request)
{
    char uid[MEDTL_UID_SIZE];
    medtl_error error;

    if (function(&request, uid, &error) != MEDTL_OK)
        fail(error.status, "%s", error.message);
    return uid;
}

std::unique_ptr<medtl_report, decltype(&medtl_report_destroy)>
create(const medtl_report_request &request)
{
    std::unique_ptr<medtl_report, decltype(&medtl_report_destroy)> report(
        static_cast<medtl_report *>(std::calloc(1, sizeof(medtl_report))), medtl_report_destroy);
    DcmFileFormat file;
    header_facts facts;

    require(report != nullptr, MEDTL_E_MEMORY, "out of memory for a report");
    const report_context context = {request, *request.task, derive(medtl_report_uid, request),
                                    derive(medtl_report_device_uid, request)};
    check_task(context.task);
    for (size_t i = 0; i < request.result_count; i++)
        check_result(request.results[i], request.results[0], context.task);

    facts.series_uid = derive(medtl_report_series_uid, request);
    {
        const std::lock_guard<std::mutex> one_tree_at_a_time(tree_mutex);
        content tree;

        write_tid1500(tree, context);
        tree.write(*file.getDataset());
        facts.private_schemes = tree.private_schemes();
    }
    write_header(*file.getDataset(), context, facts);
    serialise(file, request.software_version, report->bytes, report->size);
    std::snprintf(report->sop_instance_uid, MEDTL_UID_SIZE, "%s", context.report_uid.c_str());
    std::snprintf(report->series_instance_uid, MEDTL_UID_SIZE, "%s", facts.series_uid.c_str());
    std::snprintf(report->study_instance_uid, MEDTL_UID_SIZE, "%s",
                  medtl_instance_facts(request.results[0].instance)->study_instance_uid);
    return report;
}

} // namespace
} // namespace medtl_dicom

extern "C" medtl_status medtl_report_create(const medtl_report_request *request, medtl_report **out,
                                            medtl_error *err) noexcept
try {
    *out = nullptr;
    *out = medtl_dicom::create(*request).release();
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(err, nullptr);
}

extern "C" void medtl_report_destroy(medtl_report *report) noexcept
{
    if (report == nullptr)
        return;
    std::free(report->bytes);
    std::free(report);
}

extern "C" bool medtl_report_is_ours(const medtl_instance *instance) noexcept
try {
    const std::unique_ptr<DcmDataset> header = medtl_dicom::report_header(*instance);
    OFString manufacturer, model;

    header->findAndGetOFString(DCM_Manufacturer, manufacturer);
    header->findAndGetOFString(DCM_ManufacturerModelName, model);
    return strcmp(instance->facts.sop_class_uid, UID_ComprehensiveSRStorage) == 0 &&
           strncmp(instance->facts.sop_instance_uid, "2.25.", 5) == 0 &&
           manufacturer == medtl_dicom::manufacturer_name &&
           model == medtl_dicom::manufacturer_model_name;
} catch (...) {
    return false;
}

// medtl_report_create() and its siblings: checks the request, puts header and content together, and
// encodes the file.
#include "medtl/report.h"

#include "decision.h"
#include "equipment.h"
#include "header.h"
#include "identity.h"
#include "profile.h"
#include "serialise.h"
#include "uid.h"

#include "dicom/instance_internal.h"
#include "dicom/patient.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace medtl_dicom
{
namespace
{

// DCMTK numbers the nodes of all content trees of a process with one plain counter (dsrtree.h, "is
// this MT-safe?"). Building a tree takes a millisecond, so our trees are built one at a time.
std::mutex tree_mutex;

const profile &check_task(const medtl_report_request &request)
{
    const medtl_task &task = *request.task;
    const profile *const found = find_profile(request.profile);

    require(found != nullptr, MEDTL_E_UNSUPPORTED, "there is no such report profile");
    require(task.classes != nullptr && task.class_count > 0, MEDTL_E_ARGUMENT,
            "a report needs a task with classes");
    for (size_t i = 0; i < task.class_count; i++)
        require(task.classes[i].code.value[0] != '\0' && task.classes[i].code.scheme[0] != '\0',
                MEDTL_E_ARGUMENT, "a class of the task has no code");
    if (found->id == MEDTL_PROFILE_CAD)
        require(
            strcmp(task.library_modality.value, "MG") == 0 && task.positive_class >= 0 &&
                static_cast<size_t>(task.positive_class) < task.class_count,
            MEDTL_E_UNSUPPORTED,
            "the profile cad is for mammography: it needs the modality MG and a positive class");
    return *found;
}

bool is_of_same_patient(const medtl_image_result &result, const medtl_image_result &first,
                        headers &images)
{
    return is_same_patient(images.of(*result.instance), images.of(*first.instance));
}

bool is_of_same_study(const medtl_image_result &result, const medtl_image_result &first)
{
    return strcmp(medtl_instance_facts(result.instance)->study_instance_uid,
                  medtl_instance_facts(first.instance)->study_instance_uid) == 0;
}

void check_outline(const medtl_image_result &result)
{
    for (size_t i = 0; i < result.outline_count; i++)
        if (!std::isfinite(result.outline[i].x) || !std::isfinite(result.outline[i].y))
            fail(MEDTL_E_ARGUMENT, "%s: its outline has a corner that is no number",
                 medtl_instance_path(result.instance));
}

// A report on one patient's images filed under another's name would be worse than none.
void check_analysed(const medtl_image_result &result, const medtl_image_result &first,
                    const medtl_task &task, headers &images)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const char *const path = medtl_instance_path(result.instance);
    const bool same_study = is_of_same_study(result, first);

    if (!same_study || !is_of_same_patient(result, first, images))
        fail(MEDTL_E_ARGUMENT, "%s: is of another %s than the report's first image", path,
             same_study
                 ? "patient (same study UID, other Patient ID or issuer, or name and birth date)"
                 : "study");
    if (facts.series_instance_uid[0] == '\0')
        fail(MEDTL_E_ARGUMENT, "%s: has no Series Instance UID, so a report cannot refer to it",
             path);
    if (facts.rows == 0 || facts.columns == 0 ||
        result.frame >= (facts.frames > 0 ? facts.frames : 1))
        fail(MEDTL_E_ARGUMENT, "%s: has no frame %u", path,
             static_cast<unsigned>(result.frame) + 1);
    if (!medtl_probabilities_are_valid(result.probabilities, task.class_count))
        fail(MEDTL_E_ARGUMENT, "%s: its probabilities are not numbers from 0 to 1 of sum 1", path);
    check_outline(result);
}

// What can be reported, checked: analysed images first, in the order of the request, then those without a
// result. Of the latter, what cannot be referred to or is of another patient is left out.
std::vector<medtl_image_result> reportable(const medtl_report_request &request, headers &images)
{
    std::vector<medtl_image_result> results(request.results,
                                            request.results + request.result_count);
    std::vector<medtl_image_result> kept;

    std::stable_partition(results.begin(), results.end(), [](const medtl_image_result &one) {
        return one.state == MEDTL_RESULT_ANALYSED;
    });
    for (const medtl_image_result &one : results) {
        if (one.state == MEDTL_RESULT_ANALYSED)
            check_analysed(one, results[0], *request.task, images);
        else if (!is_of_same_study(one, results[0]) ||
                 !is_of_same_patient(one, results[0], images) ||
                 medtl_instance_facts(one.instance)->series_instance_uid[0] == '\0')
            continue;
        kept.push_back(one);
    }
    require(!kept.empty(), MEDTL_E_ARGUMENT,
            "the only image has no Series Instance UID, so a report cannot refer to it");
    return kept;
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
create(const medtl_report_request &asked)
{
    std::unique_ptr<medtl_report, decltype(&medtl_report_destroy)> report(
        static_cast<medtl_report *>(std::calloc(1, sizeof(medtl_report))), medtl_report_destroy);
    medtl_report_request request = asked;
    DcmFileFormat file;
    header_facts facts;
    headers images;

    require(report != nullptr, MEDTL_E_MEMORY, "out of memory for a report");
    const report_context context = {request, *request.task, derive(medtl_report_uid, asked),
                                    derive(medtl_report_device_uid, asked), images};
    const profile &wanted = check_task(request);
    const std::vector<medtl_image_result> results = reportable(asked, images);

    request.results = results.data();
    request.result_count = results.size();
    facts.series_uid = derive(medtl_report_series_uid, request);
    facts.sop_class_uid = wanted.sop_class_uid;
    facts.instance_number = wanted.instance_number;
    {
        const std::lock_guard<std::mutex> one_tree_at_a_time(tree_mutex);
        content tree(wanted.type);

        wanted.write(tree, context);
        tree.write(*file.getDataset());
        facts.private_schemes = tree.private_schemes();
        facts.references = tree.references();
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

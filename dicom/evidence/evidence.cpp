// medtl_evidence_create(): checks the request, puts the modules together, and encodes the file.
#include "medtl/evidence.h"

#include "object.h"

#include "dicom/instance_internal.h"
#include "dicom/report/serialise.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace medtl_dicom
{
namespace
{

using owned_evidence = std::unique_ptr<medtl_evidence, decltype(&medtl_evidence_destroy)>;

const evidence_type &type_of(medtl_evidence_kind kind)
{
    for (const evidence_type *type : {&secondary_capture, &segmentation})
        if (type->kind == kind)
            return *type;
    fail(MEDTL_E_UNSUPPORTED, "this kind of evidence is not made");
}

void check(const medtl_evidence_request &request)
{
    const medtl_geometry &g = request.geometry;

    require(request.task != nullptr && request.instance != nullptr &&
                request.probabilities != nullptr && request.map.values != nullptr &&
                request.map.height > 0 && request.map.width > 0,
            MEDTL_E_ARGUMENT, "evidence needs a task, an image, its result and a heat map");
    require(request.class_index < request.task->class_count, MEDTL_E_ARGUMENT,
            "evidence for a class that the task does not have");
    require(g.x1 > g.x0 && g.y1 > g.y0 && g.inner[2] > g.inner[0] && g.inner[3] > g.inner[1],
            MEDTL_E_ARGUMENT, "evidence needs to know where the input lies in the image");
    require(request.task->normaliser.height > 0 && request.task->normaliser.width > 0,
            MEDTL_E_ARGUMENT, "evidence needs the size of the network's input");
    const medtl_facts &facts = *medtl_instance_facts(request.instance);
    require(facts.series_instance_uid[0] != '\0' && facts.rows > 0 && facts.columns > 0,
            MEDTL_E_ARGUMENT, "evidence needs an image with a series and pixels");
}

owned_evidence create(medtl_evidence_kind kind, const medtl_evidence_request &request)
{
    const evidence_type &type = type_of(kind);
    owned_evidence evidence(static_cast<medtl_evidence *>(std::calloc(1, sizeof(medtl_evidence))),
                            medtl_evidence_destroy);
    DcmFileFormat file;

    require(evidence != nullptr, MEDTL_E_MEMORY, "out of memory for evidence");
    check(request);
    const std::unique_ptr<DcmDataset> image = report_header(*request.instance);
    const std::string uid = evidence_uid(type, request);
    DcmItem &object = *file.getDataset();
    write_common(object, *image, type, request, uid);
    type.write(object, *image, request, uid);
    serialise(file, request.software_version, evidence->bytes, evidence->size);
    evidence->kind = kind;
    evidence->sop_class_uid = type.sop_class_uid;
    std::snprintf(evidence->sop_instance_uid, MEDTL_UID_SIZE, "%s", uid.c_str());
    std::snprintf(evidence->series_instance_uid, MEDTL_UID_SIZE, "%s",
                  evidence_series_uid(type, request).c_str());
    std::snprintf(evidence->study_instance_uid, MEDTL_UID_SIZE, "%s",
                  medtl_instance_facts(request.instance)->study_instance_uid);
    return evidence;
}

} // namespace
} // namespace medtl_dicom

extern "C" medtl_status medtl_evidence_create(medtl_evidence_kind kind,
                                              const medtl_evidence_request *request,
                                              medtl_evidence **out, medtl_error *err) noexcept
try {
    *out = nullptr;
    *out = medtl_dicom::create(kind, *request).release();
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(
        err, request->instance != nullptr ? medtl_instance_path(request->instance) : nullptr);
}

extern "C" void medtl_evidence_destroy(medtl_evidence *evidence) noexcept
{
    if (evidence == nullptr)
        return;
    std::free(evidence->bytes);
    std::free(evidence);
}

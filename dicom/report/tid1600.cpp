// TID 1600 Image Library: the images that the report is about, each once, with what the header says of
// them.
#include "templates.h"

#include "core/base/c_locale.h"

#include <set>

namespace medtl_dicom
{
namespace
{

void write_number(content &tree, medtl_concept name, double value, medtl_concept unit)
{
    char decimal[17]; // DS: at most 16 characters, which "%.9g" keeps for any length in mm

    medtl_snprintf(decimal, sizeof decimal, "%.9g", value);
    tree.number(has_acq_context, name, decimal, unit);
}

// TID 1603 Image Library Entry Descriptors for Projection Radiography.
void write_tid1603(content &tree, const medtl_facts &facts, DcmItem &header)
{
    const medtl_concept mm = MEDTL_CONCEPT_MILLIMETER;
    const double *const spacing = facts.pixel_spacing_mm;
    OFString row, column;

    if (facts.view.value[0] != '\0')
        tree.code(has_acq_context, MEDTL_CONCEPT_IMAGE_VIEW, facts.view); // row 1
    header.findAndGetOFString(DCM_PatientOrientation, row, 0);
    header.findAndGetOFString(DCM_PatientOrientation, column, 1);
    // rows 3 and 4
    tree.text(has_acq_context, MEDTL_CONCEPT_PATIENT_ORIENTATION_ROW, row.c_str());
    tree.text(has_acq_context, MEDTL_CONCEPT_PATIENT_ORIENTATION_COLUMN, column.c_str());
    if (facts.has_pixel_spacing) {
        write_number(tree, MEDTL_CONCEPT_HORIZONTAL_PIXEL_SPACING, spacing[1], mm); // row 5
        write_number(tree, MEDTL_CONCEPT_VERTICAL_PIXEL_SPACING, spacing[0], mm);   // row 6
    }
}

// TID 1602 Image Library Entry Descriptors.
void write_tid1602(content &tree, const medtl_task &task, const medtl_facts &facts, DcmItem &header)
{
    const medtl_concept pixels = MEDTL_CONCEPT_PIXELS;
    const medtl_code *const own = medtl_modality_code(facts.modality);
    const medtl_code *const side = medtl_laterality_code(facts.laterality);
    // A secondary capture says OT or nothing, and DMS is newer than the table; the task knows what
    // it takes.
    const medtl_code &modality = own != nullptr ? *own : task.library_modality;

    tree.code(has_acq_context, MEDTL_CONCEPT_MODALITY, modality); // row 1
    if (side != nullptr)
        tree.code(has_acq_context, MEDTL_CONCEPT_IMAGE_LATERALITY, *side); // row 3
    if (facts.rows > 0 && facts.columns > 0) {
        write_number(tree, MEDTL_CONCEPT_PIXEL_DATA_ROWS, facts.rows, pixels);       // row 11
        write_number(tree, MEDTL_CONCEPT_PIXEL_DATA_COLUMNS, facts.columns, pixels); // row 12
    }
    if (medtl_modality_is_projection(modality.value))
        write_tid1603(tree, facts, header); // row 13
}

// TID 1601 Image Library Entry.
void write_tid1601(content &tree, const report_context &context, const medtl_instance &instance)
{
    const medtl_facts &facts = *medtl_instance_facts(&instance);

    const auto image = tree.image(contains, MEDTL_CONCEPT_ORIGINAL_SOURCE,
                                  {facts.sop_class_uid, facts.sop_instance_uid}); // row 1
    write_tid1602(tree, context.task, facts, context.images.of(instance));        // row 2
}

void write_sources(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    std::set<std::string> written; // an image of several frames has one entry

    const auto group = tree.container(contains, MEDTL_CONCEPT_IMAGE_LIBRARY_GROUP); // row 2
    for (size_t i = 0; i < request.result_count; i++) {
        const medtl_instance &instance = *request.results[i].instance;

        if (written.insert(medtl_instance_facts(&instance)->sop_instance_uid).second)
            write_tid1601(tree, context, instance); // row 4
    }
}

// The pictures and segmentations that explain results, in a group of their own: TID 1410 takes one of an image's at most.
// Presentation states are no images. Without row 3, whose modality is that of an acquisition (CID 29).
void write_evidence(content &tree, const medtl_report_request &request)
{
    std::vector<const medtl_evidence_object *> objects;

    for (size_t i = 0; i < request.result_count; i++)
        for (size_t k = 0; k < request.results[i].evidence_count; k++)
            if (request.results[i].evidence[k].kind != MEDTL_EVIDENCE_PRESENTATION)
                objects.push_back(&request.results[i].evidence[k]);
    if (objects.empty())
        return;
    const auto group = tree.container(contains, MEDTL_CONCEPT_IMAGE_LIBRARY_GROUP); // row 2
    for (const medtl_evidence_object *const object : objects)
        tree.image(contains,
                   object->kind == MEDTL_EVIDENCE_SEGMENTATION ? MEDTL_CONCEPT_REFERENCED_SEGMENT
                                                               : MEDTL_CONCEPT_ILLUSTRATION,
                   {object->sop_class_uid, object->sop_instance_uid}); // row 4: TID 1601 row 1
}

} // namespace

void write_tid1600(content &tree, const report_context &context)
{
    const auto library = tree.container(contains, MEDTL_CONCEPT_IMAGE_LIBRARY); // row 1

    write_sources(tree, context);
    write_evidence(tree, context.request);
}

} // namespace medtl_dicom

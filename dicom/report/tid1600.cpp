// TID 1600 Image Library: the images that were looked at, each once, with what the header says of them.
#include "templates.h"

#include "dicom/instance_internal.h"

#include <cstdio>
#include <set>

namespace medtl_dicom {
namespace {

const medtl_code &concept_code(medtl_concept id) { return *medtl_concept_code(id); }

void write_number(content &tree, medtl_concept name, double value, medtl_concept unit)
{
    char decimal[17]; // DS: at most 16 characters, which "%.9g" keeps for any length in mm

    std::snprintf(decimal, sizeof decimal, "%.9g", value);
    tree.number(has_acq_context, concept_code(name), decimal, concept_code(unit));
}

// TID 1603 Image Library Entry Descriptors for Projection Radiography.
void write_tid1603(content &tree, const medtl_facts &facts, DcmItem &header)
{
    OFString row, column;

    if (facts.view.value[0] != '\0')
        tree.code(has_acq_context, concept_code(MEDTL_CONCEPT_IMAGE_VIEW), facts.view); // row 1
    if (header.findAndGetOFString(DCM_PatientOrientation, row, 0).good() &&
        header.findAndGetOFString(DCM_PatientOrientation, column, 1).good()) {
        tree.text(has_acq_context, concept_code(MEDTL_CONCEPT_PATIENT_ORIENTATION_ROW), row.c_str());       // row 3
        tree.text(has_acq_context, concept_code(MEDTL_CONCEPT_PATIENT_ORIENTATION_COLUMN), column.c_str()); // row 4
    }
    if (facts.has_pixel_spacing) {
        write_number(tree, MEDTL_CONCEPT_HORIZONTAL_PIXEL_SPACING, facts.pixel_spacing_mm[1],
                     MEDTL_CONCEPT_MILLIMETER); // row 5
        write_number(tree, MEDTL_CONCEPT_VERTICAL_PIXEL_SPACING, facts.pixel_spacing_mm[0],
                     MEDTL_CONCEPT_MILLIMETER); // row 6
    }
}

// TID 1602 Image Library Entry Descriptors.
void write_tid1602(content &tree, const medtl_task &task, const medtl_facts &facts, DcmItem &header)
{
    const medtl_code *const own = medtl_modality_code(facts.modality);
    const medtl_code *const side = medtl_laterality_code(facts.laterality);
    // A secondary capture says OT or nothing, and DMS is newer than the table; the task knows what it takes.
    const medtl_code &modality = own != nullptr ? *own : task.library_modality;

    tree.code(has_acq_context, concept_code(MEDTL_CONCEPT_MODALITY), modality); // row 1
    if (side != nullptr)
        tree.code(has_acq_context, concept_code(MEDTL_CONCEPT_IMAGE_LATERALITY), *side); // row 3
    write_number(tree, MEDTL_CONCEPT_PIXEL_DATA_ROWS, facts.rows, MEDTL_CONCEPT_PIXELS);       // row 11
    write_number(tree, MEDTL_CONCEPT_PIXEL_DATA_COLUMNS, facts.columns, MEDTL_CONCEPT_PIXELS); // row 12
    if (medtl_modality_is_projection(modality.value))
        write_tid1603(tree, facts, header); // row 13
}

// TID 1601 Image Library Entry.
void write_tid1601(content &tree, const medtl_task &task, const medtl_instance &instance)
{
    const std::unique_ptr<DcmDataset> header = report_header(instance);

    const auto image = tree.image(contains, concept_code(MEDTL_CONCEPT_ORIGINAL_SOURCE), instance.facts); // row 1
    write_tid1602(tree, task, instance.facts, *header);                                                   // row 2
}

} // namespace

void write_tid1600(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    std::set<std::string> written; // an image of several frames has one entry

    const auto library = tree.container(contains, concept_code(MEDTL_CONCEPT_IMAGE_LIBRARY));     // row 1
    const auto group = tree.container(contains, concept_code(MEDTL_CONCEPT_IMAGE_LIBRARY_GROUP)); // row 2
    for (size_t i = 0; i < request.result_count; i++) {
        const medtl_instance &instance = *request.results[i].instance;

        if (written.insert(instance.facts.sop_instance_uid).second)
            write_tid1601(tree, context.task, instance); // row 4
    }
}

} // namespace medtl_dicom

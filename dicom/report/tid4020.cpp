// TID 4020 CAD Image Library Entry: one image with what its header says of it.
#include "templates.h"

#include "core/base/c_locale.h"
#include "dicom/attributes.h"

namespace medtl_dicom
{
namespace
{

void write_spacing(content &tree, medtl_concept name, double millimetres)
{
    char decimal[17]; // DS: at most 16 characters, which "%.9g" keeps for any length in mm

    medtl_snprintf(decimal, sizeof decimal, "%.9g", millimetres);
    tree.number(has_acq_context, name, decimal, MEDTL_CONCEPT_MILLIMETER);
}

} // namespace

void write_tid4020(content &tree, const report_context &context, const medtl_instance &instance)
{
    const medtl_facts &facts = *medtl_instance_facts(&instance);
    const medtl_code *const side = medtl_breast_code(facts.laterality);
    DcmDataset &header = context.images.of(instance);
    const auto value = [&header](const DcmTagKey &tag, unsigned long index = 0) {
        return text_value(header, tag, index);
    };

    // row 1
    const auto image = tree.library_image(contains, {facts.sop_class_uid, facts.sop_instance_uid});
    if (side != nullptr)
        tree.code(has_acq_context, MEDTL_CONCEPT_IMAGE_LATERALITY, *side); // row 2
    if (is_given(facts.view))
        tree.code(has_acq_context, MEDTL_CONCEPT_IMAGE_VIEW, facts.view); // row 3
    tree.text(has_acq_context, MEDTL_CONCEPT_PATIENT_ORIENTATION_ROW,
              value(DCM_PatientOrientation, 0)); // row 5
    tree.text(has_acq_context, MEDTL_CONCEPT_PATIENT_ORIENTATION_COLUMN,
              value(DCM_PatientOrientation, 1));                                    // row 6
    tree.date(has_acq_context, MEDTL_CONCEPT_STUDY_DATE, value(DCM_StudyDate));     // row 7
    tree.time(has_acq_context, MEDTL_CONCEPT_STUDY_TIME, value(DCM_StudyTime));     // row 8
    tree.date(has_acq_context, MEDTL_CONCEPT_CONTENT_DATE, value(DCM_ContentDate)); // row 9
    tree.time(has_acq_context, MEDTL_CONCEPT_CONTENT_TIME, value(DCM_ContentTime)); // row 10
    if (facts.has_pixel_spacing) {
        // rows 11 and 12
        write_spacing(tree, MEDTL_CONCEPT_HORIZONTAL_PIXEL_SPACING, facts.pixel_spacing_mm[1]);
        write_spacing(tree, MEDTL_CONCEPT_VERTICAL_PIXEL_SPACING, facts.pixel_spacing_mm[0]);
    }
}

} // namespace medtl_dicom

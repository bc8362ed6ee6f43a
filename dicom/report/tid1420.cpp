// TID 1420 Measurements Derived From Multiple ROI Measurements: the views of one breast, or of the exam,
// taken together. The template's one row takes any number with a name of CID 7465, which may be extended;
// its modifiers say of which side and how it was derived.
#include "result.h"

#include "text.h"

namespace medtl_dicom
{
namespace
{

void write_derived(content &tree, const medtl_task &task, const medtl_exam_result &exam,
                   double probability, medtl_concept derivation)
{
    const medtl_class &positive = task.classes[task.positive_class];
    const medtl_code *const side = medtl_laterality_code(exam.side);
    const double exact = probability * 100.0;
    medtl_code name = task.probability_concept;
    char decimal[MEDTL_DS_SIZE];

    if (!is_given(name))
        medtl_probability_concept(&positive, &name);
    medtl_percent_text(static_cast<float>(probability), decimal);
    // row 1, with the modifiers that TID 1419 gives its measurements
    const auto number = tree.number(contains, name, decimal, MEDTL_CONCEPT_PERCENT, &exact);
    tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING, positive.code);
    tree.code(has_concept_mod, MEDTL_CONCEPT_DERIVATION, derivation);
    if (is_given(task.finding_site)) {
        const auto site = tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING_SITE, task.finding_site);
        tree.code(has_concept_mod, MEDTL_CONCEPT_LATERALITY, *side);
    }
}

} // namespace

void write_tid1420(content &tree, const report_context &context, const medtl_exam_result &exam)
{
    write_derived(tree, context.task, exam, exam.mean, MEDTL_CONCEPT_MEAN);
    write_derived(tree, context.task, exam, exam.maximum, MEDTL_CONCEPT_MAXIMUM);
}

} // namespace medtl_dicom

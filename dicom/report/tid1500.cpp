// TID 1500 Measurement Report: the document as a whole.
#include "templates.h"

namespace medtl_dicom
{
namespace
{

const char disclaimer[] = "Supports a clinician, does not diagnose.";

// Always there, whatever a task's wording says: nobody has looked at this yet.
const char unverified[] =
    "Unverified result of software. The probabilities are estimates by an algorithm from single "
    "images, without knowledge of the patient; a clinician must judge them.";

bool is_given(const medtl_code &code) { return code.value[0] != '\0'; }

void write_qualitative_evaluations(content &tree, const medtl_task &task)
{
    const bool has_wording = task.disclaimer != nullptr && task.disclaimer[0] != '\0';

    // row 12
    const auto evaluations = tree.container(contains, MEDTL_CONCEPT_QUALITATIVE_EVALUATIONS);
    // row 14, which takes any TEXT
    tree.text(contains, MEDTL_CONCEPT_COMMENT, has_wording ? task.disclaimer : disclaimer);
    tree.text(contains, MEDTL_CONCEPT_COMMENT, unverified);
}

} // namespace

void write_tid1500(content &tree, const report_context &context)
{
    const code_of procedure = is_given(context.task.procedure)
                                  ? code_of(context.task.procedure)
                                  : code_of(MEDTL_CONCEPT_IMAGING_PROCEDURE);

    const auto root = tree.root(MEDTL_CONCEPT_IMAGING_MEASUREMENT_REPORT, "1500"); // row 1
    write_tid1204(tree);                                                           // row 2
    write_tid1001(tree, context);                                                  // row 3
    tree.code(has_concept_mod, MEDTL_CONCEPT_PROCEDURE_REPORTED, procedure);       // row 4
    write_tid1600(tree, context);                                                  // row 5
    {
        const auto measurements =
            tree.container(contains, MEDTL_CONCEPT_IMAGING_MEASUREMENTS); // row 6
        write_tid4019(tree, context);                                     // row 6b
        for (size_t i = 0; i < context.request.result_count; i++)
            write_tid1410(tree, context, context.request.results[i], i + 1); // row 7
    }
    write_qualitative_evaluations(tree, context.task);
}

void write_tid1204(content &tree)
{
    tree.code(has_concept_mod, MEDTL_CONCEPT_LANGUAGE, MEDTL_CONCEPT_ENGLISH); // row 1
}

} // namespace medtl_dicom

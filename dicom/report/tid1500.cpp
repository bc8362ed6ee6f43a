// TID 1500 Measurement Report: the document as a whole.
#include "result.h"

#include <algorithm>

namespace medtl_dicom
{
namespace
{

void write_imaging_measurements(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;

    const auto measurements = tree.container(contains, MEDTL_CONCEPT_IMAGING_MEASUREMENTS); // row 6
    write_tid4019(tree, context, has_concept_mod); // row 6b
    for (size_t i = 0; i < request.result_count; i++)
        if (has_picture(request.results[i]))
            write_tid1410(tree, context, request.results[i], i + 1); // row 7
}

// Nothing, where the task asks for no result of the exam.
void write_derived_measurements(content &tree, const report_context &context)
{
    const std::vector<medtl_exam_result> exam = exam_of(context.request);

    if (exam.empty())
        return;
    const auto derived = tree.container(contains, MEDTL_CONCEPT_DERIVED_MEASUREMENTS); // row 10
    for (const medtl_exam_result &one : exam)
        write_tid1420(tree, context, one); // row 11
}

// What was found in an image, and what its outline is of.
std::string sentence_of(const report_context &context, size_t index)
{
    const medtl_image_result &result = context.request.results[index];
    const std::string words = image_sentence(context.task, result, index + 1);

    return result.state == MEDTL_RESULT_ANALYSED && has_picture(result)
               ? words + " Outlined: " + region_name(result) + "."
               : words;
}

// The outcome as a code, and the whole report in sentences.
void write_qualitative_evaluations(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    const auto sentence = [&tree](const std::string &text) {
        tree.text(contains, MEDTL_CONCEPT_COMMENT, text); // row 14, which takes any TEXT
    };

    // row 12
    const auto evaluations = tree.container(contains, MEDTL_CONCEPT_QUALITATIVE_EVALUATIONS);
    // row 13, which takes any CODE
    tree.code(contains, MEDTL_CONCEPT_SUMMARY, summary_of(outcome_of(request)));
    for (const std::string &warning : warnings_of(context.task))
        sentence(warning);
    sentence(summary_sentence(request));
    for (const medtl_exam_result &one : exam_of(request))
        sentence(exam_sentence(context.task, one));
    for (size_t i = 0; i < request.result_count; i++)
        sentence(sentence_of(context, i));
}

} // namespace

void write_tid1500(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    const medtl_image_result *const end = request.results + request.result_count;

    const auto root = tree.root(MEDTL_CONCEPT_IMAGING_MEASUREMENT_REPORT, "1500"); // row 1
    write_tid1204(tree);                                                           // row 2
    write_tid1001(tree, context);                                                  // row 3
    tree.code(has_concept_mod, MEDTL_CONCEPT_PROCEDURE_REPORTED,
              procedure_of(context.task)); // row 4
    write_tid1600(tree, context);          // row 5
    if (std::any_of(request.results, end, has_picture))
        write_imaging_measurements(tree, context); // rows 6 to 9
    write_derived_measurements(tree, context);     // rows 10 and 11
    write_qualitative_evaluations(tree, context);  // rows 12 to 14
}

void write_tid1204(content &tree)
{
    tree.code(has_concept_mod, MEDTL_CONCEPT_LANGUAGE, MEDTL_CONCEPT_ENGLISH); // row 1
}

} // namespace medtl_dicom

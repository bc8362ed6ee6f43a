// TID 2000 Basic Diagnostic Imaging Report: the result in words, for viewers that show nothing else.
#include "equipment.h"
#include "result.h"

#include <set>

namespace medtl_dicom
{
namespace
{

// TID 2002 rows 3 and 4: a sentence, with the image that it was inferred from (TID 2001).
void write_image(content &tree, const report_context &context, const medtl_image_result &result,
                 size_t number)
{
    const auto finding = tree.open_text(contains, MEDTL_CONCEPT_FINDING,
                                        image_sentence(context.task, result, number));

    tree.image(inferred_from, MEDTL_CONCEPT_SOURCE_OF_MEASUREMENT, reference_to(result));
}

// TID 2002 row 3: a section of sentences.
void write_section(content &tree, medtl_concept heading, medtl_concept element,
                   const std::vector<std::string> &sentences)
{
    const auto section = tree.container(contains, heading);

    for (const std::string &sentence : sentences)
        tree.text(contains, element, sentence);
}

std::vector<std::string> algorithm(const report_context &context)
{
    std::vector<std::string> lines = algorithm_parameters(context);

    lines.insert(lines.begin(), "Classified by " + equipment_of(context.request).name + ".");
    return lines;
}

std::vector<std::string> impressions(const report_context &context)
{
    std::vector<std::string> sentences = {summary_sentence(context.request)};

    for (const medtl_exam_result &one : exam_of(context.request))
        sentences.push_back(exam_sentence(context.task, one));
    return sentences;
}

} // namespace

void write_tid2000(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;

    const auto root = tree.root(MEDTL_CONCEPT_DIAGNOSTIC_IMAGING_REPORT, "2000"); // row 1
    tree.code(has_concept_mod, MEDTL_CONCEPT_PROCEDURE_REPORTED,
              procedure_of(context.task)); // row 2
    write_tid1204(tree);                   // row 3
    write_tid1001(tree, context);          // row 5
    // row 6 with row 8, a section at a time: what a reader wants to know first comes first
    write_section(tree, MEDTL_CONCEPT_IMPRESSIONS, MEDTL_CONCEPT_IMPRESSION, impressions(context));
    {
        const auto findings = tree.container(contains, MEDTL_CONCEPT_FINDINGS);
        for (size_t i = 0; i < request.result_count; i++)
            write_image(tree, context, request.results[i], i + 1);
    }
    write_section(tree, MEDTL_CONCEPT_REPORT_SUMMARY, MEDTL_CONCEPT_REPORT_SUMMARY,
                  warnings_of(context.task));
    write_section(tree, MEDTL_CONCEPT_PROCEDURE_DESCRIPTIONS, MEDTL_CONCEPT_PROCEDURE_DESCRIPTION,
                  algorithm(context));
}

} // namespace medtl_dicom

// TID 4001 Mammography CAD Overall Impression/Recommendation: the outcome, the exam in words, and an
// impression for each breast with its findings.
#include "result.h"

namespace medtl_dicom
{
namespace
{

// TID 4002 Mammography CAD Impression/Recommendation Elements, of which the description: assessment
// categories and follow-up are a reader's.
void write_tid4002(content &tree, const report_context &context,
                   const std::vector<std::string> &sentences)
{
    std::string description;

    for (const std::string &sentence : sentences)
        description += (description.empty() ? "" : " ") + sentence;
    tree.text(has_properties, MEDTL_CONCEPT_IMPRESSION_DESCRIPTION, description); // row 5
    write_algorithm_name(tree, context, has_properties);                          // row 11
}

std::vector<std::string> overall(const report_context &context)
{
    const medtl_report_request &request = context.request;
    std::vector<std::string> sentences = {summary_sentence(request)};

    for (const medtl_exam_result &one : exam_of(request))
        sentences.push_back(exam_sentence(context.task, one));
    for (size_t i = 0; i < request.result_count; i++)
        if (request.results[i].state != MEDTL_RESULT_ANALYSED)
            sentences.push_back(image_sentence(context.task, request.results[i], i + 1));
    for (const std::string &warning : warnings_of(context.task))
        sentences.push_back(warning);
    return sentences;
}

bool is_of(const medtl_image_result &result, medtl_laterality side)
{
    return result.state == MEDTL_RESULT_ANALYSED &&
           medtl_instance_facts(result.instance)->laterality == side;
}

// TID 4003 Mammography CAD Individual Impression/Recommendation: one breast. Nothing, where none of its
// images was analysed. (Row 3 would describe it in words, as properties of a container, which PS3.3 A.35.5
// does not allow as DCMTK reads it; the words stand in the overall impression.)
void write_tid4003(content &tree, const report_context &context, medtl_laterality side)
{
    const medtl_report_request &request = context.request;
    bool any = false, found = false;

    for (size_t i = 0; i < request.result_count; i++)
        if (is_of(request.results[i], side)) {
            any = true;
            found =
                found || medtl_report_is_finding(&context.task, request.results[i].probabilities);
        }
    if (!any)
        return;
    const auto impression =
        tree.container(inferred_from, MEDTL_CONCEPT_INDIVIDUAL_IMPRESSION); // row 1
    tree.code(has_concept_mod, MEDTL_CONCEPT_RENDERING_INTENT,
              found ? MEDTL_CONCEPT_PRESENTATION_REQUIRED
                    : MEDTL_CONCEPT_NOT_FOR_PRESENTATION); // row 2
    for (size_t i = 0; i < request.result_count; i++)
        if (is_of(request.results[i], side))
            write_tid4006(tree, context, request.results[i], i + 1); // row 5
}

} // namespace

void write_tid4001(content &tree, const report_context &context)
{
    const medtl_concept outcome = summary_of(outcome_of(context.request));

    const auto summary = tree.code(contains, MEDTL_CONCEPT_SUMMARY, outcome); // row 1
    write_tid4002(tree, context, overall(context));                           // row 2
    for (const medtl_laterality side : {MEDTL_LATERALITY_RIGHT, MEDTL_LATERALITY_LEFT,
                                        MEDTL_LATERALITY_BOTH, MEDTL_LATERALITY_NONE})
        write_tid4003(tree, context, side); // row 3
}

} // namespace medtl_dicom

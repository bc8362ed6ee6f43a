// TID 4015 CAD Detections Performed and TID 4016 CAD Analyses Performed: on which images the algorithm
// succeeded and on which it failed. Images that were ruled out are in neither.
#include "result.h"

namespace medtl_dicom
{
namespace
{

bool has_any(const medtl_report_request &request, medtl_result_state state)
{
    for (size_t i = 0; i < request.result_count; i++)
        if (request.results[i].state == state)
            return true;
    return false;
}

// TID 4017 CAD Detection Performed; TID 4018 CAD Analysis Performed.
void write_performed(content &tree, const report_context &context, medtl_concept performed,
                     medtl_concept what, medtl_result_state state)
{
    const medtl_report_request &request = context.request;
    const char *last = "";

    const auto item = tree.code(contains, performed, what); // row 1
    write_tid4019(tree, context, has_properties);           // row 2
    for (size_t i = 0; i < request.result_count; i++) {
        const char *const uid = medtl_instance_facts(request.results[i].instance)->sop_instance_uid;

        if (request.results[i].state == state && std::string(uid) != last)
            tree.by_reference(has_properties,
                              last = uid); // row 4; frames of one image stand together
    }
}

} // namespace

void write_tid4015(content &tree, const report_context &context)
{
    if (has_any(context.request, MEDTL_RESULT_ANALYSED)) {
        const auto good =
            tree.container(inferred_from, MEDTL_CONCEPT_SUCCESSFUL_DETECTIONS); // row 1
        write_performed(tree, context, MEDTL_CONCEPT_DETECTION_PERFORMED,
                        MEDTL_CONCEPT_SELECTED_REGION, MEDTL_RESULT_ANALYSED); // row 2
    }
    if (has_any(context.request, MEDTL_RESULT_FAILED)) {
        const auto bad = tree.container(inferred_from, MEDTL_CONCEPT_FAILED_DETECTIONS); // row 3
        write_performed(tree, context, MEDTL_CONCEPT_DETECTION_PERFORMED,
                        MEDTL_CONCEPT_SELECTED_REGION, MEDTL_RESULT_FAILED); // row 4
    }
}

void write_tid4016(content &tree, const report_context &context)
{
    if (has_any(context.request, MEDTL_RESULT_ANALYSED)) {
        const auto good = tree.container(inferred_from, MEDTL_CONCEPT_SUCCESSFUL_ANALYSES); // row 1
        write_performed(tree, context, MEDTL_CONCEPT_ANALYSIS_PERFORMED,
                        MEDTL_CONCEPT_OVERALL_IMPRESSION_ANALYSIS,
                        MEDTL_RESULT_ANALYSED); // row 2
    }
    if (has_any(context.request, MEDTL_RESULT_FAILED)) {
        const auto bad = tree.container(inferred_from, MEDTL_CONCEPT_FAILED_ANALYSES); // row 3
        write_performed(tree, context, MEDTL_CONCEPT_ANALYSIS_PERFORMED,
                        MEDTL_CONCEPT_OVERALL_IMPRESSION_ANALYSIS,
                        MEDTL_RESULT_FAILED); // row 4
    }
}

} // namespace medtl_dicom

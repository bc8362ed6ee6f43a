// TID 4000 Mammography CAD Document Root: the document as a whole. Order counts in this family, and nothing
// may be added to it.
#include "result.h"

#include <set>

namespace medtl_dicom
{
namespace
{

void write_image_library(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    const auto library = tree.container(contains, MEDTL_CONCEPT_IMAGE_LIBRARY); // row 3
    std::set<std::string> written; // an image of several frames has one entry

    for (size_t i = 0; i < request.result_count; i++) {
        const medtl_instance &instance = *request.results[i].instance;

        if (written.insert(medtl_instance_facts(&instance)->sop_instance_uid).second)
            write_tid4020(tree, context, instance); // row 4
    }
}

} // namespace

void write_tid4000(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    const medtl_concept detections = status_of(outcome_of(request));
    const medtl_concept analyses =
        exam_of(request).empty() ? MEDTL_CONCEPT_NOT_ATTEMPTED : detections;

    const auto root = tree.root(MEDTL_CONCEPT_CAD_REPORT, "4000"); // row 1
    write_tid1204(tree);                                           // row 2
    write_image_library(tree, context);                            // rows 3 and 4
    write_tid4001(tree, context);                                  // row 5
    {
        // row 6
        const auto summary = tree.code(contains, MEDTL_CONCEPT_SUMMARY_OF_DETECTIONS, detections);
        if (detections != MEDTL_CONCEPT_NOT_ATTEMPTED)
            write_tid4015(tree, context); // row 7
    }
    {
        // row 8
        const auto summary = tree.code(contains, MEDTL_CONCEPT_SUMMARY_OF_ANALYSES, analyses);
        if (analyses != MEDTL_CONCEPT_NOT_ATTEMPTED)
            write_tid4016(tree, context); // row 9
    }
}

} // namespace medtl_dicom

// TID 4006 Mammography CAD Single Image Finding: one analysed image. What the network gives is a probability
// for the image, so the finding is a selected region (the salient one, else what was looked at) and claims no
// kind of lesion. For such a region the template has no row Probability of Cancer; Certainty of Finding holds
// it, and the description says so.
#include "result.h"

#include "text.h"

namespace medtl_dicom
{
namespace
{

medtl_point center_of(const std::vector<medtl_point> &outline)
{
    float x0 = outline[0].x, x1 = x0, y0 = outline[0].y, y1 = y0;

    for (const medtl_point &corner : outline) {
        x0 = corner.x < x0 ? corner.x : x0;
        x1 = corner.x > x1 ? corner.x : x1;
        y0 = corner.y < y0 ? corner.y : y0;
        y1 = corner.y > y1 ? corner.y : y1;
    }
    return {(x0 + x1) / 2.0f, (y0 + y1) / 2.0f};
}

// TID 4021 Mammography CAD Geometry.
void write_tid4021(content &tree, const medtl_image_result &result)
{
    const char *const image = medtl_instance_facts(result.instance)->sop_instance_uid;
    const std::vector<medtl_point> outline = region_of(result);
    {
        const auto center =
            tree.point(has_properties, MEDTL_CONCEPT_CENTER, center_of(outline)); // row 1
        tree.by_reference(selected_from, image);                                  // row 2
    }
    const auto drawn = tree.polygon(has_properties, MEDTL_CONCEPT_OUTLINE, outline); // row 3
    tree.by_reference(selected_from, image);                                         // row 4
}

// TID 4013 Mammography CAD Selected Region.
void write_tid4013(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number)
{
    tree.text(has_properties, MEDTL_CONCEPT_SELECTED_REGION_DESCRIPTION,
              std::string("Outlined is ") + region_name(result) +
                  "; the certainty is the probability of the class in the image. " +
                  image_sentence(context.task, result, number)); // row 1
}

} // namespace

void write_tid4006(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number)
{
    const medtl_task &task = context.task;
    const float probability = result.probabilities[task.positive_class];
    const double exact = static_cast<double>(probability) * 100.0;
    const bool found = medtl_report_is_finding(&task, result.probabilities);
    char decimal[MEDTL_DS_SIZE];

    medtl_percent_text(probability, decimal);
    const auto finding = tree.code(contains, MEDTL_CONCEPT_SINGLE_IMAGE_FINDING,
                                   MEDTL_CONCEPT_SELECTED_REGION); // row 1
    tree.code(has_concept_mod, MEDTL_CONCEPT_RENDERING_INTENT,
              found ? MEDTL_CONCEPT_PRESENTATION_REQUIRED
                    : MEDTL_CONCEPT_NOT_FOR_PRESENTATION); // row 2
    write_algorithm_name(tree, context, has_properties);   // row 5
    tree.number(has_properties, MEDTL_CONCEPT_CERTAINTY_OF_FINDING, decimal, MEDTL_CONCEPT_PERCENT,
                &exact);                          // row 6
    write_tid4021(tree, result);                  // row 8
    write_tid4013(tree, context, result, number); // row 17
}

} // namespace medtl_dicom

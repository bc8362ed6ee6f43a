// TID 1410 Planar ROI Measurements and Qualitative Evaluations: what was found in one frame, or why nothing
// was looked for.
#include "result.h"

#include "decision.h"
#include "identity.h"
#include "text.h"

namespace medtl_dicom
{
namespace
{

// The task names the probability of its positive class ("Probability of cancer"); the others have a private
// concept each, named after the class: viewers such as OHIF show the name and not the modifiers.
medtl_code probability_name(const medtl_task &task, size_t index)
{
    medtl_code name;

    if (is_given(task.probability_concept) && task.positive_class >= 0 &&
        static_cast<size_t>(task.positive_class) == index)
        return task.probability_concept;
    medtl_probability_concept(&task.classes[index], &name);
    return name;
}

// TID 1419 rows 5 and 6: the probability of one class.
void write_probability(content &tree, const medtl_task &task, size_t index, float probability)
{
    const medtl_class &named = task.classes[index];
    const medtl_code name = probability_name(task, index);
    const double exact = static_cast<double>(probability) * 100.0;
    char decimal[MEDTL_DS_SIZE];

    medtl_percent_text(probability, decimal);
    // row 5
    const auto number = tree.number(contains, name, decimal, MEDTL_CONCEPT_PERCENT, &exact);
    // row 6, 1-n. Several classes are groups that no standard code covers exactly, so the data
    // set's own name stands beside it.
    tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING, named.code);
    if (is_given(named.private_code))
        tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING, named.private_code);
}

// TID 1419 ROI Measurements, of which the finding site and the measurements.
void write_tid1419(content &tree, const medtl_task &task, const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const medtl_code *const side = medtl_laterality_code(facts.laterality);
    std::vector<size_t> order(task.class_count);

    if (is_given(task.finding_site)) {
        // row 2
        const auto site = tree.code(has_concept_mod, MEDTL_CONCEPT_FINDING_SITE, task.finding_site);
        if (side != nullptr)
            tree.code(has_concept_mod, MEDTL_CONCEPT_LATERALITY, *side); // row 3
    }
    if (result.state != MEDTL_RESULT_ANALYSED)
        return;
    // The most probable first: a viewer may show only the first few.
    order.resize(medtl_listed_classes(&task, result.probabilities, order.data()));
    for (const size_t index : order)
        write_probability(tree, task, index, result.probabilities[index]); // rows 5 and 6
}

std::string tracking_uid(const report_context &context, const medtl_image_result &result)
{
    char uid[MEDTL_UID_SIZE];
    medtl_error error;

    if (medtl_report_tracking_uid(context.report_uid.c_str(), &result, uid, &error) != MEDTL_OK)
        fail(error.status, "%s", error.message);
    return uid;
}

const medtl_evidence_object *evidence_of(const medtl_image_result &result, medtl_evidence_kind kind)
{
    for (size_t i = 0; i < result.evidence_count; i++)
        if (result.evidence[i].kind == kind)
            return &result.evidence[i];
    return nullptr;
}

// Row 3b: the class, or that there is none.
void write_finding(content &tree, const medtl_task &task, const medtl_image_result &result)
{
    if (result.state == MEDTL_RESULT_ANALYSED) {
        const size_t decision = medtl_report_decision(&task, result.probabilities);

        if (task.positive_class >= 0 || medtl_report_is_finding(&task, result.probabilities))
            tree.code(contains, MEDTL_CONCEPT_FINDING, task.classes[decision].code);
        return;
    }
    tree.code(contains, MEDTL_CONCEPT_FINDING,
              result.state == MEDTL_RESULT_FAILED ? MEDTL_CONCEPT_ANALYSIS_FAILED
                                                  : MEDTL_CONCEPT_NOT_ANALYSED);
}

// Rows 5 and 6, through the presentation state where there is one.
void write_region(content &tree, const medtl_image_result &result)
{
    const medtl_evidence_object *const state = evidence_of(result, MEDTL_EVIDENCE_PRESENTATION);
    reference source = reference_to(result);

    if (state != nullptr) {
        source.state_class_uid = state->sop_class_uid;
        source.state_instance_uid = state->sop_instance_uid;
    }
    const auto region = tree.polygon(contains, MEDTL_CONCEPT_IMAGE_REGION, region_of(result));
    tree.image(selected_from, MEDTL_CONCEPT_ORIGINAL_SOURCE, source);
}

// Row 9, which takes one image; the Image Library has them all (tid1600.cpp). (Row 7, a segmentation, would exclude
// the region of row 5, which viewers need.)
void write_illustration(content &tree, const medtl_image_result &result)
{
    const medtl_evidence_object *const picture = evidence_of(result, MEDTL_EVIDENCE_PICTURE);
    const medtl_evidence_object *const shown =
        picture != nullptr ? picture : evidence_of(result, MEDTL_EVIDENCE_SEGMENTATION);

    if (shown != nullptr)
        tree.image(contains, MEDTL_CONCEPT_ILLUSTRATION,
                   {shown->sop_class_uid, shown->sop_instance_uid});
}

// The qualitative evaluations of the template's title; its rows have them since 2023.
void write_evaluations(content &tree, const medtl_image_result &result)
{
    if (result.state != MEDTL_RESULT_ANALYSED)
        tree.code(contains, MEDTL_CONCEPT_REASON, *medtl_reason_code(result.reason));
    for (size_t i = 0; i < result.flag_count; i++)
        tree.code(contains, MEDTL_CONCEPT_REMARK, result.flags[i].code);
}

} // namespace

void write_tid1410(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number)
{
    const std::string uid = tracking_uid(context, result);

    const auto group = tree.container(contains, MEDTL_CONCEPT_MEASUREMENT_GROUP, "1410"); // row 1
    tree.text(has_obs_context, MEDTL_CONCEPT_TRACKING_IDENTIFIER,
              image_name(result, number));                              // row 2
    tree.uid(has_obs_context, MEDTL_CONCEPT_TRACKING_UID, uid.c_str()); // row 3
    write_finding(tree, context.task, result);                          // row 3b
    write_region(tree, result);                                         // rows 5 and 6
    write_illustration(tree, result);                                   // row 9
    write_tid1419(tree, context.task, result);                          // row 11
    write_evaluations(tree, result);                                    // row 12
}

} // namespace medtl_dicom

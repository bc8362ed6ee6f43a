// TID 1410 Planar ROI Measurements and Qualitative Evaluations: what was found in one frame.
#include "templates.h"

#include "decision.h"
#include "identity.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace medtl_dicom
{
namespace
{

bool is_given(const medtl_code &code) { return code.value[0] != '\0'; }

// For people: "Image 2 R CC", "Image 1 frame 3".
std::string tracking_identifier(const medtl_image_result &result, size_t number)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const char *const view = medtl_instance_value(result.instance, "view");
    const char *const side = medtl_instance_value(result.instance, "laterality");
    std::string text = "Image " + std::to_string(number);

    for (const char *part : {side, view})
        if (part != nullptr && part[0] != '\0')
            text += std::string(" ") + part;
    if (facts.frames > 1)
        text += " frame " + std::to_string(result.frame + 1);
    return text;
}

// The part that was looked at, within the image; the whole image where the geometry says nothing
// sensible.
rectangle region_of(const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const medtl_geometry &g = result.geometry;
    const double columns = facts.columns, rows = facts.rows;
    const double x0 = std::clamp(g.x0, 0.0, columns), x1 = std::clamp(g.x1, 0.0, columns);
    const double y0 = std::clamp(g.y0, 0.0, rows), y1 = std::clamp(g.y1, 0.0, rows);

    if (!(x1 > x0 && y1 > y0)) // also where one is no number
        return {0.0f, 0.0f, static_cast<float>(columns), static_cast<float>(rows)};
    return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1),
            static_cast<float>(y1)};
}

// The task names the probability of its positive class ("Probability of cancer"), or of every class
// where it has no positive one; the others are named by a private concept.
medtl_code probability_name(const medtl_task &task, size_t index)
{
    medtl_code name;

    if (is_given(task.probability_concept) &&
        (task.positive_class < 0 || static_cast<size_t>(task.positive_class) == index))
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
    // The most probable first: a viewer may show only the first few.
    medtl_order_by_probability(result.probabilities, task.class_count, order.data());
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

} // namespace

void write_tid1410(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number)
{
    const medtl_task &task = context.task;
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const medtl_class &found = task.classes[medtl_report_decision(&task, result.probabilities)];
    const std::string uid = tracking_uid(context, result);
    const std::string identifier = tracking_identifier(result, number);
    const uint32_t frame = facts.frames > 1 ? result.frame + 1 : 0;

    const auto group = tree.container(contains, MEDTL_CONCEPT_MEASUREMENT_GROUP, "1410"); // row 1
    tree.text(has_obs_context, MEDTL_CONCEPT_TRACKING_IDENTIFIER, identifier);            // row 2
    tree.uid(has_obs_context, MEDTL_CONCEPT_TRACKING_UID, uid.c_str());                   // row 3
    tree.code(contains, MEDTL_CONCEPT_FINDING, found.code);                               // row 3b
    {
        // rows 5 and 6
        const auto region = tree.region(contains, MEDTL_CONCEPT_IMAGE_REGION, region_of(result));
        tree.image(selected_from, MEDTL_CONCEPT_ORIGINAL_SOURCE, facts, frame);
    }
    write_tid1419(tree, task, result); // row 11
}

} // namespace medtl_dicom

#include "result.h"

#include "decision.h"
#include "text.h"

#include <algorithm>

namespace medtl_dicom
{
namespace
{

const char disclaimer[] = "Supports a clinician, does not diagnose.";

// Always there, whatever a task's wording says: nobody has looked at this yet.
const char unverified[] =
    "Unverified result of software. The probabilities are estimates by an algorithm from single "
    "images, without knowledge of the patient; a clinician must judge them.";

const char finding[] = "finding above the operating point: ";
const char no_finding[] = "no finding above the operating point: ";

bool has_positive(const medtl_task &task)
{
    return task.positive_class >= 0 && static_cast<size_t>(task.positive_class) < task.class_count;
}

bool has_outline(const medtl_image_result &result)
{
    return result.outline != nullptr && result.outline_count >= 3;
}

// The part that was looked at, within the image; the whole image where the geometry says nothing
// sensible.
std::vector<medtl_point> rectangle_of(const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const medtl_geometry &g = result.geometry;
    const double columns = facts.columns, rows = facts.rows;
    double x0 = std::clamp(g.x0, 0.0, columns), x1 = std::clamp(g.x1, 0.0, columns);
    double y0 = std::clamp(g.y0, 0.0, rows), y1 = std::clamp(g.y1, 0.0, rows);

    if (!(x1 > x0 && y1 > y0)) { // also where one is no number
        x0 = y0 = 0.0;
        x1 = columns;
        y1 = rows;
    }
    const float left = static_cast<float>(x0), right = static_cast<float>(x1);
    const float top = static_cast<float>(y0), bottom = static_cast<float>(y1);
    return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

std::string finding_words(const medtl_task &task, const float *probabilities)
{
    const size_t decision = medtl_report_decision(&task, probabilities);
    const bool found = medtl_report_is_finding(&task, probabilities);
    const size_t named = has_positive(task) ? static_cast<size_t>(task.positive_class) : decision;
    const double point = has_positive(task) ? task.threshold : task.min_probability;
    const std::string what = std::string(medtl_class_meaning(&task.classes[named])) + " " +
                             percent(static_cast<double>(probabilities[named]));

    if (!has_positive(task) && point <= 0.0)
        return "most probable of " + std::to_string(task.class_count) + " classes: " + what;
    return std::string(found ? finding : no_finding) + what + " (operating point " +
           percent(point) + ")";
}

std::string reason_words(const medtl_image_result &result)
{
    const bool failed = result.state == MEDTL_RESULT_FAILED;
    std::string words = failed ? "analysis failed" : "not analysed";

    words += std::string(": ") + medtl_reason_code(result.reason)->meaning;
    if (result.reason_text != nullptr && result.reason_text[0] != '\0')
        words += std::string(": ") + result.reason_text;
    return words;
}

void count_words(std::string &words, size_t count, const char *what)
{
    if (count > 0)
        words += ", " + std::to_string(count) + " " + what;
}

} // namespace

outcome outcome_of(const medtl_report_request &request)
{
    outcome counts;

    for (size_t i = 0; i < request.result_count; i++) {
        const medtl_image_result &result = request.results[i];

        switch (result.state) {
        case MEDTL_RESULT_ANALYSED:
            counts.analysed++;
            counts.findings += medtl_report_is_finding(request.task, result.probabilities);
            break;
        case MEDTL_RESULT_NOT_ANALYSED:
            counts.not_analysed++;
            break;
        case MEDTL_RESULT_FAILED:
            counts.failed++;
            break;
        }
    }
    return counts;
}

medtl_concept summary_of(const outcome &counts)
{
    if (counts.analysed == 0)
        return MEDTL_CONCEPT_NONE_SUCCEEDED;
    if (counts.failed > 0)
        return counts.findings > 0 ? MEDTL_CONCEPT_PARTLY_WITH_FINDINGS
                                   : MEDTL_CONCEPT_PARTLY_WITHOUT_FINDINGS;
    return counts.findings > 0 ? MEDTL_CONCEPT_ALL_WITH_FINDINGS
                               : MEDTL_CONCEPT_ALL_WITHOUT_FINDINGS;
}

medtl_concept status_of(const outcome &counts)
{
    if (counts.analysed > 0)
        return counts.failed > 0 ? MEDTL_CONCEPT_PARTIALLY_SUCCEEDED : MEDTL_CONCEPT_SUCCEEDED;
    return counts.failed > 0 ? MEDTL_CONCEPT_FAILED : MEDTL_CONCEPT_NOT_ATTEMPTED;
}

std::string image_name(const medtl_image_result &result, size_t number)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const char *const view = medtl_instance_value(result.instance, "view");
    const char *const side = medtl_instance_value(result.instance, "laterality");
    std::string text = "Image " + std::to_string(number);

    for (const char *part : {side, view})
        if (part != nullptr && part[0] != '\0')
            text += std::string(" ") + part;
    if (facts.frames > 1 && result.state == MEDTL_RESULT_ANALYSED)
        text += " frame " + std::to_string(result.frame + 1);
    return text;
}

reference reference_to(const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);

    return {facts.sop_class_uid, facts.sop_instance_uid, facts.frames > 1 ? result.frame + 1 : 0};
}

bool has_picture(const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);

    return facts.rows > 0 && facts.columns > 0;
}

std::vector<medtl_point> region_of(const medtl_image_result &result)
{
    const medtl_facts &facts = *medtl_instance_facts(result.instance);
    const float columns = static_cast<float>(facts.columns), rows = static_cast<float>(facts.rows);
    std::vector<medtl_point> outline;

    if (!has_outline(result))
        return rectangle_of(result);
    for (size_t i = 0; i < result.outline_count; i++)
        outline.push_back({std::clamp(result.outline[i].x, 0.0f, columns),
                           std::clamp(result.outline[i].y, 0.0f, rows)});
    return outline;
}

const char *region_name(const medtl_image_result &result)
{
    if (!has_outline(result))
        return "the part of the image that was looked at";
    switch (result.outline_kind) {
    case MEDTL_OUTLINE_BREAST:
        return "the breast";
    case MEDTL_OUTLINE_LESION:
        return "the region that is darker than the skin around it";
    case MEDTL_OUTLINE_SALIENT:
        break;
    }
    return "the region that weighed most";
}

std::string percent(double probability)
{
    char decimal[MEDTL_DS_SIZE];

    medtl_percent_text(static_cast<float>(probability), decimal);
    return std::string(decimal) + " %";
}

std::string image_sentence(const medtl_task &task, const medtl_image_result &result, size_t number)
{
    std::string words = image_name(result, number) + ": ";

    words += result.state == MEDTL_RESULT_ANALYSED ? finding_words(task, result.probabilities)
                                                   : reason_words(result);
    for (size_t i = 0; i < result.flag_count; i++) {
        const medtl_image_flag &flag = result.flags[i];

        words += std::string("; note: ") + (flag.text != nullptr ? flag.text : flag.code.meaning);
    }
    return words + ".";
}

std::string exam_sentence(const medtl_task &task, const medtl_exam_result &exam)
{
    const bool whole = exam.side == MEDTL_LATERALITY_BOTH;
    const std::string of = whole ? "Exam" : medtl_breast_code(exam.side)->meaning;
    const std::string views = std::to_string(exam.views) + (exam.views == 1 ? " view" : " views");
    const char *const rule = task.exam == MEDTL_EXAM_MAXIMUM ? "maximum" : "mean";

    return of + ": " + (exam.above_threshold ? finding : no_finding) +
           medtl_class_meaning(&task.classes[task.positive_class]) + ", " +
           (whole ? "larger mean of the breasts " : "mean ") + percent(exam.mean) + ", maximum " +
           percent(exam.maximum) + " of " + views + " (operating point " + percent(task.threshold) +
           " of the " + rule + ").";
}

std::string summary_sentence(const medtl_report_request &request)
{
    const outcome counts = outcome_of(request);
    const bool one = request.result_count == 1;
    std::string words = std::to_string(request.result_count) + (one ? " image: " : " images: ") +
                        std::to_string(counts.analysed) + " analysed";

    if (counts.analysed > 0)
        words += counts.findings == 0 ? ", no finding above the operating point"
                                      : ", " + std::to_string(counts.findings) + " with a finding";
    count_words(words, counts.not_analysed, "not analysed");
    count_words(words, counts.failed, "failed");
    return words + ".";
}

std::vector<std::string> warnings_of(const medtl_task &task)
{
    const bool has_wording = task.disclaimer != nullptr && task.disclaimer[0] != '\0';

    return {has_wording ? task.disclaimer : disclaimer, unverified};
}

std::vector<medtl_exam_result> exam_of(const medtl_report_request &request)
{
    medtl_exam_result results[MEDTL_EXAM_RESULT_LIMIT];
    const size_t count =
        medtl_report_exam(request.task, request.results, request.result_count, results);

    return {results, results + count};
}

code_of procedure_of(const medtl_task &task)
{
    return is_given(task.procedure) ? code_of(task.procedure)
                                    : code_of(MEDTL_CONCEPT_IMAGING_PROCEDURE);
}

} // namespace medtl_dicom

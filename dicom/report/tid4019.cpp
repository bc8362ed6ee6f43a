// TID 4019 Algorithm Identification: enough to find the model, the configuration and the rule that
// gave the result.
#include "templates.h"

#include "core/base/c_locale.h"

namespace medtl_dicom
{
namespace
{

const char *given(const char *text)
{
    return text != nullptr && text[0] != '\0' ? text : "unknown";
}

std::string percent_free(const medtl_task &task)
{
    char text[32];

    medtl_snprintf(text, sizeof text, "%.6g", task.min_probability);
    return text;
}

std::string operating_point(const medtl_task &task)
{
    char text[200];

    if (task.positive_class < 0 || static_cast<size_t>(task.positive_class) >= task.class_count)
        return task.min_probability > 0.0
                   ? "operating point: most probable class, from " + percent_free(task) + " on"
                   : "operating point: most probable class";
    medtl_snprintf(text, sizeof text, "operating point: probability of %s >= %.6g",
                   task.classes[task.positive_class].label, task.threshold);
    return text;
}

// What is listed, where that is not every class.
std::string listed(const medtl_task &task)
{
    char text[200] = "";

    if (task.top_k > 0 && task.top_k < task.class_count)
        medtl_snprintf(text, sizeof text, "listed: the %u most probable classes, from %.6g on",
                       static_cast<unsigned>(task.top_k), task.min_probability);
    else if (task.min_probability > 0.0)
        medtl_snprintf(text, sizeof text, "listed: classes from %.6g on", task.min_probability);
    return text;
}

// How several images come together.
std::string exam_rule(const medtl_task &task)
{
    const char *const rule = task.exam == MEDTL_EXAM_MAXIMUM ? "maximum" : "mean";

    if (task.exam == MEDTL_EXAM_NONE)
        return "";
    return std::string("exam: ") + rule +
           " of a breast's views, compared to the operating point; of the exam, the larger one";
}

} // namespace

std::vector<std::string> algorithm_parameters(const report_context &context)
{
    const medtl_report_request &request = context.request;
    const medtl_task &task = context.task;
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    std::vector<std::string> lines;

    medtl_normaliser_text(&task.normaliser, normaliser);
    lines.push_back(std::string("model sha256: ") + given(request.model_sha256));
    if (request.model_arithmetic != nullptr && std::string(request.model_arithmetic) != "float32")
        lines.push_back(std::string("arithmetic: ") + request.model_arithmetic);
    lines.push_back(std::string("configuration: ") + given(task.name));
    lines.push_back(std::string("configuration sha256: ") + given(task.digest));
    lines.push_back(std::string("normaliser: ") + normaliser);
    lines.push_back(operating_point(task));
    for (const std::string &line : {listed(task), exam_rule(task)})
        if (!line.empty())
            lines.push_back(line);
    lines.push_back(std::string("software: medtl ") + given(request.software_version));
    return lines;
}

void write_algorithm_name(content &tree, const report_context &context, content::relationship how)
{
    const medtl_report_request &request = context.request;

    tree.text(how, MEDTL_CONCEPT_ALGORITHM_NAME, given(request.model_name));       // row 1
    tree.text(how, MEDTL_CONCEPT_ALGORITHM_VERSION, given(request.model_version)); // row 2
}

void write_tid4019(content &tree, const report_context &context, content::relationship how)
{
    write_algorithm_name(tree, context, how); // rows 1 and 2
    for (const std::string &line : algorithm_parameters(context))
        tree.text(how, MEDTL_CONCEPT_ALGORITHM_PARAMETERS, line); // row 3
    if (how == has_concept_mod)                                   // a CAD report has no such row
        tree.code(how, MEDTL_CONCEPT_ALGORITHM_FAMILY,
                  MEDTL_CONCEPT_ARTIFICIAL_INTELLIGENCE); // row 4
}

} // namespace medtl_dicom

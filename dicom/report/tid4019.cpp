// TID 4019 Algorithm Identification: enough to find the model, the configuration and the rule that
// gave the result.
#include "templates.h"

#include <cstdio>

namespace medtl_dicom
{
namespace
{

const char *given(const char *text)
{
    return text != nullptr && text[0] != '\0' ? text : "unknown";
}

std::string operating_point(const medtl_task &task)
{
    char text[200];

    if (task.positive_class < 0 || static_cast<size_t>(task.positive_class) >= task.class_count)
        return "operating point: most probable class";
    std::snprintf(text, sizeof text, "operating point: probability of %s >= %.6g",
                  task.classes[task.positive_class].label, task.threshold);
    return text;
}

} // namespace

void write_tid4019(content &tree, const report_context &context)
{
    const medtl_report_request &request = context.request;
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    const auto parameter = [&tree](const std::string &text) {
        tree.text(has_concept_mod, MEDTL_CONCEPT_ALGORITHM_PARAMETERS, text);
    };

    medtl_normaliser_text(&context.task.normaliser, normaliser);
    // rows 1 and 2
    tree.text(has_concept_mod, MEDTL_CONCEPT_ALGORITHM_NAME, given(request.model_name));
    tree.text(has_concept_mod, MEDTL_CONCEPT_ALGORITHM_VERSION, given(request.model_version));
    // row 3, once for each
    parameter(std::string("model sha256: ") + given(request.model_sha256));
    if (request.model_arithmetic != nullptr && std::string(request.model_arithmetic) != "float32")
        parameter(std::string("arithmetic: ") + request.model_arithmetic);
    parameter(std::string("configuration: ") + given(context.task.name));
    parameter(std::string("configuration sha256: ") + given(context.task.digest));
    parameter(std::string("normaliser: ") + normaliser);
    parameter(operating_point(context.task));
    parameter(std::string("software: medtl ") + given(request.software_version));
    // row 4
    tree.code(has_concept_mod, MEDTL_CONCEPT_ALGORITHM_FAMILY,
              MEDTL_CONCEPT_ARTIFICIAL_INTELLIGENCE);
}

} // namespace medtl_dicom

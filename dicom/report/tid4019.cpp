// TID 4019 Algorithm Identification: enough to find the model, the configuration and the rule that gave the result.
#include "templates.h"

#include <cstdio>

namespace medtl_dicom {
namespace {


const char *given(const char *text) { return text != nullptr && text[0] != '\0' ? text : "unknown"; }

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
    const medtl_code &parameters = *medtl_concept_code(MEDTL_CONCEPT_ALGORITHM_PARAMETERS);
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE];
    const auto parameter = [&](const std::string &text) { tree.text(has_concept_mod, parameters, text.c_str()); };

    medtl_normaliser_text(&context.task.normaliser, normaliser);
    tree.text(has_concept_mod, *medtl_concept_code(MEDTL_CONCEPT_ALGORITHM_NAME), given(request.model_name)); // row 1
    tree.text(has_concept_mod, *medtl_concept_code(MEDTL_CONCEPT_ALGORITHM_VERSION),
              given(request.model_version)); // row 2
    parameter(std::string("model sha256: ") + given(request.model_sha256));         // row 3, 1-n
    parameter(std::string("configuration: ") + given(context.task.name));           // row 3
    parameter(std::string("configuration sha256: ") + given(context.task.digest));  // row 3
    parameter(std::string("normaliser: ") + normaliser);                            // row 3
    parameter(operating_point(context.task));                                       // row 3
    parameter(std::string("software: medtl ") + given(request.software_version));   // row 3
    tree.code(has_concept_mod, *medtl_concept_code(MEDTL_CONCEPT_ALGORITHM_FAMILY),
              *medtl_concept_code(MEDTL_CONCEPT_ARTIFICIAL_INTELLIGENCE)); // row 4
}

} // namespace medtl_dicom

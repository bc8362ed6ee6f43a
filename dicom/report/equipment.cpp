#include "equipment.h"

#include "text.h"

namespace medtl_dicom
{
namespace
{

std::string or_empty(const char *text) { return text == nullptr ? "" : text; }

} // namespace

std::string long_string(const char *text)
{
    char value[MEDTL_LO_SIZE];

    medtl_ascii_copy(text, value, sizeof value);
    return value;
}

equipment equipment_of(const medtl_report_request &request)
{
    const std::string trained =
        or_empty(request.model_name) + " " + or_empty(request.model_version);

    return {manufacturer_name, manufacturer_model_name, long_string(trained.c_str()),
            or_empty(request.model_sha256).substr(0, 16), long_string(request.software_version)};
}

} // namespace medtl_dicom

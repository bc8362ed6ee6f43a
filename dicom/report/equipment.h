// medtl as a piece of equipment: the same words in the header (General Equipment, Contributing
// Equipment) and in the content (TID 1004).
#ifndef MEDTL_REPORT_EQUIPMENT_H
#define MEDTL_REPORT_EQUIPMENT_H

#include "medtl/report.h"

#include <string>

namespace medtl_dicom
{

constexpr char manufacturer_name[] = "medtl";
constexpr char manufacturer_model_name[] = "medtl";

/// Each fits LO (64 characters of ASCII).
struct equipment {
    std::string manufacturer;
    std::string model;
    std::string name;     ///< the trained model, "dermoscopy-ham10000 1.0.0"
    std::string serial;   ///< the model's digest, shortened: what changes with every retraining
    std::string software; ///< version of medtl
};

equipment equipment_of(const medtl_report_request &request);

/// Text of ours as a value of VR LO.
std::string long_string(const char *text);

} // namespace medtl_dicom

#endif

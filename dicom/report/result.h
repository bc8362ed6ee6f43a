// What all profiles say of a result: the outcome as a code, its region, and sentences for people.
#ifndef MEDTL_REPORT_RESULT_H
#define MEDTL_REPORT_RESULT_H

#include "templates.h"

namespace medtl_dicom
{

/// How many images of each kind.
struct outcome {
    size_t analysed = 0, findings = 0, not_analysed = 0, failed = 0;
};

outcome outcome_of(const medtl_report_request &request);

/// CID 6047: did all succeed, and was anything found?
medtl_concept summary_of(const outcome &counts);

/// CID 6042: Succeeded, Partially Succeeded, Failed, Not Attempted.
medtl_concept status_of(const outcome &counts);

/// "Image 2 R CC", "Image 1 frame 3". @param number  1-based.
std::string image_name(const medtl_image_result &result, size_t number);

/// The image or frame that a result is about. Borrows from it.
reference reference_to(const medtl_image_result &result);

/// The result's outline, else the part that was looked at, else the whole image; within the image.
std::vector<medtl_point> region_of(const medtl_image_result &result);

/// What that region is: "the breast".
const char *region_name(const medtl_image_result &result);

/// Has it rows and columns, so that there is something to draw on?
bool has_picture(const medtl_image_result &result);

/// "Image 1 R CC: finding above the operating point: Cancer suspected 70.00 % (operating point 25.00 %)."
std::string image_sentence(const medtl_task &task, const medtl_image_result &result, size_t number);

/// "Right breast: no finding above the operating point: Cancer suspected, mean 30.00 %, maximum ..."
std::string exam_sentence(const medtl_task &task, const medtl_exam_result &exam);

/// "4 images: 3 analysed, 1 with a finding above the operating point, 1 not analysed."
std::string summary_sentence(const medtl_report_request &request);

/// What must be known before a probability is used: the task's wording, and that nobody has looked yet.
std::vector<std::string> warnings_of(const medtl_task &task);

/// Right breast, left breast, exam; empty where the task asks for none.
std::vector<medtl_exam_result> exam_of(const medtl_report_request &request);

/// "25.00 %"
std::string percent(double probability);

} // namespace medtl_dicom

#endif

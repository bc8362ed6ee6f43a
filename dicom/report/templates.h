// The templates of PS3.16 that a report is made of: one function a template, one file a template
// (or a small family that only calls one another). Row numbers in the files are those of the
// Standard's tables.
#ifndef MEDTL_REPORT_TEMPLATES_H
#define MEDTL_REPORT_TEMPLATES_H

#include "content.h"

#include <string>
#include <vector>

namespace medtl_dicom
{

/// A request with what was derived from it.
struct report_context {
    const medtl_report_request &request;
    const medtl_task &task;
    std::string report_uid; ///< SOP Instance UID of the report
    std::string device_uid;
};

/// TID 1500 Measurement Report, the root.
void write_tid1500(content &tree, const report_context &context);

/// TID 1204 Language of Content Item and Descendants.
void write_tid1204(content &tree);

/// TID 1001 Observation Context, of which TID 1002 and 1004 (a device observes).
void write_tid1001(content &tree, const report_context &context);

/// TID 1600 Image Library, with TID 1601, 1602 and 1603 for each image.
void write_tid1600(content &tree, const report_context &context);

/// TID 4019 Algorithm Identification.
void write_tid4019(content &tree, const report_context &context);

/// TID 1410 Planar ROI Measurements and Qualitative Evaluations, with TID 1419: one group for a
/// frame.
/// @param number  1-based, for people to tell the groups apart.
void write_tid1410(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number);

} // namespace medtl_dicom

#endif

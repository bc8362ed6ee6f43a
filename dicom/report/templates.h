// The templates of PS3.16 that reports are made of: one function a template, one file a template
// (or a small family that only calls one another). Row numbers in the files are those of the
// Standard's tables.
#ifndef MEDTL_REPORT_TEMPLATES_H
#define MEDTL_REPORT_TEMPLATES_H

#include "content.h"
#include "headers.h"

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
    headers &images; ///< of the request's results
};

/* ---- roots --------------------------------------------------------------------------------- */

/// TID 1500 Measurement Report: the profiles tid1500 and air.
void write_tid1500(content &tree, const report_context &context);

/// TID 2000 Basic Diagnostic Imaging Report, with TID 2002: the profile text.
void write_tid2000(content &tree, const report_context &context);

/// TID 4000 Mammography CAD Document Root: the profile cad.
void write_tid4000(content &tree, const report_context &context);

/* ---- shared -------------------------------------------------------------------------------- */

/// TID 1204 Language of Content Item and Descendants.
void write_tid1204(content &tree);

/// TID 1001 Observation Context, of which TID 1002 and 1004 (a device observes).
void write_tid1001(content &tree, const report_context &context);

/// TID 4019 Algorithm Identification.
/// @param how  HAS CONCEPT MOD under a container, HAS PROPERTIES in a CAD report.
void write_tid4019(content &tree, const report_context &context, content::relationship how);

/// TID 4019 without its parameters, where they stand elsewhere in the document.
void write_algorithm_name(content &tree, const report_context &context, content::relationship how);

/// What TID 4019 says in its parameters, a line each: digests, normaliser, operating point.
std::vector<std::string> algorithm_parameters(const report_context &context);

/* ---- of a measurement report --------------------------------------------------------------- */

/// TID 1600 Image Library, with TID 1601, 1602 and 1603 for each image.
void write_tid1600(content &tree, const report_context &context);

/// TID 1410 Planar ROI Measurements and Qualitative Evaluations, with TID 1419: one group for a
/// frame, whether it was analysed or not.
/// @param number  1-based, for people to tell the groups apart.
void write_tid1410(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number);

/// TID 1420 Measurements Derived From Multiple ROI Measurements: of a breast, or of the exam.
void write_tid1420(content &tree, const report_context &context, const medtl_exam_result &exam);

/* ---- of a mammography CAD report ------------------------------------------------------------ */

/// TID 4001 Mammography CAD Overall Impression/Recommendation, with TID 4002 and 4003.
void write_tid4001(content &tree, const report_context &context);

/// TID 4006 Mammography CAD Single Image Finding, with TID 4013 and 4021.
void write_tid4006(content &tree, const report_context &context, const medtl_image_result &result,
                   size_t number);

/// TID 4015 CAD Detections Performed, with TID 4017, below Summary of Detections.
void write_tid4015(content &tree, const report_context &context);

/// TID 4016 CAD Analyses Performed, with TID 4018, below Summary of Analyses.
void write_tid4016(content &tree, const report_context &context);

/// TID 4020 CAD Image Library Entry.
void write_tid4020(content &tree, const report_context &context, const medtl_instance &instance);

/* ---- the same for all ------------------------------------------------------------------------ */

/// Procedure reported: the task's.
code_of procedure_of(const medtl_task &task);

inline bool is_given(const medtl_code &code) { return code.value[0] != '\0'; }

} // namespace medtl_dicom

#endif

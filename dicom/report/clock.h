// What a report says of when it was made, in a way that a rerun does not change.
#ifndef MEDTL_REPORT_CLOCK_H
#define MEDTL_REPORT_CLOCK_H

#include "headers.h"

#include "medtl/report.h"

#include <string>

namespace medtl_dicom
{

struct moment {
    std::string date; ///< DA, YYYYMMDD
    std::string time; ///< TM, HHMMSS
};

/// The request's content_date_time where it gives one (a failure, MEDTL_E_ARGUMENT, where that has another
/// form); else the latest moment that its images state; else 19000101 000000, which nobody takes for real.
/// Images state theirs in their own time zone, which the report repeats.
moment content_moment(const medtl_report_request &request, headers &images);

} // namespace medtl_dicom

#endif

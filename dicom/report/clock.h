// When a report says that it was made: the only thing in it that a rerun changes.
#ifndef MEDTL_REPORT_CLOCK_H
#define MEDTL_REPORT_CLOCK_H

#include <string>

namespace medtl_dicom
{

struct moment {
    std::string date; ///< DA, YYYYMMDD
    std::string time; ///< TM, HHMMSS
};

/// @param given  "YYYYMMDDHHMMSS"; NULL: now. Throws a failure (MEDTL_E_ARGUMENT) for another form.
/// @param zone   The images' Timezone Offset From UTC, "+0100": a report repeats it, so "now" is
///               said in that zone. "" (or no offset): the machine's local time.
moment content_moment(const char *given, const std::string &zone);

} // namespace medtl_dicom

#endif

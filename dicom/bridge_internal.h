// What every C++ file of dicom/ shares: how a failure is thrown inside and how it leaves as a status.
// No exception crosses the C boundary: each extern "C" entry is one function try block that ends in
// `catch (...) { return medtl_dicom::translate(err, subject); }`.
#ifndef MEDTL_DICOM_BRIDGE_INTERNAL_H
#define MEDTL_DICOM_BRIDGE_INTERNAL_H

#include "medtl/error.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdlib>
#include <string>

namespace medtl_dicom
{

/// Thrown where a failure is detected. `what` names tags, sizes and limits, never values.
struct failure {
    medtl_status status;
    std::string what;
};

/// Throw a failure with a printf-like reason.
[[noreturn]] void fail(medtl_status status, const char *format, ...) MEDTL_PRINTF(2, 3);

/// Throw unless DCMTK succeeded. Its text of the condition is appended: DCMTK's texts hold no values.
void require(const OFCondition &result, medtl_status status, const char *what);

/// Throw unless `holds`.
void require(bool holds, medtl_status status, const char *what);

/// Only from a catch block: turns the exception in flight into a status and fills in `err`.
/// @param subject  The file or the object that the message starts with ("FILE: reason"); NULL: none.
medtl_status translate(medtl_error *err, const char *subject) noexcept;

/// "(0028,0010)"
std::string tag_text(const DcmTagKey &tag);

} // namespace medtl_dicom

#endif

// From a path to an open file, also where the path leads through a zip archive.
#ifndef MEDTL_DICOM_LOCATION_H
#define MEDTL_DICOM_LOCATION_H

#include "archive.h"
#include "descriptor.h"

#include <string>

namespace medtl_dicom
{

struct location {
    descriptor file;    ///< a regular file: the object itself, or the archive that holds it
    std::string member; ///< its name in the archive; empty: the file itself
};

/// Open a path. "exams.zip/1/IM2" means a member where exams.zip is a file. Throws failure (MEDTL_E_IO).
location locate(const std::string &path);

/// The bytes at a location. Throws failure.
std::unique_ptr<byte_source> open_source(location &&place, const medtl_limits &limits,
                                         archive_cache &archives);

} // namespace medtl_dicom

#endif

// DICOMDIR (PS3.3 F, PS3.10 8): which files it names.
#ifndef MEDTL_DICOM_DIRECTORY_H
#define MEDTL_DICOM_DIRECTORY_H

#include "layout.h"

#include <string>
#include <vector>

namespace medtl_dicom
{

/// A file that a DICOMDIR names.
struct named_file {
    std::string path; ///< with the spelling found on disk, else as it is named
    bool found;       ///< exists inside the DICOMDIR's folder
};

/// The files of all directory records, sorted by path, each once. Throws failure where the records cannot be read.
std::vector<named_file> directory_files(const dicom_file &directory, const std::string &path);

} // namespace medtl_dicom

#endif

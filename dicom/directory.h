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
    std::string
        problem; ///< "" where it exists inside the DICOMDIR's folder, else "is not ..." or the like
};

/// The Referenced File IDs of all directory records, sorted, each once. Throws failure where the records cannot be
/// read.
std::vector<std::string> directory_ids(const dicom_file &directory);

/// The files that these IDs name in the folder of the DICOMDIR at `path`.
std::vector<named_file> directory_files(const std::vector<std::string> &ids,
                                        const std::string &path);

} // namespace medtl_dicom

#endif

// The names in a folder, and whether those are all.
#ifndef MEDTL_DICOM_FOLDER_H
#define MEDTL_DICOM_FOLDER_H

#include <string>
#include <vector>

namespace medtl_dicom
{

struct folder_listing {
    std::vector<std::string> names; ///< sorted by bytes; neither "." nor ".."
    std::string problem;            ///< "", or why these are not all, as an error message says it
};

folder_listing list_folder(const std::string &path);

} // namespace medtl_dicom

#endif

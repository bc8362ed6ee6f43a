// A disc with a scratch or a share that went away ends a listing early, which looks like its end to who does not ask.
#include "folder.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <memory>

namespace medtl_dicom
{
namespace
{

struct folder_closer {
    void operator()(DIR *folder) const { closedir(folder); }
};

} // namespace

folder_listing list_folder(const std::string &path)
{
    const std::unique_ptr<DIR, folder_closer> folder(opendir(path.c_str()));
    folder_listing listing;

    if (!folder) {
        listing.problem = std::string("cannot open this folder: ") + std::strerror(errno);
        return listing;
    }
    for (;;) {
        errno = 0; // all that tells the end from a failure (POSIX readdir())
        const struct dirent *const entry = readdir(folder.get());

        if (entry == nullptr)
            break;
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
            listing.names.emplace_back(entry->d_name);
    }
    if (errno != 0)
        listing.problem = std::string("cannot list all of this folder: ") + std::strerror(errno);
    std::sort(listing.names.begin(), listing.names.end());
    return listing;
}

} // namespace medtl_dicom

// From directory records to paths. Media were burnt by systems that changed names to lower case or added a
// version, so a name is looked for in that spirit; it never leads out of the DICOMDIR's folder.
#include "directory.h"

#include "attributes.h"
#include "folder.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <strings.h>
#include <sys/stat.h>

namespace medtl_dicom
{
namespace
{

bool exists(const std::string &path)
{
    struct stat facts;

    return stat(path.c_str(), &facts) == 0;
}

/// Equal but for letter case and the ";1" or "." that ISO 9660 may leave behind a name.
bool is_same_name(std::string on_disk, const std::string &wanted)
{
    const size_t version = on_disk.find(';');

    if (version != std::string::npos)
        on_disk.erase(version);
    if (!on_disk.empty() && on_disk.back() == '.' && wanted.back() != '.')
        on_disk.pop_back();
    return strcasecmp(on_disk.c_str(), wanted.c_str()) == 0;
}

/// The entry of `folder` that a component means; the first in sorted order where several fit. "" where none; `problem`
/// says so then if not all entries could be looked at: one of those may be the one meant, or the first.
std::string find_entry(const std::string &folder, const std::string &wanted, std::string &problem)
{
    if (exists(folder + "/" + wanted))
        return wanted;
    const folder_listing listing = list_folder(folder);

    if (!listing.problem.empty()) {
        problem = "cannot be looked for: " + listing.problem;
        return "";
    }
    for (const std::string &name : listing.names)
        if (is_same_name(name, wanted))
            return name;
    return "";
}

/// Symbolic links may lead anywhere; the file that is read must lie under the folder all the same.
bool is_inside(const std::string &folder, const std::string &path)
{
    char real_folder[PATH_MAX], real_path[PATH_MAX];

    if (realpath(folder.c_str(), real_folder) == nullptr ||
        realpath(path.c_str(), real_path) == nullptr)
        return false;
    const std::string prefix =
        std::string(real_folder) == "/" ? "/" : std::string(real_folder) + "/";
    return std::string(real_path).compare(0, prefix.size(), prefix) == 0;
}

bool is_component(const std::string &name)
{
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

named_file resolve(const std::string &folder, const std::string &file_id)
{
    named_file file = {folder, ""};
    bool found = true;

    for (size_t at = 0; at <= file_id.size();) {
        const size_t end = std::min(file_id.find('\\', at), file_id.size());
        const std::string component = file_id.substr(at, end - at);
        const std::string entry =
            found && is_component(component) ? find_entry(file.path, component, file.problem) : "";

        found = !entry.empty();
        file.path += "/" + (entry.empty() ? component : entry);
        at = end + 1;
    }
    if (file.problem.empty() && !(found && is_inside(folder, file.path)))
        file.problem = "is not in its folder";
    return file;
}

} // namespace

std::vector<std::string> directory_ids(const dicom_file &directory)
{
    const std::unique_ptr<DcmDataset> header = directory.parse_header(
        [](const DcmTagKey &tag) { return tag == DCM_DirectoryRecordSequence; });
    DcmSequenceOfItems *records = nullptr;
    std::vector<std::string> ids;

    require(header->findAndGetSequence(DCM_DirectoryRecordSequence, records), MEDTL_E_FORMAT,
            "is a DICOMDIR without directory records");
    for (DcmObject *record = records->nextInContainer(nullptr); record != nullptr;
         record = records->nextInContainer(record)) {
        const std::string id = text_values(*OFstatic_cast(DcmItem *, record), DCM_ReferencedFileID);
        if (!id.empty())
            ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

std::vector<named_file> directory_files(const std::vector<std::string> &ids,
                                        const std::string &path)
{
    const size_t slash = path.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
    std::vector<named_file> files;

    for (const std::string &id : ids)
        files.push_back(resolve(folder, id));
    return files;
}

} // namespace medtl_dicom

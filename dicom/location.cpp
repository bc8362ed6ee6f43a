// A path that goes on behind a file can mean nothing else but a member of an archive, so no syntax is needed.
#include "location.h"

#include "bridge_internal.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace medtl_dicom
{
namespace
{

/// Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
int open_file(const std::string &path)
{
    return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

} // namespace

location locate(const std::string &path)
{
    location place = {descriptor(open_file(path)), ""};

    if (place.file.get() >= 0)
        return place;
    const int error = errno;
    for (size_t end = path.size(); error == ENOTDIR && end > 0 && end != std::string::npos;) {
        end = path.rfind('/', end - 1);
        if (end == 0 || end == std::string::npos)
            break;
        place.file = descriptor(open_file(path.substr(0, end)));
        if (place.file.get() < 0)
            continue;
        place.member = path.substr(end + 1);
        if (looks_like_archive(place.file.get()) && !place.member.empty())
            return place;
        break;
    }
    fail(MEDTL_E_IO, "cannot open: %s", std::strerror(error));
}

std::unique_ptr<byte_source> open_source(location &&place, const medtl_limits &limits,
                                         archive_cache &archives)
{
    if (place.member.empty())
        return std::unique_ptr<byte_source>(
            new file_source(std::move(place.file), limits.file_bytes));
    return archives.get(place.file.get(), limits).open(place.member);
}

} // namespace medtl_dicom

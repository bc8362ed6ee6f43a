// libzip reads the central directory; names and sizes in it are claims like any other.
#include "archive.h"

#include "bridge_internal.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

namespace medtl_dicom
{
namespace
{

struct member_closer {
    void operator()(zip_file_t *member) const { zip_fclose(member); }
};

class member_source : public growing_source
{
  public:
    member_source(std::shared_ptr<struct zip> open_archive, uint64_t index, uint64_t most)
        : growing_source("the unpacked file", most), archive_(std::move(open_archive)),
          member_(zip_fopen_index(archive_.get(), index, 0))
    {
        if (!member_)
            fail(MEDTL_E_IO, "cannot be unpacked: %s", zip_strerror(archive_.get()));
    }

  protected:
    size_t unpack(unsigned char *to, size_t room) override
    {
        const zip_int64_t got = zip_fread(member_.get(), to, room);

        if (got < 0)
            fail(MEDTL_E_FORMAT, "cannot be unpacked: %s", zip_file_strerror(member_.get()));
        return static_cast<size_t>(got);
    }

  private:
    std::shared_ptr<struct zip> archive_; // closed after its member
    std::unique_ptr<zip_file_t, member_closer> member_;
};

std::string text_of(int code)
{
    zip_error_t error;

    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    return text;
}

} // namespace

bool looks_like_archive(int file)
{
    char start[4];

    return pread(file, start, sizeof start, 0) == sizeof start &&
           (std::memcmp(start, "PK\3\4", 4) == 0 || std::memcmp(start, "PK\5\6", 4) == 0);
}

archive::archive(int file, const medtl_limits &limits) : limits_(limits)
{
    int code = 0;
    // Its own place in the file: a duplicate would share the offset with whoever reads the original.
    const std::string same = "/proc/self/fd/" + std::to_string(file);
    descriptor own(::open(same.c_str(), O_RDONLY | O_CLOEXEC));

    if (own.get() < 0)
        own = descriptor(fcntl(file, F_DUPFD_CLOEXEC, 0));
    struct zip *const opened = zip_fdopen(own.get(), 0, &code);
    if (opened == nullptr)
        fail(code == ZIP_ER_MEMORY ? MEDTL_E_MEMORY : MEDTL_E_FORMAT,
             "cannot be read as a zip archive: %s", text_of(code).c_str());
    own.release(); // libzip has closed or keeps it
    zip_.reset(opened, zip_discard);
}

std::vector<std::string> archive::names() const
{
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    std::vector<std::string> found;

    if (count > 0 && static_cast<uint64_t>(count) > limits_.members)
        fail(MEDTL_E_FORMAT, "the archive has %lld files, more than the limit of %llu",
             static_cast<long long>(count), static_cast<unsigned long long>(limits_.members));
    for (zip_int64_t i = 0; i < count; i++) {
        const char *const name =
            zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
        const size_t length = name != nullptr ? std::strlen(name) : 0;

        if (length > 0 && name[length - 1] != '/') // that would be a folder
            found.emplace_back(name);
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::unique_ptr<byte_source> archive::open(const std::string &name) const
{
    const zip_int64_t index = zip_name_locate(zip_.get(), name.c_str(), ZIP_FL_ENC_RAW);

    if (index < 0)
        fail(MEDTL_E_IO, "is not in its archive");
    return std::unique_ptr<byte_source>(
        new member_source(zip_, static_cast<uint64_t>(index), limits_.file_bytes));
}

const archive &archive_cache::get(int file, const medtl_limits &limits)
{
    struct stat facts;

    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        fail(MEDTL_E_IO, "not a regular file");
    const bool same = latest_ && facts.st_dev == device_ && facts.st_ino == number_ &&
                      facts.st_size == size_ && facts.st_mtim.tv_sec == changed_.tv_sec &&
                      facts.st_mtim.tv_nsec == changed_.tv_nsec;
    if (!same) {
        latest_.reset();
        latest_.reset(new archive(file, limits));
        device_ = facts.st_dev;
        number_ = facts.st_ino;
        size_ = facts.st_size;
        changed_ = facts.st_mtim;
    }
    return *latest_;
}

} // namespace medtl_dicom

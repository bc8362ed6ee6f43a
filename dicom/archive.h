// Zip archives, through libzip: a member is read as if it were a file of that name inside a folder of the
// archive's name ("exams.zip/1/IM2"). Nothing is unpacked to disk.
#ifndef MEDTL_DICOM_ARCHIVE_H
#define MEDTL_DICOM_ARCHIVE_H

#include "source.h"

#include "medtl/limits.h"

#include <string>
#include <sys/types.h>

struct zip;

namespace medtl_dicom
{

/// Does the file begin as a zip archive does?
bool looks_like_archive(int file);

/// An open archive. Not for two threads at once.
class archive
{
  public:
    /// @param file  Read through a duplicate. Throws failure.
    archive(int file, const medtl_limits &limits);

    /// The names of all files as they are stored, sorted by bytes; a name that stands there twice comes twice.
    std::vector<std::string> names() const;
    /// The first file of a name. The source keeps the archive open. Throws failure.
    std::unique_ptr<byte_source> open(const std::string &name) const;

  private:
    std::shared_ptr<struct zip> zip_;
    medtl_limits limits_;
};

/// The archive that was used last: a central directory is read once for all members that are asked for in a row.
class archive_cache
{
  public:
    /// Throws failure.
    const archive &get(int file, const medtl_limits &limits);

  private:
    std::unique_ptr<archive> latest_;
    dev_t device_ = 0;
    ino_t number_ = 0;
    off_t size_ = 0;
    struct timespec changed_ = {};
};

} // namespace medtl_dicom

#endif

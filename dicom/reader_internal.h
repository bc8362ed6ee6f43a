// Where reading happens, for the rest of dicom/: here, or in a child process.
#ifndef MEDTL_DICOM_READER_INTERNAL_H
#define MEDTL_DICOM_READER_INTERNAL_H

#include "archive.h"
#include "facts.h"
#include "pixels.h"

#include "medtl/reader.h"

#include <memory>
#include <string>
#include <vector>

namespace medtl_dicom
{

class isolation;

/// What a reader and its instances share. Immutable but for the children, which look after themselves.
struct reader_core {
    medtl_limits limits;
    std::unique_ptr<isolation> children; ///< none: files are read in this process

    reader_core();
    ~reader_core();
};
using reader_pointer = std::shared_ptr<const reader_core>;

/// The limits of a reader; the defaults where there is none.
medtl_limits limits_of(const reader_core *reader);

/// An object to read: a path, or borrowed bytes, or a borrowed file.
struct object_input {
    const std::string *path;
    const unsigned char *bytes; ///< NULL: the path counts
    size_t size;
    int file = -1; ///< instead of the path, for another process; -1: none
};

/// The header pass. Throws failure; MEDTL_E_UNSUPPORTED means a DICOMDIR and nothing else.
std::unique_ptr<medtl_instance> read_header(const reader_pointer &reader, const object_input &input,
                                            const std::vector<wanted_keyword> &wanted,
                                            archive_cache &archives);

/// The file IDs that a DICOMDIR names. Throws failure.
std::vector<std::string> read_directory(const reader_core *reader, const std::string &path);

/// The names of the files in a zip archive, as archive::names(). Throws failure.
std::vector<std::string> read_members(const reader_core *reader, const std::string &path,
                                      archive_cache &archives);

/// Open an object in this process. Throws failure.
std::unique_ptr<dicom_file> open_object(const object_input &input, const medtl_limits &limits,
                                        archive_cache &archives);

} // namespace medtl_dicom

/// The C handle.
struct medtl_reader {
    medtl_dicom::reader_pointer core;
};

#endif

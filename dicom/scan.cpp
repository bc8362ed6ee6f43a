// Walks files and folders and hands every regular file to a sink, once.
#include "directory.h"
#include "folder.h"
#include "isolate/ahead.h"
#include "location.h"
#include "reader_internal.h"

#include "medtl/study.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>

namespace medtl_dicom
{
namespace
{

class scanner
{
  public:
    scanner(reader_pointer reader, std::vector<wanted_keyword> wanted, medtl_scan_sink sink,
            void *context)
        : reader_(std::move(reader)), wanted_(std::move(wanted)), sink_(sink), context_(context)
    {
        if (reader_ && reader_->children)
            ahead_.reset(new headers_ahead(*reader_->children, wanted_));
    }

    /// @return MEDTL_OK, or the status with which the sink stopped.
    medtl_status scan_path(const std::string &path);

  private:
    using identity = std::pair<dev_t, ino_t>;

    const reader_pointer reader_;
    const std::vector<wanted_keyword> wanted_;
    const medtl_scan_sink sink_;
    void *const context_;
    archive_cache archives_;
    std::unique_ptr<headers_ahead> ahead_; ///< none: files are read in this process
    std::set<identity>
        seen_; ///< files and folders: links and repeated arguments lead to each only once

    bool is_new(const struct stat &facts)
    {
        return seen_.emplace(facts.st_dev, facts.st_ino).second;
    }
    medtl_status hand_over(const std::string &path, std::unique_ptr<medtl_instance> instance,
                           const medtl_error &reason);
    medtl_status report(const std::string &path, medtl_status status, const char *reason);
    medtl_status scan_entry(const std::string &path, bool follow_directory);
    medtl_status scan_folder(const std::string &path);
    medtl_status scan_file(const std::string &path, bool follow_directory);
    medtl_status scan_directory(const std::string &path);
    medtl_status scan_archive(const std::string &path);
    std::unique_ptr<medtl_instance> read(const std::string &path);
    medtl_status read_and_hand_over(const std::string &path, medtl_error *failed);
    void look_ahead(const std::string &prefix, const std::vector<std::string> &names, size_t &next);
};

medtl_status scanner::hand_over(const std::string &path, std::unique_ptr<medtl_instance> instance,
                                const medtl_error &reason)
{
    medtl_scan_item item = {};

    item.path = path.c_str();
    item.status = instance ? MEDTL_OK : reason.status;
    if (!instance)
        std::snprintf(item.reason, sizeof item.reason, "%s", reason.message);
    item.instance = instance.release();
    return sink_(context_, &item);
}

medtl_status scanner::report(const std::string &path, medtl_status status, const char *reason)
{
    medtl_error error;

    medtl_fail(&error, status, "%s", reason);
    return hand_over(path, nullptr, error);
}

/// The files that a DICOMDIR names. What it names and is not there is reported: an exam burnt incompletely
/// must not look complete.
medtl_status scanner::scan_directory(const std::string &path)
{
    medtl_status status = MEDTL_OK;
    std::vector<named_file> files;
    medtl_error error;

    try {
        files = directory_files(read_directory(reader_.get(), path), path);
    } catch (...) {
        translate(&error, nullptr);
        return hand_over(path, nullptr, error);
    }
    status = report(path, MEDTL_E_UNSUPPORTED, "is a DICOMDIR");
    for (size_t i = 0; status == MEDTL_OK && i < files.size(); i++)
        status = files[i].problem.empty()
                     ? scan_entry(files[i].path, false)
                     : report(files[i].path, MEDTL_E_IO,
                              ("is named by the DICOMDIR, but " + files[i].problem).c_str());
    return status;
}

/// A zip archive is walked as a folder of its name would be, but for archives inside it.
medtl_status scanner::scan_archive(const std::string &path)
{
    medtl_status status = MEDTL_OK;
    std::vector<std::string> names;
    medtl_error error;

    try {
        names = read_members(reader_.get(), path, archives_);
    } catch (...) {
        translate(&error, nullptr);
        return hand_over(path, nullptr, error);
    }
    for (size_t i = 0; status == MEDTL_OK && i < names.size(); i++) {
        const std::string member = path + "/" + names[i];

        // The second of a name cannot be told from the first.
        status = i > 0 && names[i] == names[i - 1]
                     ? report(member, MEDTL_E_FORMAT, "its archive holds another file of this name")
                     : read_and_hand_over(member, nullptr);
    }
    return status;
}

std::unique_ptr<medtl_instance> scanner::read(const std::string &path)
{
    if (!ahead_)
        return read_header(reader_, {&path, nullptr, 0}, wanted_, archives_);
    std::unique_ptr<medtl_instance> instance = ahead_->take(path);
    instance->path = path;
    instance->reader = reader_;
    return instance;
}

/// @param failed  NULL, or takes the status of a failure that is not handed over yet.
medtl_status scanner::read_and_hand_over(const std::string &path, medtl_error *failed)
{
    std::unique_ptr<medtl_instance> instance;
    medtl_error error = {};

    try {
        instance = read(path);
    } catch (...) {
        translate(&error, nullptr);
    }
    if (!instance && failed != nullptr) {
        *failed = error;
        return MEDTL_OK;
    }
    return hand_over(path, std::move(instance), error);
}

medtl_status scanner::scan_file(const std::string &path, bool follow_directory)
{
    medtl_error failed = {};
    const medtl_status status = read_and_hand_over(path, &failed);

    if (failed.status == MEDTL_OK)
        return status;
    if (failed.status == MEDTL_E_UNSUPPORTED && follow_directory)
        return scan_directory(path);
    if (failed.status == MEDTL_E_NOT_DICOM) {
        const descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));

        if (file.get() >= 0 && looks_like_archive(file.get()))
            return scan_archive(path);
    }
    return hand_over(path, nullptr, failed);
}

/// Have headers read ahead from `next` on, up to the next folder: what lies in that comes first.
void scanner::look_ahead(const std::string &prefix, const std::vector<std::string> &names,
                         size_t &next)
{
    struct stat facts;

    if (!ahead_ || !ahead_->is_low())
        return;
    for (; next < names.size() && ahead_->has_room(); next++) {
        const std::string path = prefix + names[next];

        if (stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode))
            return;
        if (seen_.count({facts.st_dev, facts.st_ino}) == 0)
            ahead_->want(path);
    }
}

/// Names are sorted by bytes, so that runs agree on every machine. A folder that shows only some of its names is reported
/// itself: what it hides must not make the rest look like all.
medtl_status scanner::scan_folder(const std::string &path)
{
    const folder_listing listing = list_folder(path);
    const std::vector<std::string> &names = listing.names;
    medtl_status status = MEDTL_OK;

    if (!listing.problem.empty())
        status = report(path, MEDTL_E_IO, listing.problem.c_str());
    const std::string prefix = path.back() == '/' ? path : path + "/";
    for (size_t i = 0, next = 0; status == MEDTL_OK && i < names.size(); i++) {
        next = std::max(next, i);
        look_ahead(prefix, names, next);
        status = scan_entry(prefix + names[i], false);
    }
    return status;
}

medtl_status scanner::scan_entry(const std::string &path, bool follow_directory)
{
    struct stat facts;

    if (stat(path.c_str(), &facts) != 0)
        return report(path, MEDTL_E_IO,
                      (std::string("cannot open: ") + std::strerror(errno)).c_str());
    if (S_ISDIR(facts.st_mode))
        return is_new(facts) ? scan_folder(path) : MEDTL_OK;
    if (S_ISREG(facts.st_mode))
        return is_new(facts) ? scan_file(path, follow_directory) : MEDTL_OK;
    return MEDTL_OK; // pipes, sockets and devices hold no study
}

medtl_status scanner::scan_path(const std::string &path)
{
    struct stat facts;

    if (stat(path.c_str(), &facts) == 0 && !S_ISDIR(facts.st_mode) && !S_ISREG(facts.st_mode))
        return report(path, MEDTL_E_IO, "is neither a file nor a folder");
    return scan_entry(path, true);
}

} // namespace
} // namespace medtl_dicom

extern "C" medtl_status medtl_reader_scan(medtl_reader *reader, const char *const *paths,
                                          size_t path_count, const char *const *keywords,
                                          size_t keyword_count, medtl_scan_sink sink, void *context,
                                          medtl_error *err) noexcept
try {
    medtl_dicom::scanner scanner(reader != nullptr ? reader->core : medtl_dicom::reader_pointer(),
                                 medtl_dicom::find_keywords(keywords, keyword_count), sink,
                                 context);

    for (size_t i = 0; i < path_count; i++) {
        const medtl_status status = scanner.scan_path(paths[i]);

        if (status != MEDTL_OK)
            return medtl_fail(err, status, "the scan was stopped by its receiver");
    }
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(err, nullptr);
}

extern "C" medtl_status medtl_scan(const char *const *paths, size_t path_count,
                                   const char *const *keywords, size_t keyword_count,
                                   medtl_scan_sink sink, void *context, medtl_error *err) noexcept
{
    return medtl_reader_scan(nullptr, paths, path_count, keywords, keyword_count, sink, context,
                             err);
}

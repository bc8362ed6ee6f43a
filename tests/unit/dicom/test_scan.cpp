// Folders, links, DICOMDIRs: every regular file reaches the sink, once, in order.
#include "objects.h"

#include "medtl/reader.h"

#include <cerrno>
#include <criterion/criterion.h>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

namespace fs = std::filesystem;

namespace
{

const picture gray = {4, 4, 1, 8, 8, false, "MONOCHROME2", 1};

struct found {
    std::string path, reason;
    medtl_status status;
};

struct collection {
    std::vector<found> items;
    size_t stop_after = SIZE_MAX;
};

medtl_status collect(void *context, medtl_scan_item *item)
{
    collection &to = *static_cast<collection *>(context);

    cr_expect_eq(item->instance != nullptr, item->status == MEDTL_OK);
    to.items.push_back({item->path, item->reason, item->status});
    medtl_instance_destroy(item->instance);
    return to.items.size() >= to.stop_after ? MEDTL_E_CANCELLED : MEDTL_OK;
}

/// A folder that is gone after the test.
class workspace
{
  public:
    workspace()
    {
        char name[] = "/tmp/medtl-scan-XXXXXX";
        cr_assert_not_null(mkdtemp(name));
        root_ = name;
    }
    ~workspace() { fs::remove_all(root_); }

    std::string at(const std::string &name) const { return root_ + "/" + name; }
    const std::string &root() const { return root_; }

    void add_object(const std::string &name) const
    {
        const auto object = make_object(gray);
        fs::create_directories(fs::path(at(name)).parent_path());
        cr_assert(object->saveFile(at(name).c_str(), EXS_LittleEndianExplicit).good());
    }

    void add_text(const std::string &name) const
    {
        fs::create_directories(fs::path(at(name)).parent_path());
        std::ofstream(at(name)) << "no image";
    }

    /// A zip archive of these objects, each in a transfer syntax; a name may come twice.
    void add_archive(const std::string &name,
                     const std::vector<std::pair<std::string, E_TransferSyntax>> &members) const
    {
        int code = 0;
        struct zip *const to = zip_open(at(name).c_str(), ZIP_CREATE | ZIP_EXCL, &code);
        std::vector<std::vector<unsigned char>> kept; // libzip reads them when it closes

        cr_assert_not_null(to);
        for (const auto &member : members) {
            kept.push_back(file_bytes(*make_object(gray), member.second));
            cr_assert_geq(
                zip_file_add(to, member.first.c_str(),
                             zip_source_buffer(to, kept.back().data(), kept.back().size(), 0),
                             ZIP_FL_ENC_UTF_8),
                0);
        }
        cr_assert_eq(zip_close(to), 0);
    }

    /// Put other bytes over every place where `from` stands.
    void replace_bytes(const std::string &name, const std::string &from,
                       const std::string &to) const
    {
        std::ifstream in(at(name), std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());

        for (size_t i = bytes.find(from); i != std::string::npos; i = bytes.find(from, i + 1))
            bytes.replace(i, to.size(), to);
        std::ofstream(at(name), std::ios::binary) << bytes;
    }

    /// A DICOMDIR whose records name these file IDs.
    void add_directory(const std::string &name, const std::vector<std::string> &ids) const
    {
        DcmFileFormat directory;
        for (const std::string &id : ids) {
            DcmItem *record = nullptr;
            cr_assert(directory.getDataset()
                          ->findOrCreateSequenceItem(DCM_DirectoryRecordSequence, record, -2)
                          .good());
            record->putAndInsertString(DCM_DirectoryRecordType, "IMAGE");
            record->putAndInsertString(DCM_ReferencedFileID, id.c_str());
        }
        directory.getMetaInfo()->putAndInsertString(DCM_MediaStorageSOPClassUID,
                                                    UID_MediaStorageDirectoryStorage);
        directory.getMetaInfo()->putAndInsertString(DCM_MediaStorageSOPInstanceUID, "1.2.3");
        directory.getMetaInfo()->putAndInsertString(DCM_TransferSyntaxUID,
                                                    UID_LittleEndianExplicitTransferSyntax);
        cr_assert(directory
                      .saveFile(at(name).c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength,
                                EGL_recalcGL, EPD_noChange, 0, 0, EWM_dontUpdateMeta)
                      .good());
    }

  private:
    std::string root_;
};

collection scan(const std::vector<std::string> &paths, medtl_status expected = MEDTL_OK,
                size_t stop_after = SIZE_MAX)
{
    collection to;
    std::vector<const char *> raw;
    medtl_error error = {};

    to.stop_after = stop_after;
    for (const std::string &path : paths)
        raw.push_back(path.c_str());
    const medtl_status status =
        medtl_scan(raw.data(), raw.size(), nullptr, 0, collect, &to, &error);
    cr_expect_eq(status, expected, "%s", error.message);
    return to;
}

void expect_items(const collection &got,
                  const std::vector<std::pair<std::string, medtl_status>> &expected)
{
    cr_expect_eq(got.items.size(), expected.size(), "%zu items", got.items.size());
    for (size_t i = 0; i < std::min(got.items.size(), expected.size()); i++) {
        cr_expect_str_eq(got.items[i].path.c_str(), expected[i].first.c_str());
        cr_expect_eq(got.items[i].status, expected[i].second, "%s: %s", got.items[i].path.c_str(),
                     got.items[i].reason.c_str());
    }
}

/// Where readdir() fails: in the folder with this entry, at this one of its entries (1-based), with this errno.
struct broken_listing {
    fs::path folder;
    int at, error;
} broken;

} // namespace

extern "C" {
struct dirent *__real_readdir(DIR *folder);
struct dirent *__wrap_readdir(DIR *folder); // the linker's --wrap brings the code under test here

struct dirent *__wrap_readdir(DIR *folder)
{
    static int entries;
    static DIR *last;

    entries = folder == last ? entries + 1 : 1;
    last = folder;
    if (!broken.folder.empty() && entries >= broken.at &&
        fs::equivalent("/proc/self/fd/" + std::to_string(dirfd(folder)), broken.folder)) {
        last = nullptr;
        errno = broken.error;
        return nullptr;
    }
    struct dirent *const entry = __real_readdir(folder);

    last = entry == nullptr ? nullptr : last; // the next folder may lie at the same address
    return entry;
}
}

Test(scan, folders_are_walked_in_the_order_of_their_names)
{
    const workspace w;

    w.add_object("b/2.dcm");
    w.add_object("b/10");
    w.add_text("a/readme.txt");
    w.add_object("c");
    expect_items(scan({w.root()}), {{w.at("a/readme.txt"), MEDTL_E_NOT_DICOM},
                                    {w.at("b/10"), MEDTL_OK},
                                    {w.at("b/2.dcm"), MEDTL_OK},
                                    {w.at("c"), MEDTL_OK}});
}

Test(scan, links_lead_to_each_file_once_and_never_in_circles)
{
    const workspace w;

    w.add_object("study/1");
    fs::create_directory_symlink(w.root(), w.at("study/up"));
    fs::create_directory_symlink("study", w.at("again"));
    fs::create_symlink("study/1", w.at("zlink"));
    fs::create_symlink("missing", w.at("zz-broken"));
    expect_items(scan({w.root(), w.root(), w.at("study/1")}),
                 {{w.at("again/1"), MEDTL_OK}, {w.at("zz-broken"), MEDTL_E_IO}});
}

Test(scan, what_is_not_there_and_what_is_no_file_is_reported)
{
    const workspace w;

    mkfifo(w.at("pipe").c_str(), 0600);
    w.add_object("1");
    expect_items(
        scan({w.at("nothing"), w.root(), w.at("pipe")}),
        {{w.at("nothing"), MEDTL_E_IO}, {w.at("1"), MEDTL_OK}, {w.at("pipe"), MEDTL_E_IO}});
}

Test(scan, a_folder_that_cannot_be_opened_is_reported)
{
    const workspace w;

    if (geteuid() == 0)
        cr_skip("the superuser may open every folder");
    w.add_object("closed/1");
    w.add_object("open/1");
    chmod(w.at("closed").c_str(), 0);
    expect_items(scan({w.root()}), {{w.at("closed"), MEDTL_E_IO}, {w.at("open/1"), MEDTL_OK}});
    chmod(w.at("closed").c_str(), 0700);
}

/// "." and ".." and two files: three entries are read in some order, the last one is lost.
Test(scan, a_folder_that_cannot_be_listed_to_its_end_is_reported_and_what_it_showed_is_read)
{
    const workspace w;

    for (const char *name : {"a/1", "study/1", "study/2", "z"})
        w.add_object(name);
    for (const int error : {EIO, ESTALE}) {
        broken = {w.at("study"), 4, error};
        const collection got = scan({w.root()});
        const std::string reason =
            std::string("cannot list all of this folder: ") + std::strerror(error);

        cr_assert_geq(got.items.size(), 4);
        cr_expect(got.items[0].path == w.at("a/1"));
        cr_expect(got.items[1].path == w.at("study"));
        cr_expect_eq(got.items[1].status, MEDTL_E_IO);
        cr_expect_str_eq(got.items[1].reason.c_str(), reason.c_str());
        cr_expect(got.items.back().path == w.at("z"));
        for (size_t i = 2; i < got.items.size(); i++)
            cr_expect_eq(got.items[i].status, MEDTL_OK, "%s", got.items[i].path.c_str());
    }
    broken = {w.at("study"), 1, EIO}; // nothing of it is seen
    expect_items(scan({w.root()}),
                 {{w.at("a/1"), MEDTL_OK}, {w.at("study"), MEDTL_E_IO}, {w.at("z"), MEDTL_OK}});
}

Test(scan, stops_with_the_status_of_its_receiver)
{
    const workspace w;

    for (const char *name : {"1", "2", "3"})
        w.add_object(name);
    cr_expect_eq(scan({w.root()}, MEDTL_E_CANCELLED, 2).items.size(), 2);
}

Test(scan, a_dicomdir_inside_a_folder_is_named_and_its_files_come_from_the_folder)
{
    const workspace w;

    w.add_object("IMAGES/IM1");
    w.add_directory("DICOMDIR", {"IMAGES\\IM1"});
    expect_items(scan({w.root()}),
                 {{w.at("DICOMDIR"), MEDTL_E_UNSUPPORTED}, {w.at("IMAGES/IM1"), MEDTL_OK}});
}

Test(scan, a_dicomdir_of_its_own_leads_to_its_files_only)
{
    const workspace w;

    w.add_object("images/im2.;1"); // as a medium without long names may show IMAGES\IM2
    w.add_object("IMAGES/IM1");
    w.add_object("images/im3");
    w.add_object("not-listed");
    w.add_directory("DICOMDIR",
                    {"IMAGES\\IM1", "images\\IM3", "IMAGES\\GONE", "images\\IM2", "IMAGES\\IM1"});
    const collection got = scan({w.at("DICOMDIR")});
    expect_items(got, {{w.at("DICOMDIR"), MEDTL_E_UNSUPPORTED},
                       {w.at("IMAGES/GONE"), MEDTL_E_IO},
                       {w.at("IMAGES/IM1"), MEDTL_OK},
                       {w.at("images/im2.;1"), MEDTL_OK},
                       {w.at("images/im3"), MEDTL_OK}});
}

/// The name on disk has other case, so it is looked for in the listing; a name as it is written needs none.
Test(scan, a_dicomdir_says_where_a_file_could_not_be_looked_for)
{
    const workspace w;

    w.add_object("IMAGES/IM1");
    w.add_object("IMAGES/im2");
    w.add_directory("DICOMDIR", {"IMAGES\\IM1", "IMAGES\\IM2"});
    broken = {w.at("IMAGES"), 1, EIO};
    const collection got = scan({w.at("DICOMDIR")});
    expect_items(got, {{w.at("DICOMDIR"), MEDTL_E_UNSUPPORTED},
                       {w.at("IMAGES/IM1"), MEDTL_OK},
                       {w.at("IMAGES/IM2"), MEDTL_E_IO}});
    cr_expect(got.items.back().reason.find("cannot list all of this folder: ") != std::string::npos,
              "%s", got.items.back().reason.c_str());
}

Test(scan, a_dicomdir_never_leads_out_of_its_folder)
{
    const workspace w;

    w.add_object("secret");
    fs::create_directories(w.at("disc"));
    fs::create_symlink("../secret", w.at("disc/LINK"));
    w.add_directory("disc/DICOMDIR",
                    {"..\\secret", "LINK", "/etc/passwd", ".\\LINK", "A/../../secret"});
    for (const found &item : scan({w.at("disc/DICOMDIR")}).items)
        cr_expect(item.status == MEDTL_E_IO || item.status == MEDTL_E_UNSUPPORTED,
                  "%s was followed", item.path.c_str());
}

Test(scan, an_archive_is_walked_as_a_folder_of_its_name)
{
    const workspace w;

    w.add_archive("study.zip", {{"b/2", EXS_LittleEndianExplicit},
                                {"b/10", EXS_DeflatedLittleEndianExplicit},
                                {"a", EXS_RLELossless}});
    w.add_object("z");
    const collection got = scan({w.root()});
    expect_items(got, {{w.at("study.zip/a"), MEDTL_OK},
                       {w.at("study.zip/b/10"), MEDTL_OK},
                       {w.at("study.zip/b/2"), MEDTL_OK},
                       {w.at("z"), MEDTL_OK}});
    const auto object = make_object(gray);
    for (const found &item :
         got.items) { // each can be opened again by its path, and its pixels read
        medtl_instance *raw = nullptr;
        medtl_error error = {};
        cr_assert_eq(medtl_instance_read(item.path.c_str(), nullptr, 0, &raw, &error), MEDTL_OK,
                     "%s", error.message);
        const instance_owner instance(raw);
        cr_expect_eq(largest_difference(*read_frame(raw), gray, 0, pattern), 0);
    }
}

Test(scan, damage_inside_an_archive_is_named_by_its_member)
{
    const workspace w;

    w.add_archive("twice.zip",
                  {{"one", EXS_LittleEndianExplicit}, {"two", EXS_LittleEndianExplicit}});
    w.replace_bytes("twice.zip", "two", "one");
    w.add_archive("crc.zip", {{"one", EXS_LittleEndianExplicit}});
    w.add_text("not.zip");
    w.replace_bytes("not.zip", "no i", "PK\3\4");
    expect_items(scan({w.root()}), {{w.at("crc.zip/one"), MEDTL_OK},
                                    {w.at("not.zip"), MEDTL_E_FORMAT},
                                    {w.at("twice.zip/one"), MEDTL_OK},
                                    {w.at("twice.zip/one"), MEDTL_E_FORMAT}});
    expect_items(scan({w.at("crc.zip/missing"), w.at("crc.zip/one/deeper")}),
                 {{w.at("crc.zip/missing"), MEDTL_E_IO}, {w.at("crc.zip/one/deeper"), MEDTL_E_IO}});
}

Test(scan, an_archive_that_unpacks_to_more_than_the_limit_is_refused)
{
    const workspace w;
    const std::string path = w.at("bomb.zip");
    const char *const paths[] = {path.c_str()};
    medtl_limits limits;
    medtl_reader_options options = {};
    medtl_reader *reader = nullptr;
    collection to;

    w.add_archive("bomb.zip",
                  {{"one", EXS_LittleEndianExplicit}, {"two", EXS_LittleEndianExplicit}});
    medtl_limits_default(&limits);
    options.limits = &limits;
    for (const char *limit : {"file-bytes=400", "members=1"}) {
        cr_assert_eq(medtl_limits_set(&limits, limit, nullptr), MEDTL_OK);
        cr_assert_eq(medtl_reader_create(&options, &reader, nullptr), MEDTL_OK);
        to.items.clear();
        cr_expect_eq(medtl_reader_scan(reader, paths, 1, nullptr, 0, collect, &to, nullptr),
                     MEDTL_OK);
        medtl_reader_destroy(reader);
        cr_assert_gt(to.items.size(), 0);
        for (const found &item : to.items) {
            cr_expect_eq(item.status, MEDTL_E_FORMAT);
            cr_expect(item.reason.find("limit of") != std::string::npos, "%s", item.reason.c_str());
        }
    }
}

Test(scan, in_another_process_finds_the_same)
{
    const workspace w;
    medtl_reader_options options = {};
    medtl_reader *reader = nullptr;
    medtl_error error = {};
    collection there;

    w.add_object("IMAGES/IM1");
    w.add_text("IMAGES/readme");
    w.add_archive("study.zip", {{"b/2", EXS_LittleEndianExplicit}, {"a", EXS_RLELossless}});
    w.add_directory("DICOMDIR", {"IMAGES\\IM1", "GONE"});
    options.isolate = true;
    cr_assert_eq(medtl_reader_create(&options, &reader, &error), MEDTL_OK, "%s", error.message);
    for (const std::string &path : {w.root(), w.at("DICOMDIR"), w.at("nothing")}) {
        const char *const paths[] = {path.c_str()};
        const collection here = scan({path});

        there.items.clear();
        cr_expect_eq(medtl_reader_scan(reader, paths, 1, nullptr, 0, collect, &there, nullptr),
                     MEDTL_OK);
        cr_assert_eq(here.items.size(), there.items.size());
        for (size_t i = 0; i < here.items.size(); i++) {
            cr_expect_str_eq(here.items[i].path.c_str(), there.items[i].path.c_str());
            cr_expect_str_eq(here.items[i].reason.c_str(), there.items[i].reason.c_str());
            cr_expect_eq(here.items[i].status, there.items[i].status);
        }
    }
    medtl_reader_destroy(reader);
}

Test(scan, reads_no_pixels)
{
    const workspace w;
    const off_t behind = 512 << 20;
    const auto bytes_read = [] {
        std::ifstream in("/proc/self/io");
        std::string word;
        unsigned long long count = 0;
        in >> word >> count; // "rchar: N", what read() gave, from a cache or not
        return count;
    };

    for (const char *name : {"1", "2", "3"}) {
        w.add_object(name);
        // Pixel Data of 512 MiB in a sparse file: VR OW with a 4-byte length, the last element.
        std::fstream file(w.at(name), std::ios::in | std::ios::out | std::ios::binary);
        std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        const size_t tag = all.rfind(std::string("\xE0\x7F\x10\x00", 4));
        cr_assert_neq(tag, std::string::npos);
        const uint32_t length = static_cast<uint32_t>(behind);
        file.clear();
        file.seekp(static_cast<std::streamoff>(tag + 8));
        file.write(reinterpret_cast<const char *>(&length), sizeof length);
        file.close();
        cr_assert_eq(truncate(w.at(name).c_str(), static_cast<off_t>(tag) + 12 + behind), 0);
    }
    const unsigned long long before = bytes_read();
    const collection got = scan({w.root()});
    cr_expect_eq(got.items.size(), 3);
    for (const found &item : got.items)
        cr_expect_eq(item.status, MEDTL_OK, "%s", item.reason.c_str());
    cr_expect_lt(bytes_read() - before, 1 << 20);
}

Test(scan, a_keyword_that_does_not_exist_is_refused_before_anything_is_read)
{
    const workspace w;
    const char *const paths[] = {w.root().c_str()}, *const keywords[] = {"Nonsense"};
    collection to;
    medtl_error error = {};

    w.add_object("1");
    cr_expect_eq(medtl_scan(paths, 1, keywords, 1, collect, &to, &error), MEDTL_E_ARGUMENT);
    cr_expect_eq(to.items.size(), 0);
}

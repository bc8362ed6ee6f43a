// Folders, links, DICOMDIRs: every regular file reaches the sink, once, in order.
#include "objects.h"

#include <criterion/criterion.h>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

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

} // namespace

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

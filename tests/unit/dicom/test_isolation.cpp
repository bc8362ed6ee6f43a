// Reading in another process gives the same answers, and whatever happens to that process costs one file.
#include "objects.h"

#include "medtl/reader.h"

#include <atomic>
#include <chrono>
#include <criterion/criterion.h>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;

namespace
{

struct reader_deleter {
    void operator()(medtl_reader *reader) const { medtl_reader_destroy(reader); }
};
using reader_owner = std::unique_ptr<medtl_reader, reader_deleter>;

reader_owner make_reader(medtl_reader_options options = {})
{
    medtl_reader *reader = nullptr;
    medtl_error error = {};

    options.isolate = true;
    cr_assert_eq(medtl_reader_create(&options, &reader, &error), MEDTL_OK, "%s", error.message);
    return reader_owner(reader);
}

/// The processes that this one has started and that are still there.
std::vector<pid_t> children()
{
    std::vector<pid_t> found;

    for (const auto &task : fs::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t pid; list >> pid;)
            found.push_back(pid);
    }
    return found;
}

size_t open_descriptors()
{
    size_t count = 0;

    for (const auto &each : fs::directory_iterator("/proc/self/fd"))
        count += each.is_symlink();
    return count;
}

instance_owner read_isolated(medtl_reader *reader, const std::vector<unsigned char> &bytes,
                             const std::vector<const char *> &keywords = {})
{
    medtl_instance *instance = nullptr;
    medtl_error error = {};

    cr_assert_eq(medtl_reader_instance_memory(reader, bytes.data(), bytes.size(), "object",
                                              keywords.data(), keywords.size(), &instance, &error),
                 MEDTL_OK, "%s", error.message);
    return instance_owner(instance);
}

size_t sample_bytes(const medtl_image &image)
{
    return image.type == MEDTL_PIXEL_U8 || image.type == MEDTL_PIXEL_S8 ? 1 : 2;
}

void expect_same_lut(const medtl_lut &a, const medtl_lut &b)
{
    cr_assert_eq(a.entries != nullptr, b.entries != nullptr);
    cr_expect_eq(a.count, b.count);
    cr_expect_eq(a.first, b.first);
    cr_expect_eq(a.bits, b.bits);
    if (a.entries != nullptr)
        cr_expect_arr_eq(a.entries, b.entries, a.count * sizeof *a.entries);
}

void expect_same_image(const medtl_image &a, const medtl_image &b)
{
    cr_assert_eq(a.rows, b.rows);
    cr_assert_eq(a.columns, b.columns);
    cr_assert_eq(a.samples, b.samples);
    cr_assert_eq(a.type, b.type);
    cr_expect_eq(a.bits_stored, b.bits_stored);
    cr_expect_eq(a.photometric, b.photometric);
    cr_expect_arr_eq(a.pixels, b.pixels,
                     static_cast<size_t>(a.rows) * a.columns * a.samples * sample_bytes(a));
    cr_expect_eq(a.rescale_slope, b.rescale_slope);
    cr_expect_eq(a.rescale_intercept, b.rescale_intercept);
    cr_expect_eq(a.has_window, b.has_window);
    cr_expect_eq(a.window_center, b.window_center);
    cr_expect_eq(a.window_width, b.window_width);
    cr_expect_eq(a.voi_function, b.voi_function);
    cr_expect_eq(a.inverse_presentation_lut, b.inverse_presentation_lut);
    cr_expect_eq(a.has_padding, b.has_padding);
    cr_expect_eq(a.padding_first, b.padding_first);
    cr_expect_eq(a.padding_last, b.padding_last);
    cr_expect_eq(a.laterality, b.laterality);
    expect_same_lut(a.modality_lut, b.modality_lut);
    expect_same_lut(a.voi_lut, b.voi_lut);
    for (int i = 0; i < 3; i++)
        expect_same_lut(a.palette[i], b.palette[i]);
}

/// An object with every optional member that an image has.
std::vector<unsigned char> rich_object(unsigned rows, const char *photometric)
{
    const bool color = std::strcmp(photometric, "RGB") == 0;
    const picture p = {rows, 6, color ? 3u : 1u, 8, 8, false, photometric, 3};
    const auto object = make_object(p);
    DcmDataset &d = *object->getDataset();
    const Uint16 entries[] = {1, 20, 300, 4000};
    const Uint16 descriptor[] = {4, 0, 16};
    DcmItem *item = nullptr;

    d.putAndInsertString(DCM_Modality, "MG");
    d.putAndInsertString(DCM_ImageLaterality, "R");
    d.putAndInsertString(DCM_ViewPosition, "MLO");
    d.putAndInsertString(DCM_BodyPartExamined, "BREAST");
    d.putAndInsertString(DCM_PixelSpacing, "0.07\\0.08");
    d.putAndInsertString(DCM_RescaleSlope, "2");
    d.putAndInsertString(DCM_RescaleIntercept, "-5");
    d.putAndInsertString(DCM_WindowCenter, "40");
    d.putAndInsertString(DCM_WindowWidth, "80");
    d.putAndInsertString(DCM_VOILUTFunction, "SIGMOID");
    d.putAndInsertString(DCM_PresentationLUTShape, "INVERSE");
    d.putAndInsertUint16(DCM_PixelPaddingValue, 7);
    d.findOrCreateSequenceItem(DCM_VOILUTSequence, item, -2);
    item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor, 3);
    item->putAndInsertUint16Array(DCM_LUTData, entries, 4);
    return file_bytes(*object, EXS_LittleEndianExplicit);
}

std::vector<unsigned char> small_object() { return rich_object(5, "MONOCHROME2"); }

/// Read a frame while `meanwhile` is done to the child, which stands still. @return how that failed.
std::string failure_while(medtl_reader *reader, const std::function<void(pid_t)> &meanwhile)
{
    const instance_owner instance = read_isolated(reader, small_object());
    const std::vector<pid_t> before = children();
    medtl_image *image = nullptr;
    medtl_error error = {};

    cr_assert_eq(before.size(), 1);
    kill(before[0], SIGSTOP);
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        meanwhile(before[0]);
    });
    const medtl_status status = medtl_image_read(instance.get(), 0, &image, &error);
    other.join();
    cr_expect_neq(status, MEDTL_OK);
    cr_expect_null(image);
    return error.message;
}

/// A folder of many small objects, gone with its owner.
class object_folder
{
  public:
    explicit object_folder(int count)
    {
        const std::vector<unsigned char> bytes = small_object();

        cr_assert_not_null(mkdtemp(path_));
        for (int i = 0; i < count; i++)
            std::ofstream(name(i), std::ios::binary)
                .write(reinterpret_cast<const char *>(bytes.data()),
                       static_cast<std::streamsize>(bytes.size()));
    }
    ~object_folder() { fs::remove_all(path_); }
    object_folder(const object_folder &) = delete;
    object_folder &operator=(const object_folder &) = delete;

    const char *path() const { return path_; }
    std::string name(int index) const
    {
        return std::string(path_) + "/" + std::to_string(1000 + index);
    }

  private:
    char path_[32] = "/tmp/medtl-isolation-XXXXXX";
};

struct scanned {
    std::vector<std::string> paths, reasons;
    int stop_at = -1; ///< the child stands still from this file on, and is killed soon after
    std::thread killer = {};
};

medtl_status note(void *context, medtl_scan_item *item)
{
    scanned &seen = *static_cast<scanned *>(context);

    seen.paths.emplace_back(item->path);
    if (item->instance == nullptr)
        seen.reasons.emplace_back(item->reason);
    medtl_instance_destroy(item->instance);
    if (static_cast<int>(seen.paths.size()) == seen.stop_at) {
        const std::vector<pid_t> all = children();

        for (const pid_t child : all)
            kill(child, SIGSTOP);
        seen.killer = std::thread([all] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            for (const pid_t child : all)
                kill(child, SIGKILL);
        });
    }
    return MEDTL_OK;
}

void expect_still_good(medtl_reader *reader)
{
    const instance_owner instance = read_isolated(reader, small_object());

    cr_expect_not_null(read_frame(instance.get()).get());
}

} // namespace

Test(isolation, gives_the_same_facts_values_and_images_as_reading_here)
{
    const reader_owner reader = make_reader();

    for (const char *photometric : {"MONOCHROME2", "MONOCHROME1", "RGB"}) {
        const auto bytes = rich_object(5, photometric);
        const instance_owner here = read_instance(bytes, {"ViewPosition", "WindowCenter"});
        const instance_owner there =
            read_isolated(reader.get(), bytes, {"ViewPosition", "WindowCenter"});

        cr_expect_arr_eq(medtl_instance_facts(here.get()), medtl_instance_facts(there.get()),
                         sizeof(medtl_facts));
        for (const char *keyword : {"ViewPosition", "WindowCenter", "view", "laterality",
                                    "sop-class", "Rows", "BodyPartExamined", "Nothing"}) {
            const char *const a = medtl_instance_value(here.get(), keyword);
            const char *const b = medtl_instance_value(there.get(), keyword);

            cr_assert_eq(a != nullptr, b != nullptr, "%s", keyword);
            if (a != nullptr)
                cr_expect_str_eq(a, b);
        }
        for (unsigned frame = 0; frame < 3; frame++)
            expect_same_image(*read_frame(here.get(), frame), *read_frame(there.get(), frame));
    }
}

Test(isolation, gives_the_same_input_of_a_network)
{
    const medtl_normaliser how = {3,
                                  20,
                                  30,
                                  MEDTL_VOI_IMAGE,
                                  MEDTL_CROP_CENTER,
                                  MEDTL_SIDE_LEFT,
                                  MEDTL_FIT_LETTERBOX,
                                  MEDTL_COLOR_CONSTANCY_NONE,
                                  {0.5f, 0.4f, 0.3f},
                                  {0.2f, 0.3f, 0.4f}};
    const reader_owner reader = make_reader();
    const size_t size = 3 * 20 * 30;

    for (const char *photometric : {"MONOCHROME1", "RGB"}) {
        const auto bytes = rich_object(9, photometric);
        const instance_owner here = read_instance(bytes),
                             there = read_isolated(reader.get(), bytes);
        const image_owner image = read_frame(here.get(), 1);
        std::vector<float> a(size), b(size), c(size);
        medtl_geometry of_a = {}, of_b = {}, of_c = {};
        medtl_outline breast_a = {}, breast_b = {}, breast_c = {};

        cr_assert_eq(medtl_normalise(image.get(), &how, a.data(), &of_a, &breast_a, nullptr),
                     MEDTL_OK);
        cr_assert_eq(
            medtl_image_read_input(here.get(), 1, false, &how, b.data(), &of_b, &breast_b, nullptr),
            MEDTL_OK);
        cr_assert_eq(medtl_image_read_input(there.get(), 1, false, &how, c.data(), &of_c, &breast_c,
                                            nullptr),
                     MEDTL_OK);
        cr_expect_eq(breast_a.count, breast_b.count);
        cr_expect_eq(breast_a.count, breast_c.count);
        cr_expect_arr_eq(breast_a.points, breast_c.points,
                         breast_a.count * sizeof breast_a.points[0]);
        cr_expect_arr_eq(a.data(), b.data(), size * sizeof a[0]);
        cr_expect_arr_eq(a.data(), c.data(), size * sizeof a[0]);
        cr_expect_eq(of_a.x1, of_c.x1);
        cr_expect_eq(of_a.flipped, of_c.flipped);
    }
}

Test(isolation, gives_the_same_reasons_as_reading_here)
{
    const reader_owner reader = make_reader();
    std::vector<unsigned char> cut = small_object();
    const std::vector<unsigned char> text(200, 'x');

    cut.resize(cut.size() / 2);
    for (const auto &bytes : {cut, text, std::vector<unsigned char>()}) {
        medtl_instance *here = nullptr, *there = nullptr;
        medtl_error a = {}, b = {};
        const medtl_status status =
            medtl_instance_read_memory(bytes.data(), bytes.size(), "name", nullptr, 0, &here, &a);

        cr_expect_eq(medtl_reader_instance_memory(reader.get(), bytes.data(), bytes.size(), "name",
                                                  nullptr, 0, &there, &b),
                     status);
        cr_expect_str_eq(a.message, b.message);
        medtl_instance_destroy(here);
        medtl_instance_destroy(there);
    }
}

Test(isolation, reads_headers_longer_than_what_is_handed_over_at_first)
{
    const reader_owner reader = make_reader();
    const picture p = {4, 4, 1, 8, 8, false, "MONOCHROME2", 1};
    const auto object = make_object(p);
    const std::vector<Uint8> large(900000, 7);

    object->getDataset()->putAndInsertUint8Array(DCM_EncapsulatedDocument, large.data(),
                                                 large.size());
    object->getDataset()->putAndInsertUint8Array(DCM_ICCProfile, large.data(), large.size());
    const instance_owner instance =
        read_isolated(reader.get(), file_bytes(*object, EXS_LittleEndianExplicit));
    expect_same_image(*read_frame(instance.get()), *read_first_frame(*object));
}

Test(isolation, large_objects_in_memory_are_read_as_small_ones)
{
    const reader_owner reader = make_reader();
    const picture p = {1500, 2000, 1, 16, 12, false, "MONOCHROME2", 1};
    const auto object = make_object(p, smooth_pattern);
    const auto bytes = file_bytes(*object, EXS_LittleEndianExplicit); // 6 MB
    const size_t before = open_descriptors();
    {
        std::vector<unsigned char> given = bytes;
        const instance_owner instance = read_isolated(reader.get(), given);

        std::fill(given.begin(), given.end(), 0); // a copy was taken
        expect_same_image(*read_frame(instance.get()), *read_frame(read_instance(bytes).get()));
    }
    cr_expect_eq(open_descriptors(), before);
}

Test(isolation, a_child_killed_while_it_decodes_loses_that_file_only)
{
    const reader_owner reader = make_reader();
    const std::string reason =
        failure_while(reader.get(), [](pid_t child) { kill(child, SIGKILL); });

    cr_expect_str_eq(reason.c_str(), "object: its decoding process crashed (signal KILL)");
    cr_expect_eq(medtl_reader_lost_children(reader.get()), 1);
    expect_still_good(reader.get());
}

Test(isolation, a_crash_is_named_by_its_signal)
{
    const reader_owner reader = make_reader();
    const std::string reason = failure_while(reader.get(), [](pid_t child) {
        kill(child, SIGTRAP); // which no sanitizer takes for itself
        kill(child, SIGCONT);
    });

    cr_expect_str_eq(reason.c_str(), "object: its decoding process crashed (signal TRAP)");
    expect_still_good(reader.get());
}

Test(isolation, a_child_that_takes_too_long_is_ended)
{
    const reader_owner reader = make_reader({nullptr, true, nullptr, 1500, 0});
    const auto start = std::chrono::steady_clock::now();
    const std::string reason = failure_while(reader.get(), [](pid_t) {});

    cr_expect_str_eq(reason.c_str(), "object: took longer than the limit of 1500 ms to decode");
    cr_expect_lt(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    expect_still_good(reader.get());
}

Test(isolation, a_child_that_dies_between_files_costs_none)
{
    const reader_owner reader = make_reader();

    expect_still_good(reader.get());
    kill(children().at(0), SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    expect_still_good(reader.get());
    cr_expect_eq(medtl_reader_lost_children(reader.get()), 1);
}

Test(isolation, a_child_killed_during_a_scan_loses_one_file_and_the_order_stays)
{
    enum { FILES = 100 };
    const reader_owner reader = make_reader();
    const object_folder folder(FILES);
    const char *const paths[] = {folder.path()};
    scanned seen;

    seen.stop_at = 5;
    cr_expect_eq(medtl_reader_scan(reader.get(), paths, 1, nullptr, 0, note, &seen, nullptr),
                 MEDTL_OK);
    seen.killer.join();
    cr_assert_eq(seen.paths.size(), FILES);
    for (int i = 0; i < FILES; i++)
        cr_expect(seen.paths[static_cast<size_t>(i)] == folder.name(i), "file %d", i);
    cr_expect_leq(seen.reasons.size(), 1);
    for (const std::string &reason : seen.reasons)
        cr_expect_str_eq(reason.c_str(), "its decoding process crashed (signal KILL)");
    cr_expect_eq(medtl_reader_lost_children(reader.get()), 1);
    expect_still_good(reader.get());
}

Test(isolation, a_scan_that_is_stopped_leaves_no_process_behind)
{
    const object_folder folder(50);
    const char *const paths[] = {folder.path()};
    const reader_owner reader = make_reader();
    int left = 3;

    cr_expect_eq(medtl_reader_scan(
                     reader.get(), paths, 1, nullptr, 0,
                     [](void *context, medtl_scan_item *item) {
                         medtl_instance_destroy(item->instance);
                         return --*static_cast<int *>(context) > 0 ? MEDTL_OK : MEDTL_E_IO;
                     },
                     &left, nullptr),
                 MEDTL_E_IO);
    cr_expect_leq(children().size(), 1);
    expect_still_good(reader.get());
}

Test(isolation, leaves_no_process_no_descriptor_and_no_handler)
{
    struct sigaction before[32], after[32];
    const size_t descriptors = open_descriptors();

    for (int i = 1; i < 32; i++)
        (void)sigaction(i, nullptr, &before[i]);
    {
        const reader_owner reader = make_reader();
        const size_t with_one_child = open_descriptors();

        for (int i = 0; i < 3; i++)
            failure_while(reader.get(), [](pid_t child) { kill(child, SIGKILL); });
        expect_still_good(reader.get());
        cr_expect_eq(children().size(), 1);
        cr_expect_eq(open_descriptors(), with_one_child);
    }
    for (int i = 1; i < 32; i++) {
        (void)sigaction(i, nullptr, &after[i]);
        cr_expect(before[i].sa_handler == after[i].sa_handler, "signal %d", i);
    }
    cr_expect_eq(open_descriptors(), descriptors);
    cr_expect_eq(waitpid(-1, nullptr, WNOHANG), -1, "a child is left");
}

Test(isolation, works_in_a_host_that_ignores_its_children)
{
    signal(SIGCHLD, SIG_IGN);
    const reader_owner reader = make_reader();
    const std::string reason =
        failure_while(reader.get(), [](pid_t child) { kill(child, SIGKILL); });

    cr_expect(reason.find("its decoding process") != std::string::npos, "%s", reason.c_str());
    expect_still_good(reader.get());
}

Test(isolation, an_instance_outlives_its_reader)
{
    reader_owner reader = make_reader();
    const instance_owner instance = read_isolated(reader.get(), small_object());

    reader.reset();
    cr_expect_not_null(read_frame(instance.get()).get());
}

Test(isolation, threads_have_children_of_their_own)
{
    const reader_owner reader = make_reader();
    const auto bytes = small_object();
    const image_owner expected = read_frame(read_instance(bytes).get());
    std::vector<std::thread> threads;

    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (int j = 0; j < 20; j++) {
                const instance_owner instance = read_isolated(reader.get(), bytes);
                expect_same_image(*read_frame(instance.get()), *expected);
            }
        });
    for (std::thread &each : threads)
        each.join();
    cr_expect_leq(children().size(), 4);
    cr_expect_eq(medtl_reader_lost_children(reader.get()), 0);
}

Test(isolation, a_limit_of_memory_refuses_the_file_and_keeps_the_child)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_skip("the address sanitizer needs its own address space");
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    cr_skip("the address sanitizer needs its own address space");
#endif
#endif
    const picture large = {6000, 6000, 1, 16, 16, false, "MONOCHROME2", 1};
    const auto object = make_header(large);
    std::vector<unsigned char> frame(70); // two segments: a claim of 72 MB by a few bytes

    frame[0] = 2;
    frame[4] = 64;
    frame[8] = 67;
    put_fragments(*object, EXS_RLELossless, {}, {frame});
    const reader_owner reader = make_reader({nullptr, true, nullptr, 0, UINT64_C(100) << 20});
    const instance_owner instance =
        read_isolated(reader.get(), file_bytes(*object, EXS_RLELossless));
    medtl_image *image = nullptr;
    medtl_error error = {};

    cr_expect_eq(medtl_image_read(instance.get(), 0, &image, &error), MEDTL_E_MEMORY);
    cr_expect_str_eq(error.message, "object: out of memory for an image of 6000 x 6000 pixels");
    cr_expect_eq(medtl_reader_lost_children(reader.get()), 0);
    expect_still_good(reader.get());
}

Test(isolation, a_decoder_that_is_missing_or_another_program_is_refused_at_once)
{
    medtl_reader_options options = {nullptr, true, "/nonexistent/medtl-decode", 0, 0};
    medtl_reader *reader = nullptr;
    medtl_error error = {};

    cr_expect_eq(medtl_reader_create(&options, &reader, &error), MEDTL_E_CONFIG);
    cr_expect_null(reader);
    options.decoder = "/bin/true";
    cr_expect_eq(medtl_reader_create(&options, &reader, &error), MEDTL_E_CONFIG);
    cr_expect_str_eq(error.message, "/bin/true does not start: it ended with status 0");
}

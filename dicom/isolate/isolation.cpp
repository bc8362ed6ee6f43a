// Asks children, and makes sure that whatever becomes of one becomes the failure of one file.
#include "isolate/isolation.h"

#include "isolate/request.h"
#include "isolate/transfer.h"
#include "location.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>

namespace medtl_dicom
{
namespace
{

constexpr uint32_t default_timeout_ms = 60000;
constexpr uint64_t default_memory_bytes = UINT64_C(6) << 30;
constexpr uint64_t header_start =
    256 * 1024; // holds nearly every header; the pixels stay where they are
constexpr size_t worth_a_file = 4 << 20;  // below, handing over costs next to nothing
constexpr int highest_descriptor = 512;   // the host needs some of its usual 1,024 itself
constexpr uint64_t kept_bytes = 64 << 20; // a child's memory files keep so much for the next object

void write_memory(int file, const unsigned char *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        const ssize_t written = pwrite(file, bytes + at, size - at, static_cast<off_t>(at));

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            fail(MEDTL_E_MEMORY, "out of memory for handing %zu bytes to a decoding process", size);
        at += static_cast<size_t>(written);
    }
}

/// A header as it is, its values once more as text, and look-up tables; or the names in an archive.
uint64_t longest_reply(const medtl_limits &limits)
{
    return std::max(4 * limits.header_bytes, 300 * limits.members) + (1 << 20);
}

/// Give memory back after a large object.
void trim(int memory, uint64_t used)
{
    if (used > kept_bytes && ftruncate(memory, 0) != 0) {
        // It stays large, which is no harm but to memory.
    }
}

void read_outbox(int outbox, void *to, size_t size)
{
    char *const bytes = static_cast<char *>(to);

    for (size_t at = 0; at < size;) {
        const ssize_t got = pread(outbox, bytes + at, size - at, static_cast<off_t>(at));

        if (got < 0 && errno == EINTR)
            continue;
        require(got > 0, MEDTL_E_INTERNAL, "pixels from a decoding process are cut off");
        at += static_cast<size_t>(got);
    }
    trim(outbox, size);
}

/// A failure as the child said it.
[[noreturn]] void pass_on(const message &reply)
{
    message_reader from(reply.payload);
    const medtl_status status = from.get_below<medtl_status>(MEDTL_E_INTERNAL + 1);

    throw failure{status == MEDTL_OK ? MEDTL_E_INTERNAL : status, from.get_text()};
}

/// The program or shared object that this code is linked into.
std::string own_path()
{
    Dl_info info;
    struct link_map *map = nullptr;
    char real[PATH_MAX];
    const bool known = dladdr1(reinterpret_cast<const void *>(&own_path), &info,
                               reinterpret_cast<void **>(&map), RTLD_DL_LINKMAP) != 0 &&
                       map != nullptr && map->l_name != nullptr && map->l_name[0] != '\0';

    return realpath(known ? map->l_name : "/proc/self/exe", real) != nullptr ? real : "";
}

} // namespace

std::string find_decoder()
{
    static const char *const places[] = {"/libexec/medtl/medtl-decode", "/bin/medtl-decode"};
    std::string folder = own_path();

    // From lib/ARCHITECTURE/medtl, lib or bin up to the prefix; the same in a build tree.
    for (int level = 0; level < 4; level++) {
        const size_t slash = folder.rfind('/');

        if (slash == std::string::npos)
            break;
        folder.erase(slash);
        for (const char *const place : places)
            if (access((folder + place).c_str(), X_OK) == 0)
                return folder + place;
    }
    return "";
}

descriptor sealed_copy(const unsigned char *bytes, size_t size)
{
    if (size < worth_a_file)
        return descriptor();
    descriptor file(memfd_create("medtl-object", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (file.get() < 0 || file.get() > highest_descriptor)
        return descriptor();
    write_memory(file.get(), bytes, size);
    if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) !=
        0)
        fail(MEDTL_E_MEMORY, "cannot seal %zu bytes in memory", size);
    return file;
}

std::unique_ptr<medtl_instance> instance_in(const message &reply)
{
    if (reply.kind != message_kind::done)
        pass_on(reply);
    message_reader from(reply.payload);
    return get_instance(from);
}

isolation::isolation(const medtl_reader_options &options, const medtl_limits &limits)
    : limits_(limits), program_(options.decoder != nullptr ? options.decoder : find_decoder()),
      timeout_ms_(options.timeout_ms > 0 ? options.timeout_ms : default_timeout_ms),
      memory_bytes_(options.memory_bytes > 0 ? options.memory_bytes : default_memory_bytes)
{
    require(!program_.empty(), MEDTL_E_CONFIG,
            "medtl-decode, which decodes in a process of its own, is not there");
    give_back(take()); // so that what is wrong is known before the first file
}

std::unique_ptr<child> isolation::take()
{
    {
        const std::lock_guard<std::mutex> guard(lock_);

        while (!idle_.empty()) {
            std::unique_ptr<child> worker = std::move(idle_.back());

            idle_.pop_back();
            if (worker->is_idle())
                return worker;
            lost_++; // somebody ended it while it waited: no file is lost with it
        }
    }
    return std::unique_ptr<child>(new child(program_, memory_bytes_, timeout_ms_));
}

void isolation::give_back(std::unique_ptr<child> worker)
{
    const std::lock_guard<std::mutex> guard(lock_);

    idle_.push_back(std::move(worker));
}

void isolation::lose(child &worker, channel_result result)
{
    const std::string outcome = worker.end();

    lost_++;
    if (result == channel_result::too_late)
        fail(MEDTL_E_FORMAT, "took longer than the limit of %u ms to decode", timeout_ms_);
    if (result == channel_result::ended)
        fail(MEDTL_E_FORMAT, "its decoding process %s", outcome.c_str());
    fail(MEDTL_E_INTERNAL, "its decoding process gave a damaged answer");
}

void isolation::forget(std::unique_ptr<child> worker)
{
    lost_++;
    worker->end();
}

channel_result isolation::send(child &worker, const request &what, int64_t deadline)
{
    const object_input &input = what.input;
    request_head head = {limits_, input.size, input.size, input.bytes != nullptr, what.frame};
    location place;
    int file = input.file;
    message_writer to;

    if (input.bytes == nullptr && file < 0) {
        place = locate(*input.path);
        file = place.file.get();
    } else if (input.bytes != nullptr) {
        if (what.start_only)
            head.here = std::min<uint64_t>(input.size, header_start);
        write_memory(worker.inbox(), input.bytes, static_cast<size_t>(head.here));
    }
    to.put(head);
    to.put_text(place.member);
    if (what.wanted != nullptr) {
        to.put<uint64_t>(what.wanted->size());
        for (const wanted_keyword &keyword : *what.wanted) {
            to.put_text(keyword.first);
            to.put<uint16_t>(keyword.second.getGroup());
            to.put<uint16_t>(keyword.second.getElement());
        }
    }
    if (what.sop_instance != nullptr)
        to.put_text(*what.sop_instance);
    if (what.network_input != nullptr)
        to.put(*what.network_input);
    return send_message(worker.socket(), what.kind, to.bytes, file, deadline);
}

/// Throws failure where the child is lost.
message isolation::receive(child &worker, int64_t deadline)
{
    message reply;
    const channel_result result =
        receive_message(worker.socket(), reply, false, longest_reply(limits_), deadline);

    if (result != channel_result::good)
        lose(worker, result);
    return reply;
}

/// @return what the child answered. Throws failure where it is lost.
message isolation::ask(child &worker, const request &what)
{
    const int64_t by = deadline();
    const channel_result sent = send(worker, what, by);

    if (sent != channel_result::good)
        lose(worker, sent);
    message reply = receive(worker, by);
    trim(worker.inbox(), what.input.bytes != nullptr && !what.start_only ? what.input.size : 0);
    return reply;
}

std::unique_ptr<medtl_instance> isolation::read_header(const object_input &input,
                                                       const std::vector<wanted_keyword> &wanted)
{
    std::unique_ptr<child> worker = take();
    message reply =
        ask(*worker, {message_kind::read_header, input, &wanted, nullptr, 0, nullptr, true});

    if (reply.kind == message_kind::need_bytes)
        reply =
            ask(*worker, {message_kind::read_header, input, &wanted, nullptr, 0, nullptr, false});
    give_back(std::move(worker));
    return instance_in(reply);
}

std::vector<std::string> isolation::ask_names(message_kind kind, const std::string &path)
{
    const object_input input = {&path, nullptr, 0};
    std::unique_ptr<child> worker = take();
    const message reply = ask(*worker, {kind, input, nullptr, nullptr, 0, nullptr, false});

    give_back(std::move(worker));
    if (reply.kind != message_kind::done)
        pass_on(reply);
    message_reader from(reply.payload);
    std::vector<std::string> names;
    for (size_t left = from.get_size(); left > 0; left--)
        names.push_back(from.get_text());
    return names;
}

std::vector<std::string> isolation::read_directory(const std::string &path)
{
    return ask_names(message_kind::read_directory, path);
}

std::vector<std::string> isolation::read_members(const std::string &path)
{
    return ask_names(message_kind::read_members, path);
}

image_pointer isolation::read_image(const object_input &input, const std::string &sop_instance,
                                    uint32_t frame)
{
    std::unique_ptr<child> worker = take();
    const message reply = ask(
        *worker, {message_kind::read_image, input, nullptr, &sop_instance, frame, nullptr, false});

    if (reply.kind != message_kind::done) {
        give_back(std::move(worker));
        pass_on(reply);
    }
    message_reader from(reply.payload);
    image_pointer image = get_image(from);
    read_outbox(worker->outbox(), image->pixels, pixel_bytes(*image));
    give_back(std::move(worker));
    return image;
}

void isolation::read_input(const object_input &input, const std::string &sop_instance,
                           uint32_t frame, bool to_srgb, const medtl_normaliser &normaliser,
                           float *out, medtl_geometry &geometry, medtl_outline &breast)
{
    const size_t size = sizeof(float) * normaliser.channels * normaliser.height * normaliser.width;
    const input_request wanted = {normaliser, to_srgb};
    std::unique_ptr<child> worker = take();
    const message reply = ask(
        *worker, {message_kind::read_input, input, nullptr, &sop_instance, frame, &wanted, false});

    give_back(std::move(worker));
    if (reply.kind != message_kind::done)
        pass_on(reply);
    message_reader from(reply.payload);
    geometry = get_geometry(from);
    breast = get_outline(from);
    std::memcpy(out, from.take(size), size);
}

} // namespace medtl_dicom

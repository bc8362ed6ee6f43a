// The child's loop. Each request stands alone: nothing of one file is left for the next but reused memory.
#include "isolate/serve.h"

#include "directory.h"
#include "image_read.h"
#include "isolate/child.h"
#include "isolate/request.h"
#include "isolate/transfer.h"
#include "location.h"
#include "reader_internal.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#if defined(__SANITIZE_ADDRESS__)
#define MEDTL_HAS_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEDTL_HAS_SHADOW_MEMORY 1
#endif
#endif

namespace medtl_dicom
{
namespace
{

constexpr uint64_t longest_request = 16 << 20;

class server
{
  public:
    /// @return the answer's kind; `to` is its payload. Throws failure, bytes_missing.
    message_kind answer(message &request, message_writer &to);

  private:
    archive_cache archives_;

    std::unique_ptr<dicom_file> open_requested(const request_head &head, const std::string &member,
                                               int given);
};

std::unique_ptr<dicom_file> server::open_requested(const request_head &head,
                                                   const std::string &member, int given)
{
    if (head.in_inbox == 0) {
        location place = {descriptor(given), member};

        return std::unique_ptr<dicom_file>(
            new dicom_file(open_source(std::move(place), head.limits, archives_), head.limits));
    }
    if (head.size > head.limits.file_bytes)
        fail(MEDTL_E_FORMAT, "%llu bytes are more than the limit of %llu",
             static_cast<unsigned long long>(head.size),
             static_cast<unsigned long long>(head.limits.file_bytes));
    return std::unique_ptr<dicom_file>(new dicom_file(
        std::unique_ptr<byte_source>(new file_source(
            descriptor(fcntl(child_inbox, F_DUPFD_CLOEXEC, 0)), head.size, head.here)),
        head.limits));
}

void write_outbox(const medtl_image &image)
{
    const size_t size = pixel_bytes(image);
    const char *const pixels = static_cast<const char *>(image.pixels);

    for (size_t at = 0; at < size;) {
        const ssize_t written =
            pwrite(child_outbox, pixels + at, size - at, static_cast<off_t>(at));

        if (written < 0 && errno == EINTR)
            continue;
        require(written > 0, MEDTL_E_MEMORY, "out of memory for the decoded pixels");
        at += static_cast<size_t>(written);
    }
}

void answer_header(dicom_file &file, message_reader &from, message_writer &to)
{
    std::vector<wanted_keyword> wanted;

    for (size_t left = from.get_size(); left > 0; left--) {
        const std::string keyword = from.get_text();
        const uint16_t group = from.get<uint16_t>(), element = from.get<uint16_t>();

        wanted.emplace_back(keyword, DcmTagKey(group, element));
    }
    const std::unique_ptr<medtl_instance> instance = read_instance(file, wanted);
    try {
        // The host parses these bytes when it writes a report. What harms a parser shall harm this one first.
        (void)report_header(*instance);
    } catch (const failure &) {
        // The host will say so where it matters.
    }
    put_instance(*instance, to);
}

void put_names(const std::vector<std::string> &names, message_writer &to)
{
    to.put<uint64_t>(names.size());
    for (const std::string &name : names)
        to.put_text(name);
}

void answer_input(dicom_file &file, uint32_t frame, message_reader &from, message_writer &to)
{
    const std::string sop_instance = from.get_text();
    const input_request wanted = from.get<input_request>();
    const medtl_normaliser &how = wanted.normaliser;
    std::vector<float> input(static_cast<size_t>(how.channels) * how.height * how.width);
    medtl_geometry geometry = {};
    medtl_outline breast = {};

    make_input(file, sop_instance, frame, wanted.to_srgb != 0, how, input.data(), geometry, breast);
    to.put(geometry);
    to.put(breast);
    to.put_bytes(input.data(), input.size() * sizeof input[0]);
}

message_kind server::answer(message &request, message_writer &to)
{
    descriptor given(request.descriptor);
    message_reader from(request.payload);
    const request_head head = from.get<request_head>();
    const std::string member = from.get_text();

    request.descriptor = -1;
    if (request.kind == message_kind::read_members) {
        put_names(archives_.get(given.get(), head.limits).names(), to);
        return message_kind::done;
    }
    const std::unique_ptr<dicom_file> file = open_requested(head, member, given.release());
    switch (request.kind) {
    case message_kind::read_header:
        answer_header(*file, from, to);
        return message_kind::done;
    case message_kind::read_directory:
        put_names(directory_ids(*file), to);
        return message_kind::done;
    case message_kind::read_image: {
        const image_pointer image = read_image(*file, from.get_text(), head.frame);

        put_image(*image, to);
        write_outbox(*image);
        return message_kind::done;
    }
    case message_kind::read_input:
        answer_input(*file, head.frame, from, to);
        return message_kind::done;
    default:
        fail(MEDTL_E_INTERNAL, "an unknown request");
    }
}

/// As answer(), with every failure as a message.
message_kind answer_or_explain(server &self, message &request, message_writer &to)
{
    medtl_error error = {MEDTL_E_INTERNAL, ""};

    try {
        return self.answer(request, to);
    } catch (const bytes_missing &) {
        return message_kind::need_bytes;
    } catch (...) {
        translate(&error, nullptr);
    }
    to.bytes.clear();
    to.put<uint32_t>(error.status);
    to.put_text(error.message);
    return message_kind::failed;
}

void set_limit(__rlimit_resource which, uint64_t value)
{
    const struct rlimit limit = {static_cast<rlim_t>(value), static_cast<rlim_t>(value)};

    (void)setrlimit(which, &limit);
}

/// No image in a core file, no new rights, no more memory than is allowed.
void confine(uint64_t memory_bytes)
{
    set_limit(RLIMIT_CORE, 0);
#ifndef MEDTL_HAS_SHADOW_MEMORY
    if (memory_bytes > 0)
        set_limit(RLIMIT_AS, memory_bytes);
#endif
    if (memory_bytes > 0)
        set_limit(RLIMIT_FSIZE, memory_bytes);
    (void)signal(SIGXFSZ, SIG_IGN); // then a write fails with a reason
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int serve(uint32_t timeout_ms)
{
    const std::string version = MEDTL_VERSION;
    const std::vector<unsigned char> hello(version.begin(), version.end());
    const unsigned seconds = timeout_ms / 500 + 2; // twice as long, rounded up
    server self;

    if (send_message(child_socket, message_kind::hello, hello, -1, -1) != channel_result::good)
        return 1;
    for (;;) {
        message request;
        message_writer to;
        const channel_result result =
            receive_message(child_socket, request, true, longest_request, -1);

        if (result == channel_result::ended)
            return 0;
        if (result != channel_result::good)
            return 1;
        alarm(seconds);
        const message_kind kind = answer_or_explain(self, request, to);
        alarm(0);
        if (send_message(child_socket, kind, to.bytes, -1, -1) != channel_result::good)
            return 1;
    }
}

} // namespace
} // namespace medtl_dicom

extern "C" int medtl_isolate_serve(uint64_t memory_bytes, uint32_t timeout_ms) noexcept
try {
    medtl_dicom::confine(memory_bytes);
    return medtl_dicom::serve(timeout_ms);
} catch (...) {
    return 1;
}

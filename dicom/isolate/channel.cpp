// Framing: magic, kind, payload length, payload. A descriptor rides on the first byte of a frame.
#include "isolate/channel.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace medtl_dicom
{
namespace
{

constexpr uint32_t frame_magic = 0x6D656474; // "medt"

struct frame_head {
    uint32_t magic;
    uint32_t kind;
    uint64_t length;
};

union descriptor_room {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

channel_result wait_for(int socket, short events, int64_t deadline)
{
    for (;;) {
        struct pollfd what = {socket, events, 0};
        const int64_t left = deadline < 0 ? -1 : deadline - milliseconds_now();

        if (deadline >= 0 && left <= 0)
            return channel_result::too_late;
        const int ready = poll(&what, 1, left > 1000000 ? 1000000 : static_cast<int>(left));
        if (ready > 0)
            return channel_result::good; // also on an error, which the next call then reports
        if (ready < 0 && errno != EINTR && errno != EAGAIN)
            return channel_result::broken;
    }
}

channel_result after_error()
{
    if (errno == EPIPE || errno == ECONNRESET)
        return channel_result::ended;
    return channel_result::broken;
}

bool is_transient() { return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK; }

channel_result send_bytes(int socket, const void *from, size_t size, int descriptor,
                          int64_t deadline)
{
    const char *at = static_cast<const char *>(from);

    while (size > 0) {
        struct iovec part = {const_cast<char *>(at), size};
        struct msghdr head = {};
        descriptor_room room = {};

        head.msg_iov = &part;
        head.msg_iovlen = 1;
        if (descriptor >= 0) {
            head.msg_control = room.bytes;
            head.msg_controllen = sizeof room.bytes;
            struct cmsghdr *const note = CMSG_FIRSTHDR(&head);
            note->cmsg_level = SOL_SOCKET;
            note->cmsg_type = SCM_RIGHTS;
            note->cmsg_len = CMSG_LEN(sizeof descriptor);
            std::memcpy(CMSG_DATA(note), &descriptor, sizeof descriptor);
        }
        const ssize_t sent = sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            at += sent;
            size -= static_cast<size_t>(sent);
            descriptor = -1;
            continue;
        }
        if (sent < 0 && !is_transient())
            return after_error();
        const channel_result waited = wait_for(socket, POLLOUT, deadline);
        if (waited != channel_result::good)
            return waited;
    }
    return channel_result::good;
}

void keep_descriptor(struct msghdr &head, int *descriptor)
{
    for (struct cmsghdr *note = CMSG_FIRSTHDR(&head); note != nullptr;
         note = CMSG_NXTHDR(&head, note))
        if (note->cmsg_level == SOL_SOCKET && note->cmsg_type == SCM_RIGHTS && *descriptor < 0)
            std::memcpy(descriptor, CMSG_DATA(note), sizeof *descriptor);
}

/// @param descriptor  Takes one that comes along; NULL: such a thing is cut off by the system.
channel_result receive_bytes(int socket, void *to, size_t size, int *descriptor, int64_t deadline)
{
    char *at = static_cast<char *>(to);

    while (size > 0) {
        struct iovec part = {at, size};
        struct msghdr head = {};
        descriptor_room room = {};

        head.msg_iov = &part;
        head.msg_iovlen = 1;
        if (descriptor != nullptr) {
            head.msg_control = room.bytes;
            head.msg_controllen = sizeof room.bytes;
        }
        const ssize_t got = recvmsg(socket, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got > 0) {
            if (descriptor != nullptr)
                keep_descriptor(head, descriptor);
            at += got;
            size -= static_cast<size_t>(got);
            continue;
        }
        if (got == 0)
            return channel_result::ended;
        if (!is_transient())
            return after_error();
        const channel_result waited = wait_for(socket, POLLIN, deadline);
        if (waited != channel_result::good)
            return waited;
    }
    return channel_result::good;
}

} // namespace

int64_t milliseconds_now()
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

channel_result send_message(int socket, message_kind kind,
                            const std::vector<unsigned char> &payload, int descriptor,
                            int64_t deadline)
{
    const frame_head head = {frame_magic, static_cast<uint32_t>(kind), payload.size()};
    channel_result result = send_bytes(socket, &head, sizeof head, descriptor, deadline);

    if (result == channel_result::good)
        result = send_bytes(socket, payload.data(), payload.size(), -1, deadline);
    return result;
}

channel_result receive_message(int socket, message &to, bool with_descriptor, uint64_t most,
                               int64_t deadline)
{
    frame_head head;
    channel_result result = receive_bytes(socket, &head, sizeof head,
                                          with_descriptor ? &to.descriptor : nullptr, deadline);

    if (result != channel_result::good)
        return result;
    if (head.magic != frame_magic || head.length > most)
        return channel_result::broken;
    to.kind = static_cast<message_kind>(head.kind);
    to.payload.resize(static_cast<size_t>(head.length));
    return receive_bytes(socket, to.payload.data(), to.payload.size(), nullptr, deadline);
}

} // namespace medtl_dicom

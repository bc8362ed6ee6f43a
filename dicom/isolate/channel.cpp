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

/// Take what was sent off the front of `parts`.
void advance(struct msghdr &head, size_t sent)
{
    while (head.msg_iovlen > 0 && sent >= head.msg_iov->iov_len) {
        sent -= head.msg_iov->iov_len;
        head.msg_iov++;
        head.msg_iovlen--;
    }
    if (head.msg_iovlen > 0) {
        head.msg_iov->iov_base = static_cast<char *>(head.msg_iov->iov_base) + sent;
        head.msg_iov->iov_len -= sent;
    }
}

void attach(struct msghdr &head, descriptor_room &room, int descriptor)
{
    head.msg_control = room.bytes;
    head.msg_controllen = sizeof room.bytes;
    struct cmsghdr *const note = CMSG_FIRSTHDR(&head);
    note->cmsg_level = SOL_SOCKET;
    note->cmsg_type = SCM_RIGHTS;
    note->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(note), &descriptor, sizeof descriptor);
}

/// Send all parts, in one system call where the socket has room.
channel_result send_parts(int socket, struct iovec *parts, size_t count, int descriptor,
                          int64_t deadline)
{
    descriptor_room room = {};
    struct msghdr head = {};

    head.msg_iov = parts;
    head.msg_iovlen = count;
    if (descriptor >= 0)
        attach(head, room, descriptor);
    advance(head, 0);
    while (head.msg_iovlen > 0) {
        const ssize_t sent = sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            advance(head, static_cast<size_t>(sent));
            head.msg_control = nullptr; // the descriptor goes along once
            head.msg_controllen = 0;
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
    frame_head head = {frame_magic, static_cast<uint32_t>(kind), payload.size()};
    struct iovec parts[] = {{&head, sizeof head},
                            {const_cast<unsigned char *>(payload.data()), payload.size()}};

    return send_parts(socket, parts, 2, descriptor, deadline);
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

// Messages over a socket between the host and a decoding process, with a deadline.
#ifndef MEDTL_DICOM_ISOLATE_CHANNEL_H
#define MEDTL_DICOM_ISOLATE_CHANNEL_H

#include <cstdint>
#include <vector>

namespace medtl_dicom
{

enum class message_kind : uint32_t {
    // from the child, once, when it is ready
    hello = 1,
    // to the child
    read_header,
    read_directory,
    read_members,
    read_image,
    read_input,
    // from the child
    done,
    failed,    ///< status and reason follow
    need_bytes ///< the header goes on behind the bytes that were handed over
};

struct message {
    message_kind kind;
    std::vector<unsigned char> payload;
    int descriptor = -1; ///< that came along; the receiver closes it
};

enum class channel_result { good, ended, too_late, broken };

/// Monotonic milliseconds.
int64_t milliseconds_now();

/// @param descriptor  Goes along as a duplicate; -1: none.
/// @param deadline    On milliseconds_now()'s clock; negative: wait as long as it takes.
channel_result send_message(int socket, message_kind kind,
                            const std::vector<unsigned char> &payload, int descriptor,
                            int64_t deadline);

/// @param with_descriptor  May one come along? Otherwise the system closes it.
/// @param most  A larger payload is refused (broken) before memory is taken for it.
channel_result receive_message(int socket, message &to, bool with_descriptor, uint64_t most,
                               int64_t deadline);

} // namespace medtl_dicom

#endif

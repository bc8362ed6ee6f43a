// One decoding process as its host sees it: started, asked, ended. Not for two threads at once.
#ifndef MEDTL_DICOM_ISOLATE_CHILD_H
#define MEDTL_DICOM_ISOLATE_CHILD_H

#include "descriptor.h"
#include "isolate/channel.h"

#include <string>
#include <sys/types.h>

namespace medtl_dicom
{

/// Descriptors of a decoding process, beside its own three.
enum : int { child_socket = 3, child_inbox = 4, child_outbox = 5, child_first_free = 6 };

class child
{
  public:
    /// Start it and wait until it is ready. Throws failure.
    child(const std::string &program, uint64_t memory_bytes, uint32_t timeout_ms);
    /// Ends it at once, and waits for its end.
    ~child();
    child(const child &) = delete;
    child &operator=(const child &) = delete;

    int socket() const { return socket_.get(); }
    int inbox() const { return inbox_.get(); }   ///< bytes that the host hands over
    int outbox() const { return outbox_.get(); } ///< pixels that come back

    /// Is it there and silent, as an idle one must be?
    bool is_idle() const;

    /// End it. @return what became of it, in words: "crashed (signal SEGV)".
    std::string end();

  private:
    child() = default; // whole already, so that a start that fails is cleaned up by the destructor

    pid_t pid_ = -1;     ///< not started
    descriptor process_; ///< of the process (pidfd): a number may be another process's by now
    descriptor socket_, inbox_, outbox_;
    bool ended_ = false;

    /// @param other_end  Closed here afterwards: as long as it is open, nobody sees the child go.
    void start(const std::string &program, uint64_t memory_bytes, uint32_t timeout_ms,
               descriptor other_end);
};

} // namespace medtl_dicom

#endif

// The host's side of isolated reading: children that wait for work, one for each thread that asks at a time.
#ifndef MEDTL_DICOM_ISOLATE_ISOLATION_H
#define MEDTL_DICOM_ISOLATE_ISOLATION_H

#include "isolate/child.h"
#include "isolate/message.h"
#include "reader_internal.h"

#include <atomic>
#include <mutex>

namespace medtl_dicom
{

struct input_request;

class isolation
{
  public:
    /// Throws failure.
    isolation(const medtl_reader_options &options, const medtl_limits &limits);

    std::unique_ptr<medtl_instance> read_header(const object_input &input,
                                                const std::vector<wanted_keyword> &wanted);
    std::vector<std::string> read_directory(const std::string &path);
    std::vector<std::string> read_members(const std::string &path);
    image_pointer read_image(const object_input &input, const std::string &sop_instance,
                             uint32_t frame);

    void read_input(const object_input &input, const std::string &sop_instance, uint32_t frame,
                    bool to_srgb, const medtl_normaliser &normaliser, float *out,
                    medtl_geometry &geometry, medtl_outline &breast);

    size_t lost() const { return lost_; }

  private:
    friend class headers_ahead;
    struct request {
        message_kind kind;
        const object_input &input;
        const std::vector<wanted_keyword> *wanted;
        const std::string *sop_instance;
        uint32_t frame;
        const input_request *network_input;
        bool start_only; ///< hand over the beginning of bytes in memory
    };

    const medtl_limits limits_;
    std::string program_;
    const uint32_t timeout_ms_;
    const uint64_t memory_bytes_;
    std::mutex lock_; ///< guards idle_
    std::vector<std::unique_ptr<child>> idle_;
    std::atomic<size_t> lost_{0};

    std::unique_ptr<child> take();
    void give_back(std::unique_ptr<child> worker);
    /// A child that is no use any more, though no file is to blame.
    void forget(std::unique_ptr<child> worker);
    int64_t deadline() const { return milliseconds_now() + timeout_ms_; }
    channel_result send(child &worker, const request &what, int64_t deadline);
    message receive(child &worker, int64_t deadline);
    message ask(child &worker, const request &what);
    std::vector<std::string> ask_names(message_kind kind, const std::string &path);
    [[noreturn]] void lose(child &worker, channel_result result);
};

/// What a child answered to read_header. Throws failure.
std::unique_ptr<medtl_instance> instance_in(const message &reply);

/// A large object as a file in memory that nobody can change any more, so that children read it without a further
/// copy. @return none (-1) for a small object, and where this process has many descriptors open already: the bytes
/// are then handed over each time. Throws failure (MEDTL_E_MEMORY).
descriptor sealed_copy(const unsigned char *bytes, size_t size);

/// medtl-decode beside the object that this code is linked into; "" where it is not.
std::string find_decoder();

} // namespace medtl_dicom

#endif

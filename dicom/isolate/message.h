// Values as bytes between two processes of one build on one machine. Reading checks every length: what
// comes from a process that reads hostile files is believed no more than a file.
#ifndef MEDTL_DICOM_ISOLATE_MESSAGE_H
#define MEDTL_DICOM_ISOLATE_MESSAGE_H

#include "bridge_internal.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace medtl_dicom
{

class message_writer
{
  public:
    template <typename plain> void put(const plain &value)
    {
        static_assert(std::is_trivially_copyable<plain>::value, "only plain values");
        put_bytes(&value, sizeof value);
    }
    void put_text(const std::string &text)
    {
        put<uint64_t>(text.size());
        put_bytes(text.data(), text.size());
    }
    void put_bytes(const void *from, size_t size)
    {
        const unsigned char *const first = static_cast<const unsigned char *>(from);
        if (size > 0)
            bytes.insert(bytes.end(), first, first + size);
    }

    std::vector<unsigned char> bytes;
};

class message_reader
{
  public:
    explicit message_reader(const std::vector<unsigned char> &bytes) : bytes_(bytes) {}

    template <typename plain> plain get()
    {
        static_assert(std::is_trivially_copyable<plain>::value, "only plain values");
        plain value;
        std::memcpy(static_cast<void *>(&value), take(sizeof value), sizeof value);
        return value;
    }
    /// A number that must be below `count`: an enumerator, a truth value.
    template <typename kind> kind get_below(unsigned count)
    {
        const uint32_t value = get<uint32_t>();
        require(value < count, MEDTL_E_INTERNAL, "a message between processes is damaged");
        return static_cast<kind>(value);
    }
    bool get_flag() { return get_below<bool>(2); }
    std::string get_text()
    {
        const size_t size = get_size();
        return std::string(reinterpret_cast<const char *>(take(size)), size);
    }
    /// `size` bytes, valid as long as the message.
    const unsigned char *take(size_t size)
    {
        require(size <= bytes_.size() - at_, MEDTL_E_INTERNAL,
                "a message between processes is cut off");
        const unsigned char *const from = bytes_.data() + at_;
        at_ += size;
        return from;
    }
    size_t get_size()
    {
        const uint64_t size = get<uint64_t>();
        require(size <= bytes_.size() - at_, MEDTL_E_INTERNAL,
                "a message between processes is cut off");
        return static_cast<size_t>(size);
    }

  private:
    const std::vector<unsigned char> &bytes_;
    size_t at_ = 0;
};

} // namespace medtl_dicom

#endif

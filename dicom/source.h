// Bytes at offsets, whatever they come from. Nothing is memory-mapped: a file that shrinks while it is
// read must give an error, not a signal in the host.
#ifndef MEDTL_DICOM_SOURCE_H
#define MEDTL_DICOM_SOURCE_H

#include "descriptor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct z_stream_s;

namespace medtl_dicom
{

/// Not for two threads at once.
class byte_source
{
  public:
    virtual ~byte_source() = default;

    /// Are there `count` bytes at `offset`?
    virtual bool has(uint64_t offset, uint64_t count) = 0;

    /// How many bytes there are from `offset` on; at least what has() has confirmed, for messages.
    virtual uint64_t left(uint64_t offset) = 0;

    /// Copy `count` bytes that has() has confirmed. Throws failure where they cannot be had after all.
    virtual void read(uint64_t offset, void *to, size_t count) = 0;
};

/// A read that is not refused, but goes behind the part of the bytes that is here so far.
struct bytes_missing {
};

class file_source : public byte_source
{
  public:
    /// Of a whole regular file. Throws failure (MEDTL_E_IO; MEDTL_E_FORMAT above `most` bytes).
    file_source(descriptor file, uint64_t most);
    /// Of the first `size` bytes of a file, of which `here` are there: reading on throws bytes_missing.
    file_source(descriptor file, uint64_t size, uint64_t here);

    bool has(uint64_t offset, uint64_t count) override;
    uint64_t left(uint64_t offset) override;
    void read(uint64_t offset, void *to, size_t count) override;

  private:
    void read_file(uint64_t offset, void *to, size_t count);

    descriptor file_;
    uint64_t size_ = 0;
    uint64_t here_ = 0;
    uint64_t window_at_ = 0; ///< small reads come from one window: a header costs one system call
    std::vector<unsigned char> window_;
};

/// Borrowed bytes.
class memory_source : public byte_source
{
  public:
    memory_source(const unsigned char *bytes, size_t size) : bytes_(bytes), size_(size) {}

    bool has(uint64_t offset, uint64_t count) override;
    uint64_t left(uint64_t offset) override;
    void read(uint64_t offset, void *to, size_t count) override;

  private:
    const unsigned char *bytes_;
    uint64_t size_;
};

/// Bytes that can only be had one after the other. Unpacked as far as they are asked for, and kept; never more
/// than `most` bytes.
class growing_source : public byte_source
{
  public:
    bool has(uint64_t offset, uint64_t count) override;
    uint64_t left(uint64_t offset) override;
    void read(uint64_t offset, void *to, size_t count) override;

  protected:
    /// @param what  Names the bytes in the refusal of too many.
    growing_source(const char *what, uint64_t most) : what_(what), most_(most) {}
    /// Unpack up to `room` bytes to `to`. @return how many; 0 at the end. Throws failure.
    virtual size_t unpack(unsigned char *to, size_t room) = 0;

  private:
    void grow();

    const char *what_;
    uint64_t most_;
    bool ended_ = false;
    std::vector<unsigned char> bytes_;
};

/// A raw deflate stream (PS3.5 A.5) that starts in another source.
class inflated_source : public growing_source
{
  public:
    inflated_source(byte_source &compressed, uint64_t start, uint64_t most);
    ~inflated_source() override;
    inflated_source(const inflated_source &) = delete;
    inflated_source &operator=(const inflated_source &) = delete;

  protected:
    size_t unpack(unsigned char *to, size_t room) override;

  private:
    bool refill();

    byte_source &compressed_;
    uint64_t next_; ///< in compressed_
    std::unique_ptr<z_stream_s> stream_;
    std::vector<unsigned char> input_;
};

} // namespace medtl_dicom

#endif

// Bytes at offsets, whatever they come from. Nothing is memory-mapped: a file that shrinks while it is
// read must give an error, not a signal in the host.
#ifndef MEDTL_DICOM_SOURCE_H
#define MEDTL_DICOM_SOURCE_H

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

class file_source : public byte_source
{
  public:
    /// Throws failure (MEDTL_E_IO; MEDTL_E_FORMAT above MEDTL_LIMIT_FILE_BYTES).
    explicit file_source(const char *path);
    ~file_source() override;
    file_source(const file_source &) = delete;
    file_source &operator=(const file_source &) = delete;

    bool has(uint64_t offset, uint64_t count) override;
    uint64_t left(uint64_t offset) override;
    void read(uint64_t offset, void *to, size_t count) override;

  private:
    void read_file(uint64_t offset, void *to, size_t count);

    int descriptor_;
    uint64_t size_ = 0;
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

/// A raw deflate stream (PS3.5 A.5) that starts in another source. Inflated as far as it is asked for,
/// and kept; never more than MEDTL_LIMIT_INFLATED_BYTES.
class inflated_source : public byte_source
{
  public:
    inflated_source(byte_source &compressed, uint64_t start);
    ~inflated_source() override;
    inflated_source(const inflated_source &) = delete;
    inflated_source &operator=(const inflated_source &) = delete;

    bool has(uint64_t offset, uint64_t count) override;
    uint64_t left(uint64_t offset) override;
    void read(uint64_t offset, void *to, size_t count) override;

  private:
    void inflate_more();

    byte_source &compressed_;
    uint64_t next_; ///< in compressed_
    bool ended_ = false;
    std::unique_ptr<z_stream_s> stream_;
    std::vector<unsigned char> input_;
    std::vector<unsigned char> output_;
};

} // namespace medtl_dicom

#endif

// The three places that bytes come from: a file, memory, a deflate stream.
#include "source.h"

#include "bridge_internal.h"
#include "limits.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace medtl_dicom
{
namespace
{

constexpr size_t window_bytes = 64 * 1024;
constexpr size_t jump_bytes = 512; // read after a jump: the head of a fragment, nothing near it
constexpr size_t inflate_step = 256 * 1024;

bool inside(uint64_t size, uint64_t offset, uint64_t count)
{
    return offset <= size && count <= size - offset;
}

} // namespace

// ---- a file

file_source::file_source(const char *path)
{
    struct stat facts;

    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    descriptor_ = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0)
        fail(MEDTL_E_IO, "cannot open: %s", std::strerror(errno));
    if (fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        close(descriptor_);
        fail(MEDTL_E_IO, "not a regular file");
    }
    size_ = static_cast<uint64_t>(facts.st_size);
    if (size_ > MEDTL_LIMIT_FILE_BYTES) {
        close(descriptor_);
        fail(MEDTL_E_FORMAT, "%llu bytes are more than the limit of %llu",
             static_cast<unsigned long long>(size_),
             static_cast<unsigned long long>(MEDTL_LIMIT_FILE_BYTES));
    }
}

file_source::~file_source() { close(descriptor_); }

bool file_source::has(uint64_t offset, uint64_t count) { return inside(size_, offset, count); }

uint64_t file_source::left(uint64_t offset) { return offset < size_ ? size_ - offset : 0; }

void file_source::read_file(uint64_t offset, void *to, size_t count)
{
    unsigned char *at = static_cast<unsigned char *>(to);

    while (count > 0) {
        const ssize_t got = pread(descriptor_, at, count, static_cast<off_t>(offset));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail(MEDTL_E_IO, "cannot read: %s", std::strerror(errno));
        if (got == 0)
            fail(MEDTL_E_IO, "became shorter while it was read");
        at += got;
        offset += static_cast<uint64_t>(got);
        count -= static_cast<size_t>(got);
    }
}

void file_source::read(uint64_t offset, void *to, size_t count)
{
    if (count == 0)
        return;
    if (count >= window_bytes) {
        read_file(offset, to, count);
        return;
    }
    if (offset < window_at_ || !inside(window_.size(), offset - window_at_, count)) {
        const bool near = offset <= window_at_ + window_.size() + window_bytes;
        const size_t wanted = near ? window_bytes : std::max(jump_bytes, count);

        window_.resize(static_cast<size_t>(std::min<uint64_t>(wanted, left(offset))));
        window_at_ = offset;
        read_file(offset, window_.data(), window_.size());
    }
    require(inside(window_.size(), offset - window_at_, count), MEDTL_E_INTERNAL,
            "read past the end");
    std::memcpy(to, window_.data() + (offset - window_at_), count);
}

// ---- memory

bool memory_source::has(uint64_t offset, uint64_t count) { return inside(size_, offset, count); }

uint64_t memory_source::left(uint64_t offset) { return offset < size_ ? size_ - offset : 0; }

void memory_source::read(uint64_t offset, void *to, size_t count)
{
    require(inside(size_, offset, count), MEDTL_E_INTERNAL, "read past the end");
    if (count > 0)
        std::memcpy(to, bytes_ + offset, count);
}

// ---- a deflate stream

inflated_source::inflated_source(byte_source &compressed, uint64_t start)
    : compressed_(compressed), next_(start), stream_(new z_stream_s())
{
    if (inflateInit2(stream_.get(), -MAX_WBITS) != Z_OK)
        throw std::bad_alloc();
}

inflated_source::~inflated_source() { inflateEnd(stream_.get()); }

/// One step: take input where there is none, and append what it gives.
void inflated_source::inflate_more()
{
    const size_t before = output_.size();
    int result;

    if (stream_->avail_in == 0) {
        input_.resize(
            static_cast<size_t>(std::min<uint64_t>(window_bytes, compressed_.left(next_))));
        if (input_.empty()) { // a missing end mark is common and harmless
            ended_ = true;
            return;
        }
        compressed_.read(next_, input_.data(), input_.size());
        next_ += input_.size();
        stream_->next_in = input_.data();
        stream_->avail_in = static_cast<uInt>(input_.size());
    }
    require(before + inflate_step <= MEDTL_LIMIT_INFLATED_BYTES, MEDTL_E_FORMAT,
            "the deflated data set is larger than the limit of 1 GiB");
    if (output_.capacity() < before + inflate_step)
        output_.reserve(std::max(2 * output_.capacity(), before + inflate_step));
    output_.resize(before + inflate_step);
    stream_->next_out = output_.data() + before;
    stream_->avail_out = static_cast<uInt>(inflate_step);
    result = inflate(stream_.get(), Z_NO_FLUSH);
    output_.resize(before + inflate_step - stream_->avail_out);
    if (result == Z_STREAM_END)
        ended_ = true;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        fail(MEDTL_E_FORMAT, "the deflated data set is damaged");
}

bool inflated_source::has(uint64_t offset, uint64_t count)
{
    while (!ended_ && !inside(output_.size(), offset, count))
        inflate_more();
    return inside(output_.size(), offset, count);
}

uint64_t inflated_source::left(uint64_t offset)
{
    return offset < output_.size() ? output_.size() - offset : 0;
}

void inflated_source::read(uint64_t offset, void *to, size_t count)
{
    require(inside(output_.size(), offset, count), MEDTL_E_INTERNAL, "read past the end");
    if (count > 0)
        std::memcpy(to, output_.data() + offset, count);
}

} // namespace medtl_dicom

// The three places that bytes come from: a file, memory, a deflate stream.
#include "source.h"

#include "bridge_internal.h"

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
constexpr size_t grow_step = 256 * 1024;

bool inside(uint64_t size, uint64_t offset, uint64_t count)
{
    return offset <= size && count <= size - offset;
}

} // namespace

// ---- a file

file_source::file_source(descriptor file, uint64_t most) : file_(std::move(file))
{
    struct stat facts;

    if (fstat(file_.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
        fail(MEDTL_E_IO, "not a regular file");
    here_ = size_ = static_cast<uint64_t>(facts.st_size);
    if (size_ > most)
        fail(MEDTL_E_FORMAT, "%llu bytes are more than the limit of %llu",
             static_cast<unsigned long long>(size_), static_cast<unsigned long long>(most));
}

file_source::file_source(descriptor file, uint64_t size, uint64_t here)
    : file_(std::move(file)), size_(size), here_(here)
{
}

bool file_source::has(uint64_t offset, uint64_t count) { return inside(size_, offset, count); }

uint64_t file_source::left(uint64_t offset) { return offset < size_ ? size_ - offset : 0; }

void file_source::read_file(uint64_t offset, void *to, size_t count)
{
    unsigned char *at = static_cast<unsigned char *>(to);

    while (count > 0) {
        const ssize_t got = pread(file_.get(), at, count, static_cast<off_t>(offset));

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
    if (!inside(here_, offset, count))
        throw bytes_missing();
    if (count >= window_bytes) {
        read_file(offset, to, count);
        return;
    }
    if (offset < window_at_ || !inside(window_.size(), offset - window_at_, count)) {
        const bool near = offset <= window_at_ + window_.size() + window_bytes;
        const size_t wanted = near ? window_bytes : std::max(jump_bytes, count);

        window_.resize(static_cast<size_t>(std::min<uint64_t>(wanted, here_ - offset)));
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

// ---- bytes one after the other

void growing_source::grow()
{
    const size_t before = bytes_.size();
    // One byte more than may be there tells whether there are too many.
    const size_t room = static_cast<size_t>(std::min<uint64_t>(grow_step, most_ - before + 1));

    if (bytes_.capacity() < before + room)
        bytes_.reserve(std::max(2 * bytes_.capacity(), before + room));
    bytes_.resize(before + room);
    const size_t got = unpack(bytes_.data() + before, room);
    bytes_.resize(before + got);
    if (bytes_.size() > most_)
        fail(MEDTL_E_FORMAT, "%s is larger than the limit of %llu bytes", what_,
             static_cast<unsigned long long>(most_));
    ended_ = got == 0;
}

bool growing_source::has(uint64_t offset, uint64_t count)
{
    while (!ended_ && !inside(bytes_.size(), offset, count))
        grow();
    return inside(bytes_.size(), offset, count);
}

uint64_t growing_source::left(uint64_t offset)
{
    return offset < bytes_.size() ? bytes_.size() - offset : 0;
}

void growing_source::read(uint64_t offset, void *to, size_t count)
{
    require(inside(bytes_.size(), offset, count), MEDTL_E_INTERNAL, "read past the end");
    if (count > 0)
        std::memcpy(to, bytes_.data() + offset, count);
}

// ---- a deflate stream

inflated_source::inflated_source(byte_source &compressed, uint64_t start, uint64_t most)
    : growing_source("the deflated data set", most), compressed_(compressed), next_(start),
      stream_(new z_stream_s())
{
    if (inflateInit2(stream_.get(), -MAX_WBITS) != Z_OK)
        throw std::bad_alloc();
}

inflated_source::~inflated_source() { inflateEnd(stream_.get()); }

/// @return false where nothing is left to inflate: a missing end mark is common and harmless.
bool inflated_source::refill()
{
    // Asked for first: only then does a source that grows itself know how much is left.
    const bool whole = compressed_.has(next_, window_bytes);

    input_.resize(whole ? window_bytes : static_cast<size_t>(compressed_.left(next_)));
    if (input_.empty())
        return false;
    compressed_.read(next_, input_.data(), input_.size());
    next_ += input_.size();
    stream_->next_in = input_.data();
    stream_->avail_in = static_cast<uInt>(input_.size());
    return true;
}

size_t inflated_source::unpack(unsigned char *to, size_t room)
{
    int result = Z_OK;

    stream_->next_out = to;
    stream_->avail_out = static_cast<uInt>(room);
    while (stream_->avail_out > 0 && result != Z_STREAM_END) {
        if (stream_->avail_in == 0 && !refill())
            break;
        result = inflate(stream_.get(), Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            fail(MEDTL_E_FORMAT, "the deflated data set is damaged");
    }
    return room - stream_->avail_out;
}

} // namespace medtl_dicom

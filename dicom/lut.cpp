// Tables in the several ways that writers store them.
#include "lut.h"

#include "attributes.h"

#include <cstdlib>
#include <cstring>
#include <vector>

namespace medtl_dicom
{
namespace
{

constexpr uint32_t most_entries = 65536;

struct descriptor_values {
    uint32_t count;
    int32_t first;
    uint16_t bits;
};

bool read_descriptor(DcmItem &item, const DcmTagKey &key, bool signed_input,
                     descriptor_values &values)
{
    long count = 0, first = 0, bits = 0;

    if (!integer_value(item, key, count, 0) || !integer_value(item, key, first, 1) ||
        !integer_value(item, key, bits, 2))
        return false;
    // The first value is always unsigned, 0 stands for 65536; only the second may be signed (C.11.1.1.1).
    count &= 0xFFFF;
    values.count = count == 0 ? most_entries : static_cast<uint32_t>(count);
    first &= 0xFFFF;
    values.first = static_cast<int32_t>(signed_input && first > 0x7FFF ? first - 0x10000 : first);
    values.bits = static_cast<uint16_t>(bits);
    return bits >= 8 && bits <= 16;
}

/// The bytes of a table as 16-bit words in this machine's order, and how many bytes there are.
bool read_words(DcmItem &item, const DcmTagKey &key, std::vector<uint16_t> &words, size_t &bytes)
{
    DcmElement *element = nullptr;
    Uint16 *from = nullptr;
    Uint8 *from_bytes = nullptr;

    if (item.findAndGetElement(key, element).bad() || element == nullptr ||
        element->getLength() == 0)
        return false;
    bytes = element->getLength();
    words.assign((bytes + 1) / 2, 0);
    if (element->getUint16Array(from).good() && from != nullptr)
        std::memcpy(words.data(), from, bytes);
    else if (element->getUint8Array(from_bytes).good() && from_bytes != nullptr)
        std::memcpy(words.data(), from_bytes, bytes);
    else
        return false;
    return true;
}

uint16_t byte_of(const std::vector<uint16_t> &words, size_t index)
{
    return static_cast<uint16_t>(words[index / 2] >> 8 * (index % 2) & 0xFF);
}

bool take(const std::vector<uint16_t> &entries, const descriptor_values &values, medtl_lut &lut)
{
    lut.entries = static_cast<uint16_t *>(std::malloc(entries.size() * sizeof *lut.entries));
    if (lut.entries == nullptr)
        throw std::bad_alloc();
    std::memcpy(lut.entries, entries.data(), entries.size() * sizeof *lut.entries);
    lut.count = static_cast<uint32_t>(entries.size());
    lut.first = values.first;
    lut.bits = values.bits;
    return true;
}

/// The segments of a segmented table, expanded. Entries of 8 bits are stored in bytes, of 16 in words.
class expander
{
  public:
    expander(const std::vector<uint16_t> &words, size_t bytes, bool wide)
        : words_(words), size_(wide ? bytes / 2 : bytes), wide_(wide)
    {
    }

    bool expand(std::vector<uint16_t> &entries);

  private:
    const std::vector<uint16_t> &words_;
    size_t size_;
    bool wide_;

    uint16_t at(size_t index) const { return wide_ ? words_[index] : byte_of(words_, index); }
    bool segment(size_t &index, std::vector<uint16_t> &entries);
    bool discrete(size_t &index, uint32_t length, std::vector<uint16_t> &entries);
    bool linear(size_t &index, uint32_t length, std::vector<uint16_t> &entries);
    bool indirect(size_t &index, uint32_t length, std::vector<uint16_t> &entries);
    bool inside_indirect_ = false;
};

bool expander::discrete(size_t &index, uint32_t length, std::vector<uint16_t> &entries)
{
    if (length > size_ - index || entries.size() + length > most_entries)
        return false;
    for (uint32_t i = 0; i < length; i++)
        entries.push_back(at(index++));
    return true;
}

/// A straight line from the last entry to the segment's end value.
bool expander::linear(size_t &index, uint32_t length, std::vector<uint16_t> &entries)
{
    if (index >= size_ || entries.empty() || length == 0 || entries.size() + length > most_entries)
        return false;
    const double from = entries.back();
    const double to = at(index++);
    for (uint32_t i = 1; i <= length; i++)
        entries.push_back(static_cast<uint16_t>(from + (to - from) * i / length + 0.5));
    return true;
}

/// Repeat `length` earlier segments, from an offset in two halves, the lower one first.
bool expander::indirect(size_t &index, uint32_t length, std::vector<uint16_t> &entries)
{
    const size_t parts = wide_ ? 2 : 4;
    size_t from = 0;

    if (inside_indirect_ || size_ - index < parts)
        return false;
    for (size_t i = 0; i < parts; i++)
        from |= static_cast<size_t>(at(index++)) << (wide_ ? 16 : 8) * i;
    inside_indirect_ = true;
    for (uint32_t i = 0; i < length; i++)
        if (!segment(from, entries))
            return false;
    inside_indirect_ = false;
    return true;
}

bool expander::segment(size_t &index, std::vector<uint16_t> &entries)
{
    if (index >= size_ || size_ - index < 2)
        return false;
    const unsigned opcode = at(index);
    const uint32_t length = at(index + 1);
    index += 2;
    switch (opcode) {
    case 0:
        return discrete(index, length, entries);
    case 1:
        return linear(index, length, entries);
    case 2:
        return indirect(index, length, entries);
    default:
        return false;
    }
}

bool expander::expand(std::vector<uint16_t> &entries)
{
    for (size_t index = 0; index + 1 < size_;) // an odd byte at the end is padding
        if (!segment(index, entries))
            return false;
    return !entries.empty();
}

} // namespace

bool read_lut(DcmItem &item, const DcmTagKey &descriptor, const DcmTagKey &data, bool signed_input,
              medtl_lut &lut)
{
    descriptor_values values;
    std::vector<uint16_t> words;
    size_t bytes = 0;

    if (!read_descriptor(item, descriptor, signed_input, values) ||
        !read_words(item, data, words, bytes))
        return false;
    std::vector<uint16_t> entries(values.count);
    if (bytes >= 2 * static_cast<size_t>(values.count)) {
        std::copy_n(words.begin(), values.count, entries.begin());
    } else if (values.bits == 8 && bytes >= values.count) { // two entries of 8 bits in each word
        for (uint32_t i = 0; i < values.count; i++)
            entries[i] = byte_of(words, i);
    } else {
        return false;
    }
    return take(entries, values, lut);
}

bool read_segmented_lut(DcmItem &item, const DcmTagKey &descriptor, const DcmTagKey &data,
                        bool signed_input, medtl_lut &lut)
{
    descriptor_values values;
    std::vector<uint16_t> words, entries;
    size_t bytes = 0;

    if (!read_descriptor(item, descriptor, signed_input, values) ||
        !read_words(item, data, words, bytes))
        return false;
    if (!expander(words, bytes, values.bits > 8).expand(entries) || entries.size() < values.count)
        return false;
    entries.resize(values.count);
    return take(entries, values, lut);
}

} // namespace medtl_dicom

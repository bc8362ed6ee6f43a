// DCMTK makes room for a value before it looks whether the bytes are there, and it does not always read a file as our walk
// over it does: what a length claims must not become an allocation all the same. Room is asked for with new[], which is
// replaced here to see how much.
#include "objects.h"

#include <atomic>
#include <criterion/criterion.h>
#include <cstdlib>
#include <cstring>
#include <new>

namespace
{

std::atomic<size_t> largest{0};

void *take(size_t size)
{
    if (size > largest)
        largest = size;
    return std::malloc(size > 0 ? size : 1);
}

} // namespace

void *operator new[](size_t size)
{
    void *const block = take(size);

    if (block == nullptr)
        throw std::bad_alloc();
    return block;
}

void *operator new[](size_t size, const std::nothrow_t &) noexcept { return take(size); }
void operator delete[](void *block) noexcept { std::free(block); }
void operator delete[](void *block, size_t) noexcept { std::free(block); }
void operator delete[](void *block, const std::nothrow_t &) noexcept { std::free(block); }

namespace
{

using bytes = std::vector<unsigned char>;

constexpr uint32_t undefined = 0xFFFFFFFFu;
constexpr size_t most_bytes = 1 << 20; // of one piece, for files of a few kilobytes

void append(bytes &to, const char *text, size_t size) { to.insert(to.end(), text, text + size); }

void append_number(bytes &to, uint32_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        to.push_back(static_cast<unsigned char>(value >> 8 * i));
}

/// Tag and length as implicit VR and items have them.
void append_head(bytes &to, uint32_t group, uint32_t element, uint32_t length)
{
    append_number(to, group, 2);
    append_number(to, element, 2);
    append_number(to, length, 4);
}

void append_short(bytes &to, uint32_t group, uint32_t element, const char *vr, const bytes &value)
{
    append_number(to, group, 2);
    append_number(to, element, 2);
    append(to, vr, 2);
    append_number(to, static_cast<uint32_t>(value.size()), 2);
    to.insert(to.end(), value.begin(), value.end());
}

bytes text(const char *value) { return bytes(value, value + std::strlen(value)); }

bytes with_meta(const char *syntax, const bytes &data_set)
{
    bytes file(128, 0);

    append(file, "DICM", 4);
    append_short(file, 0x0002, 0x0010, "UI", text(syntax));
    file.insert(file.end(), data_set.begin(), data_set.end());
    return file;
}

/// Anatomic Region Sequence under VR UN, which the Standard wants in implicit VR inside (PS3.5 6.2.2 note 4), and which is in
/// explicit VR here: taken for implicit VR, "LO" and 12,288 are a length of 805 million.
bytes explicit_inside_unknown()
{
    bytes d;

    append_short(d, 0x0008, 0x0016, "UI", text("1.2.840.10008.5.1.4.1.1.7 "));
    append_short(d, 0x0008, 0x0018, "UI", text("1.2.34"));
    append_number(d, 0x22180008, 4);
    append(d, "UN\0\0", 4);
    append_number(d, undefined, 4);
    append_head(d, 0xFFFE, 0xE000, undefined);
    append_short(d, 0x0008, 0x0104, "LO", bytes(0x3000, 'x'));
    append_head(d, 0xFFFE, 0xE00D, 0);
    append_head(d, 0xFFFE, 0xE0DD, 0);
    return with_meta("1.2.840.10008.1.2.1 ", d);
}

/// A sequence that only the dictionary tells from bytes, with a length in it that the file does not have. What stands there
/// does not look like items to the end, so our walk takes it for bytes.
bytes false_length_inside_implicit()
{
    bytes d, items;

    append_head(d, 0x0008, 0x0016, 26);
    append(d, "1.2.840.10008.5.1.4.1.1.7 ", 26);
    append_head(d, 0x0008, 0x0018, 6);
    append(d, "1.2.34", 6);
    append_head(items, 0xFFFE, 0xE000, undefined);
    append_head(items, 0x0008, 0x0104, 800000000);
    append(items, "none", 4);
    append_head(d, 0x0008, 0x2218, static_cast<uint32_t>(items.size()));
    d.insert(d.end(), items.begin(), items.end());
    return with_meta("1.2.840.10008.1.2 ", d);
}

} // namespace

Test(claimed_lengths, make_no_room_for_what_is_not_there)
{
    for (const bytes &file : {explicit_inside_unknown(), false_length_inside_implicit()}) {
        std::string reason;

        largest = 0;
        cr_expect_eq(try_instance(file, reason), MEDTL_E_FORMAT, "%s", reason.c_str());
        cr_expect_lt(largest.load(), most_bytes, "%zu bytes at once", largest.load());
        cr_expect(reason.find("damaged") != std::string::npos, "%s", reason.c_str());
    }
}

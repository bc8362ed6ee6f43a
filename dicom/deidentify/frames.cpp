// From offsets, or from the fragments' first bytes, to frames.
#include "frames.h"

#include "dicom/bridge_internal.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

constexpr size_t entry_bytes = 4; // of the Basic Offset Table

/// PS3.5 A.4: offsets count from the first fragment's item on.
uint64_t offset_of(const copied_fragments &all, size_t index)
{
    return all.parts[index].at - all.parts[0].at;
}

/// @return nothing where the offsets do not each lead to a fragment behind the one before.
std::vector<size_t> by_offsets(const copied_fragments &all, const std::vector<uint64_t> &offsets,
                               size_t frames)
{
    std::vector<size_t> firsts;
    size_t index = 0;

    if (offsets.size() < frames || offsets[0] != 0)
        return {};
    for (size_t frame = 0; frame < frames; frame++) {
        while (index < all.parts.size() && offset_of(all, index) < offsets[frame])
            index++;
        if (index == all.parts.size() || offset_of(all, index) != offsets[frame] ||
            (frame > 0 && index == firsts.back()))
            return {};
        firsts.push_back(index);
    }
    return firsts;
}

std::vector<uint64_t> basic_offsets(const std::vector<unsigned char> &bytes,
                                    const copied_fragment &table)
{
    std::vector<uint64_t> offsets;

    for (size_t i = 0; i + entry_bytes <= table.size; i += entry_bytes) {
        const unsigned char *const at = bytes.data() + table.at + i;

        offsets.push_back(static_cast<uint64_t>(at[0]) | static_cast<uint64_t>(at[1]) << 8 |
                          static_cast<uint64_t>(at[2]) << 16 | static_cast<uint64_t>(at[3]) << 24);
    }
    return offsets;
}

bool starts_codestream(const unsigned char *at, size_t size)
{
    return size >= 4 &&
           (std::memcmp(at, "\xFF\xD8\xFF", 3) == 0 ||
            std::memcmp(at, "\xFF\x4F\xFF\x51", 4) == 0 || std::memcmp(at, "\0\0\0\x0C", 4) == 0);
}

std::vector<size_t> by_starts(const std::vector<unsigned char> &bytes, const copied_fragments &all)
{
    std::vector<size_t> firsts;

    for (size_t i = 0; i < all.parts.size(); i++)
        if (starts_codestream(bytes.data() + all.parts[i].at, all.parts[i].size))
            firsts.push_back(i);
    return firsts;
}

} // namespace

std::vector<size_t> first_fragments(const std::vector<unsigned char> &bytes,
                                    const copied_fragments &all, size_t frames)
{
    std::vector<size_t> firsts;

    require(!all.parts.empty(), MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) holds no fragments");
    if (frames == 1)
        return {0};
    firsts = by_offsets(all, all.offsets, frames);
    if (firsts.empty())
        firsts = by_offsets(all, basic_offsets(bytes, all.table), frames);
    if (!firsts.empty())
        return firsts;
    if (all.parts.size() == frames) {
        for (size_t i = 0; i < frames; i++)
            firsts.push_back(i);
        return firsts;
    }
    firsts = by_starts(bytes, all);
    if (firsts.size() != frames || firsts[0] != 0)
        fail(MEDTL_E_FORMAT,
             "Pixel Data (7FE0,0010) has %zu fragments for %zu frames and no offset table that "
             "fits: which are one frame's cannot be told",
             all.parts.size(), frames);
    return firsts;
}

void write_offset_table(std::vector<unsigned char> &bytes, const copied_fragments &all,
                        const std::vector<size_t> &firsts)
{
    const bool fits = offset_of(all, firsts.back()) <= UINT32_MAX; // else zeros: no table
    const size_t entries = fits ? std::min(all.table.size / entry_bytes, firsts.size()) : 0;
    unsigned char *const to = bytes.data() + all.table.at;

    std::fill_n(to, all.table.size, static_cast<unsigned char>(0));
    for (size_t i = 0; i < entries; i++)
        for (unsigned byte = 0; byte < entry_bytes; byte++)
            to[entry_bytes * i + byte] =
                static_cast<unsigned char>(offset_of(all, firsts[i]) >> 8 * byte);
}

} // namespace medtl_dicom

// Which fragments of an encapsulated Pixel Data are one frame's (PS3.5 A.4): a text may lie across their borders.
#ifndef MEDTL_DEIDENTIFY_FRAMES_H
#define MEDTL_DEIDENTIFY_FRAMES_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medtl_dicom
{

/// In the element as it was copied.
struct copied_fragment {
    size_t at, size; ///< of its value
};

struct copied_fragments {
    copied_fragment table;              ///< the Basic Offset Table's item
    std::vector<copied_fragment> parts; ///< all others
    std::vector<uint64_t> offsets;      ///< the Extended Offset Table's numbers; may be empty
};

/// By the offset tables where one is right, else one fragment a frame, else by where codestreams begin, as fragments.h does;
/// but each fragment is some frame's. @return the first fragment of each frame. Throws failure.
std::vector<size_t> first_fragments(const std::vector<unsigned char> &bytes,
                                    const copied_fragments &all, size_t frames);

/// Write the Basic Offset Table anew, if there is one: a wrong one is as good a place for texts as any.
void write_offset_table(std::vector<unsigned char> &bytes, const copied_fragments &all,
                        const std::vector<size_t> &firsts);

} // namespace medtl_dicom

#endif

// From a frame's number to its bytes, by the offset tables where they are right, else by looking.
#include "fragments.h"

#include "walk.h"

namespace medtl_dicom
{
namespace
{

struct fragment {
    uint64_t at; ///< of its first byte
    uint32_t length;
};

constexpr encoding little_endian = {
    true, false}; // encapsulated syntaxes are all explicit VR little endian

class encapsulated
{
  public:
    explicit encapsulated(dicom_file &file)
        : data_(file.data()), layout_(file.layout()), limits_(file.limits())
    {
        read_basic_table();
    }

    std::vector<fragment> frame_fragments(uint32_t frame, uint32_t frames);

  private:
    byte_source &data_;
    const file_layout &layout_;
    const medtl_limits &limits_;
    fragment basic_table_ = {0, 0};
    uint64_t first_item_ = 0; ///< offsets in both tables count from here

    void read_basic_table();
    bool next_fragment(uint64_t &at, fragment &next);
    uint64_t number(uint64_t at, unsigned bytes);
    bool starts_codestream(const fragment &part);
    bool by_table(uint64_t table_at, uint64_t table_length, unsigned entry_bytes, uint32_t frame,
                  uint32_t frames, std::vector<fragment> &parts);
    std::vector<fragment> all_fragments();
};

uint64_t encapsulated::number(uint64_t at, unsigned bytes)
{
    unsigned char raw[8];
    uint64_t value = 0;

    data_.read(at, raw, bytes);
    for (unsigned i = 0; i < bytes; i++)
        value |= static_cast<uint64_t>(raw[i]) << 8 * i;
    return value;
}

/// Step to the next item. @return false at the delimiter or the end (a missing delimiter does no harm).
bool encapsulated::next_fragment(uint64_t &at, fragment &next)
{
    element_head head;

    if (!read_element_head(data_, at, little_endian, head) ||
        head.tag == DCM_SequenceDelimitationItem)
        return false;
    if (head.tag != DCM_Item)
        fail(MEDTL_E_FORMAT, "%s stands inside Pixel Data (7FE0,0010) where a fragment must begin",
             tag_text(head.tag).c_str());
    if (!data_.has(head.value_at, head.length))
        fail(MEDTL_E_FORMAT, "a fragment of Pixel Data (7FE0,0010) claims %u bytes, %llu are left",
             head.length, static_cast<unsigned long long>(data_.left(head.value_at)));
    next = {head.value_at, head.length};
    at = head.value_at + head.length;
    return true;
}

void encapsulated::read_basic_table()
{
    uint64_t at = layout_.pixels_at;

    require(next_fragment(at, basic_table_), MEDTL_E_FORMAT,
            "Pixel Data (7FE0,0010) holds no fragments");
    first_item_ = at;
}

/// Start of a JPEG, JPEG-LS or JPEG 2000 codestream. RLE has none, but also has one fragment a frame.
bool encapsulated::starts_codestream(const fragment &part)
{
    if (part.length < 4)
        return false;
    const uint64_t start = number(part.at, 4);
    return (start & 0xFFFFFF) == 0xFFD8FF || start == 0x51FF4FFF || start == 0x0C000000;
}

/// Take the frame's fragments from where an offset table points. @return false where the table does not fit: frames follow
/// one another from the first fragment on, so a table of zeros, say, has none.
bool encapsulated::by_table(uint64_t table_at, uint64_t table_length, unsigned entry_bytes,
                            uint32_t frame, uint32_t frames, std::vector<fragment> &parts)
{
    if (table_length < static_cast<uint64_t>(frames) * entry_bytes ||
        !data_.has(table_at, table_length))
        return false;
    const uint64_t start =
        number(table_at + static_cast<uint64_t>(frame) * entry_bytes, entry_bytes);
    const bool last = frame + 1 == frames;
    const uint64_t end =
        last ? 0 : number(table_at + (frame + UINT64_C(1)) * entry_bytes, entry_bytes);
    const uint64_t before =
        frame == 0 ? 0 : number(table_at + (frame - UINT64_C(1)) * entry_bytes, entry_bytes);
    element_head head;

    if ((frame == 0 ? start != 0 : start <= before) || start > limits_.file_bytes ||
        !read_element_head(data_, first_item_ + start, little_endian, head) ||
        head.tag != DCM_Item || (!last && end <= start))
        return false;
    uint64_t at = first_item_ + start;
    for (fragment part; (last || at < first_item_ + end) && next_fragment(at, part);)
        parts.push_back(part);
    return !parts.empty() && (last || at == first_item_ + end);
}

std::vector<fragment> encapsulated::all_fragments()
{
    std::vector<fragment> parts;
    uint64_t at = first_item_;

    for (fragment part; next_fragment(at, part);) {
        if (parts.size() >= limits_.fragments)
            fail(MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) has more fragments than the limit of %llu",
                 static_cast<unsigned long long>(limits_.fragments));
        parts.push_back(part);
    }
    return parts;
}

std::vector<fragment> encapsulated::frame_fragments(uint32_t frame, uint32_t frames)
{
    std::vector<fragment> parts;

    if (frames > 1 &&
        (by_table(layout_.extended_offsets_at, layout_.extended_offsets_length, 8, frame, frames,
                  parts) ||
         (parts.clear(), by_table(basic_table_.at, basic_table_.length, 4, frame, frames, parts))))
        return parts;
    parts = all_fragments();
    if (frames == 1)
        return parts;
    if (parts.size() == frames)
        return {parts[frame]};

    // No usable table: a frame begins where a codestream does.
    std::vector<fragment> found;
    uint64_t started = 0;
    for (const fragment &part : parts) {
        started += starts_codestream(part);
        if (started == frame + UINT64_C(1))
            found.push_back(part);
    }
    if (started > frames || found.empty())
        fail(MEDTL_E_FORMAT,
             "Pixel Data (7FE0,0010) has %zu fragments for %u frames, no offset table that fits, "
             "and "
             "frame %u cannot be told from them",
             parts.size(), frames, frame + 1);
    return found;
}

} // namespace

std::vector<unsigned char> read_compressed_frame(dicom_file &file, uint32_t frame, uint32_t frames)
{
    std::vector<unsigned char> bytes;
    uint64_t total = 0;

    const std::vector<fragment> parts = encapsulated(file).frame_fragments(frame, frames);
    for (const fragment &part : parts)
        total += part.length;
    if (total > file.limits().frame_bytes)
        fail(MEDTL_E_FORMAT, "frame %u has %llu compressed bytes, more than the limit of %llu",
             frame + 1, static_cast<unsigned long long>(total),
             static_cast<unsigned long long>(file.limits().frame_bytes));
    bytes.resize(static_cast<size_t>(total));
    total = 0;
    for (const fragment &part : parts) {
        file.data().read(part.at, bytes.data() + total, part.length);
        total += part.length;
    }
    require(!bytes.empty(), MEDTL_E_FORMAT,
            "Pixel Data (7FE0,0010) holds no compressed bytes for the frame");
    return bytes;
}

} // namespace medtl_dicom

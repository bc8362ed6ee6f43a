// Reads tags and lengths, believes none of them, and keeps the bytes that DCMTK shall parse.
#include "walk.h"

#include "report_header_internal.h"

#include <cstring>

namespace medtl_dicom
{
namespace
{

uint32_t number_at(const unsigned char *bytes, int count, bool big_endian)
{
    uint32_t value = 0;

    for (int i = 0; i < count; i++)
        value |= static_cast<uint32_t>(bytes[i]) << 8 * (big_endian ? count - 1 - i : i);
    return value;
}

/// Does the VR have a 4-byte length (PS3.5 7.1.2)? Unknown ones as DCMTK takes them, since both must agree.
bool has_long_length(const char *vr)
{
    static const char known_long[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV ";
    static const char known_short[] =
        "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ";
    char padded[4] = {vr[0], vr[1], ' ', '\0'};

    if (std::strstr(known_short, padded) != nullptr)
        return false;
    if (std::strstr(known_long, padded) != nullptr)
        return true;
    return DcmVR(vr).usesExtendedLengthEncoding();
}

class walker
{
  public:
    walker(byte_source &source, const medtl_limits &limits, file_layout &layout)
        : source_(source), limits_(limits), layout_(layout)
    {
    }

    void top_level(uint64_t at);

  private:
    byte_source &source_;
    const medtl_limits &limits_;
    file_layout &layout_;
    uint64_t elements_ = 0;

    /// Nesting deeper than the limit, which even a tentative walk may not forgive.
    struct too_deep : failure {
    };

    void count_element();
    void check_depth(int depth, const DcmTagKey &tag);
    void check_length(const element_head &head);
    bool starts_with_item(const element_head &head, encoding form);
    encoding inside_unknown(uint64_t at, encoding form);
    uint64_t skip_value(const element_head &head, encoding form, int depth);
    uint64_t skip_sequence(const element_head &head, encoding form, int depth);
    uint64_t skip_items(uint64_t at, uint64_t end, bool to_delimiter, bool fragments, encoding form,
                        int depth);
    uint64_t skip_elements(uint64_t at, uint64_t end, bool to_delimiter, encoding form, int depth);
    void try_as_sequence(const element_head &head, encoding form, int depth);
    bool note_pixels(const element_head &head);
    void keep(const element_head &head, uint64_t from, uint64_t to);
};

void walker::count_element()
{
    if (++elements_ > limits_.elements)
        fail(MEDTL_E_FORMAT, "the header has more data elements than the limit of %llu",
             static_cast<unsigned long long>(limits_.elements));
}

void walker::check_depth(int depth, const DcmTagKey &tag)
{
    if (static_cast<uint64_t>(depth) > std::min<uint64_t>(limits_.depth, MEDTL_LIMIT_DEPTH_MOST))
        throw too_deep{{MEDTL_E_FORMAT, "sequences are nested deeper than the limit of " +
                                            std::to_string(limits_.depth) + " at " +
                                            tag_text(tag)}};
}

void walker::check_length(const element_head &head)
{
    if (!source_.has(head.value_at, head.length))
        fail(MEDTL_E_FORMAT, "%s claims %u bytes, %llu are left", tag_text(head.tag).c_str(),
             head.length, static_cast<unsigned long long>(source_.left(head.value_at)));
}

bool walker::starts_with_item(const element_head &head, encoding form)
{
    unsigned char bytes[4];

    if (head.length < 8 || !source_.has(head.value_at, sizeof bytes))
        return false;
    source_.read(head.value_at, bytes, sizeof bytes);
    return number_at(bytes, 2, form.big_endian) == 0xFFFE &&
           number_at(bytes + 2, 2, form.big_endian) == 0xE000;
}

/// How the items of an UN value of undefined length are encoded: in implicit VR little endian (PS3.5 6.2.2 note 4), but
/// some writers keep the explicit VR of the data set. The first element's VR tells.
encoding walker::inside_unknown(uint64_t at, encoding form)
{
    unsigned char bytes[6];
    element_head item;

    if (!form.explicit_vr || !read_element_head(source_, at, form, item) || item.tag != DCM_Item ||
        item.length < 8 || !source_.has(item.value_at, sizeof bytes))
        return {false, false};
    source_.read(item.value_at, bytes, sizeof bytes);
    const char vr[] = {static_cast<char>(bytes[4]), static_cast<char>(bytes[5]), '\0'};
    return is_standard_vr(vr) ? form : encoding{false, false};
}

/// Step over a value of any kind. @return the offset behind it.
uint64_t walker::skip_value(const element_head &head, encoding form, int depth)
{
    count_element();
    if (head.length == undefined_length || std::strcmp(head.vr, "SQ") == 0)
        return skip_sequence(head, form, depth);
    check_length(head);
    // Without a VR only the dictionary tells a sequence from bytes; what looks like one is walked for its depth.
    if (!form.explicit_vr || std::strcmp(head.vr, "UN") == 0)
        try_as_sequence(head, form, depth);
    return head.value_at + head.length;
}

void walker::try_as_sequence(const element_head &head, encoding form, int depth)
{
    if (!starts_with_item(head, form))
        return;
    try {
        skip_items(head.value_at, head.value_at + head.length, false, false, form, depth + 1);
    } catch (const too_deep &) {
        throw;
    } catch (const failure &) {
        // Bytes that only looked like a sequence. Where DCMTK's dictionary disagrees, DCMTK refuses them.
    }
}

uint64_t walker::skip_sequence(const element_head &head, encoding form, int depth)
{
    const bool to_delimiter = head.length == undefined_length;
    // An encapsulated value (an icon's, say) has fragments for items: bytes, not elements (PS3.5 A.4).
    const bool fragments = std::strcmp(head.vr, "OB") == 0 || std::strcmp(head.vr, "OW") == 0;
    const encoding inner =
        std::strcmp(head.vr, "UN") == 0 ? inside_unknown(head.value_at, form) : form;

    check_depth(depth + 1, head.tag);
    if (!to_delimiter)
        check_length(head);
    return skip_items(head.value_at, to_delimiter ? 0 : head.value_at + head.length, to_delimiter,
                      fragments, inner, depth + 1);
}

uint64_t walker::skip_items(uint64_t at, uint64_t end, bool to_delimiter, bool fragments,
                            encoding form, int depth)
{
    while (to_delimiter || at < end) {
        element_head item;

        count_element();
        require(read_element_head(source_, at, form, item), MEDTL_E_FORMAT,
                "a sequence ends before its delimiter");
        check_depth(depth, item.tag);
        if (item.tag == DCM_SequenceDelimitationItem)
            return to_delimiter ? item.value_at : end;
        if (item.tag != DCM_Item)
            fail(MEDTL_E_FORMAT, "%s stands where a sequence item must begin",
                 tag_text(item.tag).c_str());
        if (item.length == undefined_length) {
            at = skip_elements(item.value_at, 0, true, form, depth);
        } else {
            check_length(item);
            at = item.value_at + item.length;
            if (!fragments)
                skip_elements(item.value_at, at, false, form, depth);
        }
    }
    return at;
}

uint64_t walker::skip_elements(uint64_t at, uint64_t end, bool to_delimiter, encoding form,
                               int depth)
{
    while (to_delimiter || at < end) {
        element_head head;

        require(read_element_head(source_, at, form, head), MEDTL_E_FORMAT,
                "an item ends before its delimiter");
        if (head.tag == DCM_ItemDelimitationItem)
            return head.value_at;
        at = skip_value(head, form, depth);
    }
    return at;
}

/// @return true at Pixel Data, where the walk ends.
bool walker::note_pixels(const element_head &head)
{
    if (head.tag == DCM_PixelData) {
        layout_.has_pixel_data = true;
        layout_.pixels_are_words = std::strcmp(head.vr, "OB") != 0;
        layout_.pixels_at = head.value_at;
        layout_.pixels_length = head.length;
        return true;
    }
    if (head.tag == DCM_FloatPixelData || head.tag == DCM_DoubleFloatPixelData)
        layout_.has_float_pixels = true;
    if (head.tag == DCM_ExtendedOffsetTable) {
        layout_.extended_offsets_at = head.value_at;
        layout_.extended_offsets_length = head.length;
    }
    return false;
}

/// Append an element to the header. Large values stay out, unless they describe pixels or are a directory. Those that
/// tell whose image it is are refused: a report must not go without them in silence.
void walker::keep(const element_head &head, uint64_t from, uint64_t to)
{
    const uint16_t group = head.tag.getGroup();
    const size_t before = layout_.header.size();
    const size_t size = static_cast<size_t>(to - from);

    if (head.tag == DCM_IconImageSequence || group == 0x7FE0)
        return;
    if (size > limits_.value_bytes && group != 0x0004 && group != 0x0028 && group != 0x5200) {
        if (is_in_report_header(head.tag))
            fail(MEDTL_E_FORMAT, "%s has %zu bytes, more than the limit of %llu for one value",
                 tag_text(head.tag).c_str(), size,
                 static_cast<unsigned long long>(limits_.value_bytes));
        return;
    }
    if (size > limits_.header_bytes - before)
        fail(MEDTL_E_FORMAT, "%s makes the header larger than the limit of %llu bytes",
             tag_text(head.tag).c_str(), static_cast<unsigned long long>(limits_.header_bytes));
    layout_.header.resize(before + size);
    source_.read(from, layout_.header.data() + before, size);
    layout_.elements.push_back({head.tag, before, size});
}

void walker::top_level(uint64_t at)
{
    element_head head;

    // A few bytes behind the last element are padding of the medium, not an error.
    while (read_element_head(source_, at, layout_.form, head)) {
        if (note_pixels(head) || head.tag > DCM_PixelData)
            return;
        const uint64_t next = skip_value(head, layout_.form, 0);

        keep(head, at, next);
        at = next;
    }
}

} // namespace

bool is_standard_vr(const char *vr) { return std::strlen(vr) == 2 && DcmVR(vr).isStandard(); }

bool read_element_head(byte_source &source, uint64_t at, encoding form, element_head &head)
{
    unsigned char bytes[12];

    if (!source.has(at, 8))
        return false;
    source.read(at, bytes, 8);
    head.tag = DcmTagKey(static_cast<Uint16>(number_at(bytes, 2, form.big_endian)),
                         static_cast<Uint16>(number_at(bytes + 2, 2, form.big_endian)));
    head.vr[0] = '\0';
    const bool delimiter = head.tag == DCM_Item || head.tag == DCM_ItemDelimitationItem ||
                           head.tag == DCM_SequenceDelimitationItem;

    if (!form.explicit_vr || delimiter) {
        head.value_at = at + 8;
        head.length = number_at(bytes + 4, 4, form.big_endian);
        return true;
    }
    head.vr[0] = static_cast<char>(bytes[4]);
    head.vr[1] = static_cast<char>(bytes[5]);
    head.vr[2] = '\0';
    if (!has_long_length(head.vr)) {
        head.value_at = at + 8;
        head.length = number_at(bytes + 6, 2, form.big_endian);
        return true;
    }
    if (!source.has(at, 12))
        return false;
    source.read(at + 8, bytes + 8, 4);
    head.value_at = at + 12;
    head.length = number_at(bytes + 8, 4, form.big_endian);
    return true;
}

void walk_data_set(byte_source &source, uint64_t at, const medtl_limits &limits,
                   file_layout &layout)
{
    walker(source, limits, layout).top_level(at);
}

} // namespace medtl_dicom

#include "pixel_data.h"

#include "codestream.h"
#include "frames.h"

#include "dicom/attributes.h"
#include "dicom/walk.h"

#include <algorithm>
#include <cstring>

namespace medtl_dicom
{
namespace
{

void put_number(std::vector<unsigned char> &to, uint32_t number, unsigned bytes, bool big_endian)
{
    for (unsigned i = 0; i < bytes; i++)
        to.push_back(static_cast<unsigned char>(number >> 8 * (big_endian ? bytes - 1 - i : i)));
}

// PS3.5 7.1.2, 7.1.3
void put_head(std::vector<unsigned char> &to, const file_layout &layout)
{
    const encoding form = written_form(layout);
    const char *const vr =
        layout.pixels_are_words && layout.pixels_length != undefined_length ? "OW" : "OB";

    put_number(to, 0x7FE0, 2, form.big_endian);
    put_number(to, 0x0010, 2, form.big_endian);
    if (form.explicit_vr) {
        to.insert(to.end(), vr, vr + 2);
        put_number(to, 0, 2, false);
    }
    put_number(to, layout.pixels_length, 4, form.big_endian);
}

unsigned char *append(byte_source &from, uint64_t at, size_t count, std::vector<unsigned char> &to)
{
    const size_t before = to.size();

    if (!from.has(at, count))
        fail(MEDTL_E_FORMAT,
             "Pixel Data (7FE0,0010) is cut off: %zu bytes are wanted, %llu are left", count,
             static_cast<unsigned long long>(from.left(at)));
    to.resize(before + count);
    if (count > 0)
        from.read(at, to.data() + before, count);
    return to.data() + before;
}

// Encapsulated syntaxes (PS3.5 A.4) whose frames codestream.h can walk. A codestream's first bytes decide between the two
// families, as in dicom/codec.cpp.
const char *const walked[] = {
    UID_JPEGProcess1TransferSyntax,
    UID_JPEGProcess2_4TransferSyntax,
    UID_JPEGProcess3_5TransferSyntax,
    UID_JPEGProcess6_8TransferSyntax,
    UID_JPEGProcess7_9TransferSyntax,
    UID_JPEGProcess10_12TransferSyntax,
    UID_JPEGProcess11_13TransferSyntax,
    UID_JPEGProcess14TransferSyntax,
    UID_JPEGProcess15TransferSyntax,
    UID_JPEGProcess16_18TransferSyntax,
    UID_JPEGProcess17_19TransferSyntax,
    UID_JPEGProcess20_22TransferSyntax,
    UID_JPEGProcess21_23TransferSyntax,
    UID_JPEGProcess24_26TransferSyntax,
    UID_JPEGProcess25_27TransferSyntax,
    UID_JPEGProcess28TransferSyntax,
    UID_JPEGProcess29TransferSyntax,
    UID_JPEGProcess14SV1TransferSyntax,
    UID_JPEGLSLosslessTransferSyntax,
    UID_JPEGLSLossyTransferSyntax,
    UID_JPEG2000LosslessOnlyTransferSyntax,
    UID_JPEG2000TransferSyntax,
    "1.2.840.10008.1.2.4.201", // High-Throughput JPEG 2000
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    UID_RLELosslessTransferSyntax,
};

/// Uncompressed syntaxes are taken with fragments, too: files are seen that hold a JPEG under their name.
bool can_be_walked(const file_layout &layout)
{
    const DcmXfer syntax(layout.transfer_syntax.c_str());

    return (syntax.getXfer() != EXS_Unknown && !syntax.isEncapsulated()) ||
           (layout.pixels_length == undefined_length &&
            std::any_of(std::begin(walked), std::end(walked),
                        [&layout](const char *one) { return layout.transfer_syntax == one; }));
}

/// PS3.5 A.4: items with fragments, the first of them an offset table, and a delimiter.
copied_fragments copy_fragments(byte_source &from, uint64_t at, const medtl_limits &limits,
                                std::vector<unsigned char> &to)
{
    const encoding form = {true, false};
    copied_fragments all = {};
    element_head head;

    for (uint64_t count = 0; read_element_head(from, at, form, head) && head.tag == DCM_Item;
         count++) {
        if (count > limits.fragments)
            fail(MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) has more fragments than the limit of %llu",
                 static_cast<unsigned long long>(limits.fragments));
        put_number(to, 0xFFFE, 2, false);
        put_number(to, 0xE000, 2, false);
        put_number(to, head.length, 4, false);
        const copied_fragment copied = {to.size(), head.length};

        (void)append(from, head.value_at, head.length, to);
        if (count == 0)
            all.table = copied;
        else
            all.parts.push_back(copied);
        at = head.value_at + head.length;
    }
    put_number(to, 0xFFFE, 2, false);
    put_number(to, 0xE0DD, 2, false);
    put_number(to, 0, 4, false);
    return all;
}

std::vector<uint64_t> extended_offsets(dicom_file &file)
{
    const file_layout &layout = file.layout();
    std::vector<unsigned char> raw;
    std::vector<uint64_t> offsets;

    if (!file.data().has(layout.extended_offsets_at, layout.extended_offsets_length))
        return {};
    (void)append(file.data(), layout.extended_offsets_at, layout.extended_offsets_length, raw);
    for (size_t at = 0; at + 8 <= raw.size(); at += 8) {
        offsets.push_back(0);
        for (unsigned i = 0; i < 8; i++)
            offsets.back() |= static_cast<uint64_t>(raw[at + i]) << 8 * i;
    }
    return offsets;
}

/// What the header says that frames need for being walked.
struct frame_facts {
    size_t frames;
    uint64_t plane; ///< Rows times Columns
    uint64_t bytes; ///< of all frames, uncompressed; UINT64_MAX: cannot be told
    bool is_rle;
};

/// Halved chrominance takes less.
uint64_t native_bytes(size_t frames, uint64_t plane, long samples, long bits_allocated)
{
    uint64_t bits = frames;

    for (const uint64_t factor :
         {plane, static_cast<uint64_t>(samples), static_cast<uint64_t>(bits_allocated)})
        if (factor == 0 || __builtin_mul_overflow(bits, factor, &bits))
            return UINT64_MAX;
    return bits / 8 + (bits % 8 > 0);
}

frame_facts read_facts(const dicom_file &file)
{
    const std::unique_ptr<DcmDataset> header = file.parse_header([](const DcmTagKey &tag) {
        return tag == DCM_NumberOfFrames || tag == DCM_Rows || tag == DCM_Columns ||
               tag == DCM_SamplesPerPixel || tag == DCM_BitsAllocated;
    });
    long frames = 0, rows = 0, columns = 0, samples = 0, bits = 0;

    if (!integer_value(*header, DCM_NumberOfFrames, frames) || frames < 1)
        frames = 1; // as it is read (dicom/pixels.cpp)
    (void)integer_value(*header, DCM_Rows, rows);
    (void)integer_value(*header, DCM_Columns, columns);
    (void)integer_value(*header, DCM_SamplesPerPixel, samples);
    (void)integer_value(*header, DCM_BitsAllocated, bits);
    const uint64_t plane = static_cast<uint64_t>(rows) * static_cast<uint64_t>(columns);

    return {static_cast<size_t>(frames), plane,
            native_bytes(static_cast<size_t>(frames), plane, samples, bits),
            file.layout().transfer_syntax == UID_RLELosslessTransferSyntax};
}

/// Joined, cleaned, and taken apart again. `end` is behind the frame's last fragment.
void clean_frame(const frame_facts &facts, const copied_fragment *part, const copied_fragment *end,
                 std::vector<unsigned char> &bytes)
{
    std::vector<unsigned char> frame;
    const unsigned char *from;

    for (const copied_fragment *one = part; one != end; one++)
        frame.insert(frame.end(), bytes.data() + one->at, bytes.data() + one->at + one->size);
    if (facts.is_rle)
        clean_rle(frame.data(), frame.size(), facts.plane);
    else
        clean_codestream(frame.data(), frame.size());
    from = frame.data();
    for (; part != end; from += part->size, part++)
        std::copy_n(from, part->size, bytes.data() + part->at);
}

void clean_fragments(dicom_file &file, copied_fragments all, std::vector<unsigned char> &bytes)
{
    const frame_facts facts = read_facts(file);

    all.offsets = extended_offsets(file);
    const std::vector<size_t> firsts = first_fragments(bytes, all, facts.frames);

    for (size_t frame = 0; frame < firsts.size(); frame++) {
        const size_t behind = frame + 1 < firsts.size() ? firsts[frame + 1] : all.parts.size();

        try {
            clean_frame(facts, all.parts.data() + firsts[frame], all.parts.data() + behind, bytes);
        } catch (const failure &reason) {
            fail(reason.status, "frame %zu cannot be looked through for texts: %s", frame + 1,
                 reason.what.c_str());
        }
    }
    write_offset_table(bytes, all, firsts);
}

/// Nobody looks at what lies behind the last frame.
void copy_native(dicom_file &file, std::vector<unsigned char> &to)
{
    const file_layout &layout = file.layout();
    const uint64_t used = read_facts(file).bytes;
    unsigned char *const pixels = append(file.data(), layout.pixels_at, layout.pixels_length, to);

    if (used < layout.pixels_length)
        std::memset(pixels + used, 0, layout.pixels_length - used);
}

} // namespace

encoding written_form(const file_layout &layout)
{
    const bool encapsulated = layout.has_pixel_data && layout.pixels_length == undefined_length;

    return encapsulated ? encoding{true, false} : layout.form;
}

void copy_pixel_data(dicom_file &file, std::vector<unsigned char> &to)
{
    const file_layout &layout = file.layout();

    if (!can_be_walked(layout))
        fail(MEDTL_E_UNSUPPORTED,
             "has pixels in the transfer syntax %.64s, which cannot be looked through for texts",
             layout.transfer_syntax.c_str());
    put_head(to, layout);
    if (layout.pixels_length == undefined_length)
        clean_fragments(file, copy_fragments(file.data(), layout.pixels_at, file.limits(), to), to);
    else
        copy_native(file, to);
}

} // namespace medtl_dicom

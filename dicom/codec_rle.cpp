// RLE Lossless (PS3.5 annex G): one segment for each byte of each sample, the most significant byte first.
#include "codec.h"

namespace medtl_dicom
{
namespace
{

constexpr size_t header_words = 16;

uint32_t header_word(const std::vector<unsigned char> &bytes, size_t index)
{
    const unsigned char *const at = bytes.data() + 4 * index;

    return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
           static_cast<uint32_t>(at[2]) << 16 | static_cast<uint32_t>(at[3]) << 24;
}

/// Unpack one segment (PackBits) to every `step`-th byte. Segments that end early leave the rest as it is, as
/// other readers do: some writers drop a run of zeros at the end. @return how many bytes came out.
size_t unpack(const unsigned char *from, const unsigned char *end, unsigned char *to, size_t step,
              size_t count)
{
    size_t done = 0;

    while (from < end && done < count) {
        const unsigned char control = *from++;

        if (control < 128) { // literal run
            for (unsigned i = 0; i <= control && from < end && done < count; i++, done++)
                to[done * step] = *from++;
        } else if (control > 128 && from < end) { // replicate run
            const unsigned char value = *from++;
            for (unsigned i = 0; i < 257u - control && done < count; i++, done++)
                to[done * step] = value;
        }
    }
    return done;
}

} // namespace

image_pointer decode_rle(const std::vector<unsigned char> &bytes, pixel_description &pixels)
{
    const unsigned sample_bytes = pixels.bits_allocated == 16 ? 2 : 1;
    const unsigned segments = sample_bytes * pixels.samples;
    const size_t pixel_count = static_cast<size_t>(pixels.rows) * pixels.columns;

    if (pixels.bits_allocated % 8 != 0)
        fail(MEDTL_E_UNSUPPORTED, "RLE with Bits Allocated (0028,0100) of %u",
             pixels.bits_allocated);
    require(bytes.size() > 4 * header_words, MEDTL_E_FORMAT, "the RLE header is cut off");
    if (header_word(bytes, 0) != segments)
        fail(MEDTL_E_FORMAT, "the RLE header states %u segments, the samples need %u",
             header_word(bytes, 0), segments);
    image_pointer image = make_image(pixels, sample_bytes);
    for (unsigned segment = 0; segment < segments; segment++) {
        const size_t start = header_word(bytes, segment + 1);
        const size_t end = segment + 1 < segments ? header_word(bytes, segment + 2) : bytes.size();
        const unsigned sample = segment / sample_bytes;
        const unsigned byte = sample_bytes - 1 - segment % sample_bytes; // little endian in memory
        unsigned char *const to =
            static_cast<unsigned char *>(image->pixels) + sample * sample_bytes + byte;

        if (start < 4 * header_words || end > bytes.size() || start >= end)
            fail(MEDTL_E_FORMAT, "RLE segment %u lies outside its frame", segment + 1);
        if (unpack(bytes.data() + start, bytes.data() + end, to, static_cast<size_t>(segments),
                   pixel_count) == 0)
            fail(MEDTL_E_FORMAT, "RLE segment %u is empty", segment + 1);
    }
    if (pixels.photometric == "YBR_FULL_422") // every sample is there (PS3.5 8.2.2)
        pixels.photometric = "YBR_FULL";
    return image;
}

} // namespace medtl_dicom

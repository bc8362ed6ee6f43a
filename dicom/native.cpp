// Uncompressed pixel data: offsets, byte order, packed bits, packed samples and halved chrominance.
#include "native.h"

#include <utility>
#include <vector>

namespace medtl_dicom
{
namespace
{

class native_frame
{
  public:
    native_frame(dicom_file &file, uint32_t frame, pixel_description &pixels)
        : data_(file.data()), layout_(file.layout()), frame_(frame), pixels_(pixels)
    {
        // One old private syntax has big endian pixels behind a little endian header.
        big_endian_ =
            layout_.form.big_endian || DcmXfer(layout_.transfer_syntax.c_str()).getXfer() ==
                                           EXS_PrivateGE_LEI_WithBigEndianPixelData;
    }

    image_pointer read();

  private:
    byte_source &data_;
    const file_layout &layout_;
    uint32_t frame_;
    pixel_description &pixels_;
    bool big_endian_;

    uint64_t pixel_count() const { return static_cast<uint64_t>(pixels_.rows) * pixels_.columns; }
    bool is_subsampled() const;
    void read_bytes(uint64_t from, unsigned char *to, size_t count);
    void read_bits(medtl_image &image);
    void read_twelve_bits(medtl_image &image);
    void read_words(medtl_image &image);
    void read_subsampled(medtl_image &image);
};

/// Files are seen that say YBR_FULL_422 and store every sample: the length of Pixel Data tells.
bool native_frame::is_subsampled() const
{
    return pixels_.photometric == "YBR_FULL_422" &&
           layout_.pixels_length <
               3 * pixel_count() * pixels_.frames * (pixels_.bits_allocated / 8);
}

/// Bytes of Pixel Data. In big endian OW, bytes were swapped two by two, whatever they mean (PS3.5 7.3).
void native_frame::read_bytes(uint64_t from, unsigned char *to, size_t count)
{
    if (from > layout_.pixels_length || count > layout_.pixels_length - from)
        fail(MEDTL_E_FORMAT,
             "Pixel Data (7FE0,0010) holds %u bytes; frame %u needs those from %llu to %llu",
             layout_.pixels_length, frame_ + 1, static_cast<unsigned long long>(from),
             static_cast<unsigned long long>(from + count));
    if (!data_.has(layout_.pixels_at + from, count))
        fail(MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) is cut off: %llu bytes of %u are left",
             static_cast<unsigned long long>(data_.left(layout_.pixels_at)), layout_.pixels_length);
    if (!big_endian_ || !layout_.pixels_are_words || pixels_.bits_allocated == 16) {
        data_.read(layout_.pixels_at + from, to, count);
        return;
    }
    const uint64_t first = from & ~UINT64_C(1);
    const uint64_t end =
        std::min<uint64_t>((from + count + 1) & ~UINT64_C(1), layout_.pixels_length);
    std::vector<unsigned char> pairs(static_cast<size_t>(end - first));

    require(data_.has(layout_.pixels_at + first, pairs.size()), MEDTL_E_FORMAT,
            "Pixel Data (7FE0,0010) is cut off");
    data_.read(layout_.pixels_at + first, pairs.data(), pairs.size());
    for (size_t i = 0; i + 1 < pairs.size(); i += 2)
        std::swap(pairs[i], pairs[i + 1]);
    std::copy_n(pairs.begin() + static_cast<ptrdiff_t>(from - first), count, to);
}

/// One bit a pixel, the first in the lowest bit; frames follow one another without padding (PS3.5 8.1.1, D).
void native_frame::read_bits(medtl_image &image)
{
    const uint64_t first_bit = frame_ * pixel_count();
    const uint64_t first_byte = first_bit / 8;
    std::vector<unsigned char> packed(
        static_cast<size_t>((first_bit + pixel_count() + 7) / 8 - first_byte));
    uint8_t *const to = static_cast<uint8_t *>(image.pixels);

    read_bytes(first_byte, packed.data(), packed.size());
    for (uint64_t i = 0; i < pixel_count(); i++) {
        const uint64_t bit = first_bit + i - 8 * first_byte;
        to[i] = packed[static_cast<size_t>(bit / 8)] >> bit % 8 & 1;
    }
}

/// Two samples in three bytes, the first in the lowest bits, as old files have them (PS3.5-2000 8.1.1, D); neither rows nor
/// frames begin at a whole byte.
void native_frame::read_twelve_bits(medtl_image &image)
{
    const uint64_t samples = sample_count(image), first_bit = 12 * frame_ * samples;
    const uint64_t first_byte = first_bit / 8;
    std::vector<unsigned char> packed(
        static_cast<size_t>((first_bit + 12 * samples + 7) / 8 - first_byte));
    uint16_t *const to = static_cast<uint16_t *>(image.pixels);

    read_bytes(first_byte, packed.data(), packed.size());
    for (uint64_t i = 0; i < samples; i++) {
        const uint64_t bit = first_bit + 12 * i - 8 * first_byte;
        const unsigned char *const at = packed.data() + bit / 8;

        to[i] = static_cast<uint16_t>((at[0] | at[1] << 8) >> bit % 8 & 0xFFF);
    }
}

void native_frame::read_words(medtl_image &image)
{
    const size_t bytes = sample_count(image) * (pixels_.bits_allocated / 8);

    read_bytes(frame_ * static_cast<uint64_t>(bytes), static_cast<unsigned char *>(image.pixels),
               bytes);
    if (big_endian_ && pixels_.bits_allocated == 16) {
        uint16_t *const words = static_cast<uint16_t *>(image.pixels);
        for (size_t i = 0; i < sample_count(image); i++)
            words[i] = static_cast<uint16_t>(words[i] << 8 | words[i] >> 8);
    }
}

/// Y1 Y2 Cb Cr for each two pixels of a row (PS3.3 C.7.6.3.1.2); the chrominance holds for both.
void native_frame::read_subsampled(medtl_image &image)
{
    require(pixels_.bits_allocated == 8 && pixels_.columns % 2 == 0 && !pixels_.planar,
            MEDTL_E_UNSUPPORTED,
            "YBR_FULL_422 is read with 8 bits, even Columns (0028,0011) and Planar Configuration "
            "(0028,0006) 0");
    std::vector<unsigned char> halved(static_cast<size_t>(2 * pixel_count()));
    uint8_t *to = static_cast<uint8_t *>(image.pixels);

    read_bytes(frame_ * static_cast<uint64_t>(halved.size()), halved.data(), halved.size());
    for (size_t i = 0; i < halved.size(); i += 4)
        for (size_t second = 0; second < 2; second++) {
            *to++ = halved[i + second];
            *to++ = halved[i + 2];
            *to++ = halved[i + 3];
        }
}

image_pointer native_frame::read()
{
    image_pointer image = make_image(pixels_, pixels_.bits_allocated > 8 ? 2 : 1);

    if (pixels_.bits_allocated == 1) {
        require(pixels_.samples == 1, MEDTL_E_UNSUPPORTED,
                "Bits Allocated (0028,0100) of 1 with several samples a pixel");
        read_bits(*image);
    } else if (is_subsampled()) {
        read_subsampled(*image);
    } else {
        if (pixels_.bits_allocated == 12)
            read_twelve_bits(*image);
        else
            read_words(*image);
        if (pixels_.planar)
            interleave_planes(*image);
    }
    return image;
}

} // namespace

image_pointer read_native_frame(dicom_file &file, uint32_t frame, pixel_description &pixels)
{
    // What an unknown syntax does to pixels (another order, a codec of its own) cannot be guessed from them.
    const std::string &syntax = file.layout().transfer_syntax;
    if (DcmXfer(syntax.c_str()).getXfer() == EXS_Unknown)
        fail(MEDTL_E_UNSUPPORTED, "transfer syntax %.64s is not known: its pixels cannot be read",
             syntax.c_str());
    // YBR_ICT and YBR_RCT exist inside JPEG 2000 only.
    require(pixels.photometric != "YBR_ICT" && pixels.photometric != "YBR_RCT", MEDTL_E_FORMAT,
            "Photometric Interpretation (0028,0004) of JPEG 2000 on uncompressed pixels");
    return native_frame(file, frame, pixels).read();
}

} // namespace medtl_dicom

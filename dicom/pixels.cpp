// The description of stored samples, and the steps from samples as decoded to samples as image.h promises them.
#include "pixels.h"

#include "attributes.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

namespace medtl_dicom
{
namespace
{

uint16_t required_number(DcmItem &header, const DcmTagKey &key)
{
    long value = 0;

    if (!integer_value(header, key, value))
        fail(MEDTL_E_FORMAT, "%s %s is missing", DcmTag(key).getTagName(), tag_text(key).c_str());
    if (value < 0 || value > 0xFFFF)
        fail(MEDTL_E_FORMAT, "%s %s is impossible", DcmTag(key).getTagName(),
             tag_text(key).c_str());
    return static_cast<uint16_t>(value);
}

uint16_t optional_number(DcmItem &header, const DcmTagKey &key, uint16_t otherwise)
{
    long value = 0;

    return integer_value(header, key, value) && value >= 0 && value <= 0xFFFF
               ? static_cast<uint16_t>(value)
               : otherwise;
}

void check_bits(const pixel_description &pixels)
{
    const unsigned allocated = pixels.bits_allocated;

    if (allocated != 1 && allocated != 8 && allocated != 12 && allocated != 16)
        fail(MEDTL_E_UNSUPPORTED, "Bits Allocated (0028,0100) of %u; 1, 8, 12 and 16 are read",
             allocated);
    if (pixels.bits_stored == 0 || pixels.bits_stored > allocated)
        fail(MEDTL_E_FORMAT, "Bits Stored (0028,0101) of %u with Bits Allocated (0028,0100) of %u",
             pixels.bits_stored, allocated);
    if (pixels.high_bit >= allocated || pixels.high_bit + 1u < pixels.bits_stored)
        fail(MEDTL_E_FORMAT, "High Bit (0028,0102) of %u with %u bits stored in %u",
             pixels.high_bit, pixels.bits_stored, allocated);
}

void check_photometric(const pixel_description &pixels)
{
    static const char *const of_one[] = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"};
    static const char *const of_three[] = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"};

    if (pixels.samples != 1 && pixels.samples != 3)
        fail(MEDTL_E_UNSUPPORTED, "Samples per Pixel (0028,0002) of %u; 1 and 3 are read",
             pixels.samples);
    require(!pixels.photometric.empty(), MEDTL_E_FORMAT,
            "Photometric Interpretation (0028,0004) is missing");
    if (pixels.samples == 1) {
        for (const char *const known : of_one)
            if (pixels.photometric == known)
                return;
    } else {
        for (const char *const known : of_three)
            if (pixels.photometric == known)
                return;
    }
    fail(MEDTL_E_UNSUPPORTED,
         "a Photometric Interpretation (0028,0004) that is not read with %u samples a pixel",
         pixels.samples);
}

/// Which bits are set in any sample: eight bytes at a time, since nearly every image needs nothing else.
template <typename unsigned_sample>
unsigned_sample bits_used(const unsigned_sample *samples, size_t count)
{
    constexpr size_t per_word = sizeof(uint64_t) / sizeof(unsigned_sample);
    unsigned_sample used = 0;
    uint64_t words = 0;
    size_t i = 0;

    for (; i + per_word <= count; i += per_word) {
        uint64_t word;
        std::memcpy(&word, samples + i, sizeof word);
        words |= word;
    }
    for (; i < count; i++)
        used |= samples[i];
    for (size_t part = 0; part < per_word; part++)
        used = static_cast<unsigned_sample>(used | words >> 8 * sizeof(unsigned_sample) * part);
    return used;
}

/// To the range of the stored bits; `sample` has the sign that the pixels have.
template <typename sample> void saturate(unsigned bits, sample *samples, size_t count)
{
    const bool is_signed = std::is_signed<sample>::value;
    const int low = is_signed ? -(1 << (bits - 1)) : 0;
    const int high = (1 << (is_signed ? bits - 1 : bits)) - 1;

    for (size_t i = 0; i < count; i++)
        samples[i] = static_cast<sample>(std::min(std::max<int>(samples[i], low), high));
}

/// Undo what a store may do to the samples: other bits above and below the stored ones.
template <typename unsigned_sample>
void clean(const pixel_description &pixels, unsigned_sample *samples, size_t count)
{
    const unsigned shift = pixels.high_bit + 1u - pixels.bits_stored;
    const unsigned_sample mask = static_cast<unsigned_sample>((1u << pixels.bits_stored) - 1u);
    const unsigned_sample sign = static_cast<unsigned_sample>(1u << (pixels.bits_stored - 1));

    if (pixels.bits_stored == 8 * sizeof(unsigned_sample))
        return;
    if (shift > 0)
        for (size_t i = 0; i < count; i++)
            samples[i] = static_cast<unsigned_sample>(samples[i] >> shift);
    if (pixels.saturates) {
        if (pixels.is_signed)
            saturate(pixels.bits_stored,
                     reinterpret_cast<std::make_signed_t<unsigned_sample> *>(samples), count);
        else
            saturate(pixels.bits_stored, samples, count);
        return;
    }
    const unsigned_sample used = bits_used(samples, count);
    if ((used & ~mask) != 0)
        for (size_t i = 0; i < count; i++)
            samples[i] &= mask;
    if (pixels.is_signed && (used & sign) != 0)
        for (size_t i = 0; i < count;
             i++) // modulo 2^n: sets the upper bits where the sign bit is set
            samples[i] = static_cast<unsigned_sample>((samples[i] ^ sign) - sign);
}

template <typename sample> void interleave(sample *samples, size_t pixels)
{
    const std::vector<sample> planes(samples, samples + 3 * pixels);

    for (size_t i = 0; i < pixels; i++)
        for (size_t plane = 0; plane < 3; plane++)
            samples[3 * i + plane] = planes[plane * pixels + i];
}

bool is_wide(const medtl_image &image)
{
    return image.type == MEDTL_PIXEL_U16 || image.type == MEDTL_PIXEL_S16;
}

} // namespace

pixel_description describe_pixels(DcmItem &header, const medtl_limits &limits)
{
    pixel_description pixels = {};
    long frames = 0;

    pixels.rows = required_number(header, DCM_Rows);
    pixels.columns = required_number(header, DCM_Columns);
    require(pixels.rows > 0 && pixels.columns > 0, MEDTL_E_FORMAT,
            "Rows (0028,0010) or Columns (0028,0011) is zero");
    if (static_cast<uint64_t>(pixels.rows) * pixels.columns > limits.frame_pixels)
        fail(MEDTL_E_FORMAT,
             "Rows (0028,0010) times Columns (0028,0011) is above the limit of %llu pixels",
             static_cast<unsigned long long>(limits.frame_pixels));
    pixels.frames = 1;
    if (integer_value(header, DCM_NumberOfFrames, frames) && frames > 1)
        pixels.frames =
            static_cast<uint32_t>(std::min<uint64_t>(static_cast<uint64_t>(frames), limits.frames));
    pixels.photometric = text_value(header, DCM_PhotometricInterpretation);
    pixels.samples = optional_number(header, DCM_SamplesPerPixel, 1);
    pixels.bits_allocated = required_number(header, DCM_BitsAllocated);
    pixels.bits_stored = optional_number(header, DCM_BitsStored, pixels.bits_allocated);
    pixels.high_bit =
        optional_number(header, DCM_HighBit, static_cast<uint16_t>(pixels.bits_stored - 1));
    pixels.is_signed = optional_number(header, DCM_PixelRepresentation, 0) == 1;
    pixels.planar = pixels.samples == 3 && optional_number(header, DCM_PlanarConfiguration, 0) == 1;
    check_photometric(pixels);
    check_bits(pixels);
    return pixels;
}

image_pointer make_image(const pixel_description &pixels, unsigned sample_bytes)
{
    static const medtl_pixel_type types[2][2] = {{MEDTL_PIXEL_U8, MEDTL_PIXEL_S8},
                                                 {MEDTL_PIXEL_U16, MEDTL_PIXEL_S16}};
    medtl_image *image = nullptr;
    medtl_error error;

    if (medtl_image_create(pixels.rows, pixels.columns, pixels.samples,
                           types[sample_bytes == 2][pixels.is_signed], pixels.bits_stored, &image,
                           &error) != MEDTL_OK)
        throw failure{error.status, error.message};
    return image_pointer(image);
}

size_t sample_count(const medtl_image &image)
{
    return static_cast<size_t>(image.rows) * image.columns * image.samples;
}

void clean_samples(const pixel_description &pixels, medtl_image &image)
{
    if (is_wide(image))
        clean(pixels, static_cast<uint16_t *>(image.pixels), sample_count(image));
    else
        clean(pixels, static_cast<uint8_t *>(image.pixels), sample_count(image));
}

void interleave_planes(medtl_image &image)
{
    const size_t pixels = static_cast<size_t>(image.rows) * image.columns;

    if (is_wide(image))
        interleave(static_cast<uint16_t *>(image.pixels), pixels);
    else
        interleave(static_cast<uint8_t *>(image.pixels), pixels);
}

medtl_photometric photometric_of(const pixel_description &pixels)
{
    if (pixels.samples == 3)
        return pixels.photometric == "RGB" ? MEDTL_RGB : MEDTL_YBR_FULL;
    if (pixels.photometric == "PALETTE COLOR")
        return MEDTL_PALETTE_COLOR;
    return pixels.photometric == "MONOCHROME1" ? MEDTL_MONOCHROME1 : MEDTL_MONOCHROME2;
}

} // namespace medtl_dicom

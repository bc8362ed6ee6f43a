// What the Image Pixel module (PS3.3 C.7.6.3) says of the samples, and the image that takes them.
#ifndef MEDTL_DICOM_PIXELS_H
#define MEDTL_DICOM_PIXELS_H

#include "bridge_internal.h"
#include "layout.h"

#include "medtl/image.h"

#include <memory>
#include <string>

namespace medtl_dicom
{

struct image_deleter {
    void operator()(medtl_image *image) const { medtl_image_destroy(image); }
};
using image_pointer = std::unique_ptr<medtl_image, image_deleter>;

/// As stated by the header; decoders correct what decoding changes.
struct pixel_description {
    uint32_t rows, columns, frames;
    uint16_t samples;        ///< 1 or 3
    uint16_t bits_allocated; ///< 1, 8, 12 or 16
    uint16_t bits_stored, high_bit;
    bool is_signed;
    bool planar;    ///< RRR...GGG...BBB...
    bool saturates; ///< lossy: values beyond the stored bits overshot, they hold no other bits
    std::string photometric; ///< the defined term
};

/// Read and check. Throws failure: MEDTL_E_FORMAT for what is missing or impossible, MEDTL_E_UNSUPPORTED for
/// what is valid but not decoded here, each naming the tag.
pixel_description describe_pixels(DcmItem &header, const medtl_limits &limits);

/// An image of zeros for samples of `sample_bytes` bytes; type, size and bits from the description.
image_pointer make_image(const pixel_description &pixels, unsigned sample_bytes);

/// How many samples an image has.
size_t sample_count(const medtl_image &image);

/// Shift the stored bits down, mask the others out (old files keep overlays there) and extend the sign, in place. What
/// a lossy codec left beyond the stored bits becomes the nearest value instead: masked, a bright pixel would turn dark.
void clean_samples(const pixel_description &pixels, medtl_image &image);

/// RRR...GGG...BBB... to RGBRGB..., in place.
void interleave_planes(medtl_image &image);

/// What the samples are now, from the photometric interpretation after decoding.
medtl_photometric photometric_of(const pixel_description &pixels);

} // namespace medtl_dicom

#endif

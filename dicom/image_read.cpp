// One frame of an instance, with what is needed to understand its samples.
#include "image_read.h"

#include "codec.h"
#include "fragments.h"
#include "image_tables.h"
#include "native.h"

#include "attributes.h"

namespace medtl_dicom
{
namespace
{

void check_pixels_are_there(const file_layout &layout)
{
    if (layout.has_float_pixels && !layout.has_pixel_data)
        fail(MEDTL_E_UNSUPPORTED, "floating point pixels (7FE0,0008) are not read");
    require(layout.has_pixel_data, MEDTL_E_UNSUPPORTED, "holds no Pixel Data (7FE0,0010)");
    require(layout.pixels_length != 0, MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) is empty");
}

} // namespace

image_pointer read_image(dicom_file &file, const std::string &sop_instance, uint32_t frame)
{
    const file_layout &layout = file.layout();
    const std::unique_ptr<DcmDataset> header = file.parse_header(
        [](const DcmTagKey &tag) { return tag == DCM_SOPInstanceUID || describes_image(tag); });

    require(text_value(*header, DCM_SOPInstanceUID) == sop_instance, MEDTL_E_IO,
            "was replaced by another instance since its header was read");
    check_pixels_are_there(layout);
    pixel_description pixels = describe_pixels(*header, file.limits());
    if (frame >= pixels.frames)
        fail(MEDTL_E_ARGUMENT, "frame %u of %u is not there", frame + 1, pixels.frames);

    const bool encapsulated = layout.pixels_length == undefined_length;
    image_pointer image =
        encapsulated ? decode_frame(layout.transfer_syntax,
                                    read_compressed_frame(file, frame, pixels.frames), pixels)
                     : read_native_frame(file, frame, pixels);
    clean_samples(pixels, *image);
    read_tables(*header, frame, pixels, *image);
    return image;
}

void make_input(dicom_file &file, const std::string &sop_instance, uint32_t frame, bool to_srgb,
                const medtl_normaliser &normaliser, float *out, medtl_geometry &geometry,
                medtl_outline &breast)
{
    const image_pointer image = read_image(file, sop_instance, frame);
    medtl_error error;

    if ((to_srgb && medtl_image_to_srgb(image.get(), &error) != MEDTL_OK) ||
        medtl_normalise(image.get(), &normaliser, out, &geometry, &breast, &error) != MEDTL_OK)
        throw failure{error.status, error.message};
}

} // namespace medtl_dicom

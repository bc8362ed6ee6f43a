// One frame of an instance, with what is needed to understand its samples.
#include "codec.h"
#include "fragments.h"
#include "image_tables.h"
#include "instance_internal.h"
#include "layout.h"
#include "native.h"

#include "attributes.h"

namespace medtl_dicom
{
namespace
{

std::unique_ptr<dicom_file> reopen(const medtl_instance &instance)
{
    if (instance.in_memory)
        return std::unique_ptr<dicom_file>(
            new dicom_file(instance.memory.data(), instance.memory.size()));
    return std::unique_ptr<dicom_file>(new dicom_file(instance.path.c_str()));
}

void check_pixels_are_there(const file_layout &layout)
{
    if (layout.has_float_pixels && !layout.has_pixel_data)
        fail(MEDTL_E_UNSUPPORTED, "floating point pixels (7FE0,0008) are not read");
    require(layout.has_pixel_data, MEDTL_E_UNSUPPORTED, "holds no Pixel Data (7FE0,0010)");
    require(layout.pixels_length != 0, MEDTL_E_FORMAT, "Pixel Data (7FE0,0010) is empty");
}

image_pointer read_image(const medtl_instance &instance, uint32_t frame)
{
    const std::unique_ptr<dicom_file> file = reopen(instance);
    const file_layout &layout = file->layout();
    const std::unique_ptr<DcmDataset> header = file->parse_header(
        [](const DcmTagKey &tag) { return tag == DCM_SOPInstanceUID || describes_image(tag); });

    require(text_value(*header, DCM_SOPInstanceUID) == instance.facts.sop_instance_uid, MEDTL_E_IO,
            "was replaced by another instance since its header was read");
    check_pixels_are_there(layout);
    pixel_description pixels = describe_pixels(*header);
    if (frame >= pixels.frames)
        fail(MEDTL_E_ARGUMENT, "frame %u of %u is not there", frame + 1, pixels.frames);

    const bool encapsulated = layout.pixels_length == undefined_length;
    image_pointer image =
        encapsulated ? decode_frame(layout.transfer_syntax,
                                    read_compressed_frame(*file, frame, pixels.frames), pixels)
                     : read_native_frame(*file, frame, pixels);
    clean_samples(pixels, *image);
    read_tables(*header, frame, pixels, *image);
    return image;
}

} // namespace
} // namespace medtl_dicom

extern "C" medtl_status medtl_image_read(const medtl_instance *instance, uint32_t frame,
                                         medtl_image **out, medtl_error *err) noexcept
try {
    *out = nullptr;
    *out = medtl_dicom::read_image(*instance, frame).release();
    return MEDTL_OK;
} catch (...) {
    return medtl_dicom::translate(err, instance->path.c_str());
}

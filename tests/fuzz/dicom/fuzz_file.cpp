// A whole file: header, facts, the first and the last frame, and the normaliser on what came out. Limits are small, so
// that a claim that slips through shows as memory.
#include "medtl/image.h"
#include "medtl/reader.h"

#include <cmath>
#include <cstdlib>
#include <vector>

namespace
{

medtl_reader *make_reader()
{
    medtl_limits limits;
    medtl_reader_options options = {};
    medtl_reader *reader = nullptr;

    medtl_limits_default(&limits);
    limits.frame_pixels = 1 << 20;
    limits.inflated_bytes = 16 << 20;
    limits.frame_bytes = 16 << 20;
    limits.elements = 100000;
    options.limits = &limits;
    if (medtl_reader_create(&options, &reader, nullptr) != MEDTL_OK)
        std::abort();
    return reader;
}

/// Whatever an image holds, the network's input is finite.
void normalise(const medtl_image &image, const medtl_normaliser &how)
{
    std::vector<float> out(static_cast<size_t>(how.channels) * how.height * how.width);
    medtl_geometry geometry;
    medtl_outline breast;

    if (medtl_normalise(&image, &how, out.data(), &geometry, &breast, nullptr) != MEDTL_OK)
        return;
    for (const float value : out)
        if (!std::isfinite(value))
            std::abort();
}

void try_frame(const medtl_instance *instance, uint32_t frame)
{
    static const medtl_normaliser mammogram = {1,
                                               64,
                                               48,
                                               MEDTL_VOI_PERCENTILE,
                                               MEDTL_CROP_BREAST,
                                               MEDTL_SIDE_LEFT,
                                               MEDTL_FIT_LETTERBOX,
                                               MEDTL_COLOR_CONSTANCY_NONE,
                                               {0.5f, 0.5f, 0.5f},
                                               {0.25f, 0.25f, 0.25f}};
    static const medtl_normaliser photograph = {3,
                                                40,
                                                40,
                                                MEDTL_VOI_IMAGE,
                                                MEDTL_CROP_CENTER,
                                                MEDTL_SIDE_KEEP,
                                                MEDTL_FIT_STRETCH,
                                                MEDTL_COLOR_CONSTANCY_SHADES_OF_GRAY,
                                                {0.5f, 0.5f, 0.5f},
                                                {0.25f, 0.25f, 0.25f}};
    medtl_image *image = nullptr;
    medtl_error error = {};

    if (medtl_image_read(instance, frame, &image, &error) == MEDTL_OK) {
        normalise(*image, mammogram);
        normalise(*image, photograph);
    } else if (error.message[0] == '\0' || error.status == MEDTL_E_INTERNAL) {
        std::abort(); // each refusal has a reason, and none is our own fault
    }
    medtl_image_destroy(image);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static medtl_reader *const reader = make_reader();
    static const char *const keywords[] = {"ViewCodeSequence", "PatientName", "ImageComments"};
    medtl_instance *instance = nullptr;
    medtl_error error = {};

    if (medtl_reader_instance_memory(reader, bytes, size, "input", keywords, 3, &instance,
                                     &error) != MEDTL_OK) {
        if (error.message[0] == '\0' || error.status == MEDTL_E_INTERNAL)
            std::abort();
        return 0;
    }
    const uint32_t frames = medtl_instance_facts(instance)->frames;
    try_frame(instance, 0);
    if (frames > 1)
        try_frame(instance, frames - 1);
    medtl_instance_destroy(instance);
    return 0;
}

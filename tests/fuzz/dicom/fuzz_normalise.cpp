// Any image that a reader might make, in any normaliser: the answer is a reason or finite numbers.
#include "medtl/image.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace
{

/// Takes values from the input; zeros once it is used up.
class cursor
{
  public:
    cursor(const unsigned char *bytes, size_t size) : at_(bytes), left_(size) {}
    template <typename plain> plain take()
    {
        plain value = {};
        fill(&value, sizeof value);
        return value;
    }
    unsigned below(unsigned count) { return take<unsigned char>() % count; }
    void fill(void *to, size_t size)
    {
        const size_t some = size < left_ ? size : left_;
        if (some > 0)
            std::memcpy(to, at_, some);
        at_ += some;
        left_ -= some;
    }

  private:
    const unsigned char *at_;
    size_t left_;
};

void make_lut(cursor &from, medtl_lut &lut)
{
    if (from.below(4) != 0)
        return;
    lut.count = 1 + from.below(64);
    lut.first = from.take<int16_t>();
    lut.bits = static_cast<uint16_t>(8 + from.below(9));
    lut.entries = static_cast<uint16_t *>(std::calloc(lut.count, sizeof *lut.entries));
    from.fill(lut.entries, lut.count * sizeof *lut.entries);
}

/// A number as a header may hold one: finite, of any size.
double finite(cursor &from)
{
    const double value = from.take<double>();

    return std::isfinite(value) ? value : 1.0;
}

medtl_image *make_image(cursor &from)
{
    const auto type = static_cast<medtl_pixel_type>(from.below(4));
    const bool wide = type == MEDTL_PIXEL_U16 || type == MEDTL_PIXEL_S16;
    const uint16_t samples = from.below(2) == 0 ? 1 : 3;
    medtl_image *image = nullptr;

    if (medtl_image_create(1 + from.below(48), 1 + from.below(48), samples, type,
                           static_cast<uint16_t>(1 + from.below(wide ? 16 : 8)), &image,
                           nullptr) != MEDTL_OK)
        std::abort();
    image->photometric = samples == 3 ? static_cast<medtl_photometric>(MEDTL_RGB + from.below(2))
                                      : static_cast<medtl_photometric>(from.below(3));
    image->rescale_slope = finite(from);
    image->rescale_intercept = finite(from);
    image->has_window = from.below(2) != 0;
    image->window_center = finite(from);
    image->window_width = finite(from);
    image->voi_function = static_cast<medtl_voi_function>(from.below(3));
    image->inverse_presentation_lut = from.below(2) != 0;
    image->has_padding = from.below(2) != 0;
    image->padding_first = from.take<int16_t>();
    image->padding_last = from.take<int16_t>();
    image->laterality = static_cast<medtl_laterality>(from.below(4));
    make_lut(from, image->modality_lut);
    make_lut(from, image->voi_lut);
    for (medtl_lut &lut : image->palette)
        make_lut(from, lut);
    from.fill(image->pixels,
              static_cast<size_t>(image->rows) * image->columns * samples * (wide ? 2 : 1));
    return image;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    cursor from(bytes, size);
    medtl_normaliser how = {};

    how.channels = from.below(2) == 0 ? 1 : 3;
    how.height = 1 + from.below(40);
    how.width = 1 + from.below(40);
    how.voi = static_cast<medtl_voi_choice>(from.below(3));
    how.crop = static_cast<medtl_crop>(from.below(3));
    how.side = static_cast<medtl_side>(from.below(2));
    how.fit = static_cast<medtl_fit>(from.below(2));
    how.color_constancy = static_cast<medtl_color_constancy>(from.below(2));
    for (int i = 0; i < 3; i++) {
        how.mean[i] = 0.5f;
        how.sd[i] = 0.25f;
    }
    std::vector<float> out(static_cast<size_t>(how.channels) * how.height * how.width);
    medtl_image *image = make_image(from);
    medtl_geometry geometry = {};
    medtl_outline breast = {};
    medtl_error error = {};
    const medtl_status status =
        medtl_normalise(image, &how, out.data(), &geometry, &breast, &error);

    if (status == MEDTL_OK) {
        for (const float value : out)
            if (!std::isfinite(value))
                std::abort();
        for (uint32_t i = 0; i < breast.count; i++)
            if (!(breast.points[i].x >= 0.0f && breast.points[i].y >= 0.0f &&
                  breast.points[i].x <= static_cast<float>(image->columns) &&
                  breast.points[i].y <= static_cast<float>(image->rows)))
                std::abort();
    } else if (error.message[0] == '\0') {
        std::abort();
    }
    medtl_image_destroy(image);
    return 0;
}

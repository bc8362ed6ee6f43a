// ICC profiles: what they must do to a colour follows from the formula of sRGB (IEC 61966-2-1); Little CMS only writes the
// profiles that are put into the objects.
#include "objects.h"

#include <lcms2.h>

#include <algorithm>
#include <cmath>
#include <criterion/criterion.h>
#include <cstdlib>
#include <cstring>

namespace
{

const picture color = {16, 16, 3, 8, 8, false, "RGB", 1};

/// The primaries and the white of sRGB with another tone curve.
std::vector<unsigned char> profile_of_gamma(double gamma)
{
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *const curve = cmsBuildGamma(nullptr, gamma);
    cmsToneCurve *const curves[3] = {curve, curve, curve};
    const cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsUInt32Number size = 0;

    cr_assert(cmsSaveProfileToMem(profile, nullptr, &size));
    std::vector<unsigned char> bytes(size);
    cr_assert(cmsSaveProfileToMem(profile, bytes.data(), &size));
    cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    return bytes;
}

/// Light from 0 to 1 as an sRGB value.
double srgb(double light)
{
    return light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

image_owner read_with(const std::vector<unsigned char> &profile, const picture &p = color)
{
    const auto object = make_object(p);

    cr_assert(object->getDataset()
                  ->putAndInsertUint8Array(DCM_ICCProfile, profile.data(), profile.size())
                  .good());
    return read_first_frame(*object);
}

} // namespace

Test(icc, stored_light_becomes_srgb_values)
{
    const image_owner image = read_with(profile_of_gamma(1.0));
    medtl_error err = {};
    double worst = 0;

    cr_assert_eq(medtl_image_to_srgb(image.get(), &err), MEDTL_OK, "%s", err.message);
    for (unsigned y = 0; y < color.rows; y++)
        for (unsigned x = 0; x < color.columns; x++)
            for (unsigned s = 0; s < 3; s++) {
                const double expected = 255 * srgb(pattern(color, 0, y, x, s) / 255.0);
                worst = std::max(worst, std::fabs(expected - value_at(*image, y, x, s)));
            }
    cr_expect_leq(worst, 1.5, "differs by %g of 255", worst);
    cr_expect_null(image->icc_profile);
}

Test(icc, an_image_keeps_its_colours_until_it_is_asked)
{
    const image_owner image = read_with(profile_of_gamma(1.0));

    cr_expect_eq(largest_difference(*image, color, 0, pattern), 0);
    cr_expect_not_null(image->icc_profile);
}

Test(icc, images_without_a_profile_stay_as_they_are)
{
    const auto object = make_object(color);
    const image_owner image = read_first_frame(*object);

    cr_expect_eq(medtl_image_to_srgb(image.get(), nullptr), MEDTL_OK);
    cr_expect_eq(largest_difference(*image, color, 0, pattern), 0);
}

Test(icc, a_damaged_profile_is_named)
{
    std::vector<unsigned char> profile = profile_of_gamma(2.2);
    medtl_error err = {};

    profile.resize(60);
    cr_expect_eq(medtl_image_to_srgb(read_with(profile).get(), &err), MEDTL_E_FORMAT);
    cr_expect_not_null(std::strstr(err.message, "(0028,2000)"));
}

Test(icc, luminance_and_chrominance_become_rgb)
{
    const picture ybr = {16, 16, 3, 8, 8, false, "YBR_FULL", 1};
    const auto gray_as_ybr = [](const picture &, unsigned, unsigned row, unsigned column,
                                unsigned sample) {
        return sample == 0 ? static_cast<int>(16 * row + column) : 128; // no colour
    };
    const auto object = make_object(ybr, gray_as_ybr);
    const std::vector<unsigned char> profile = profile_of_gamma(1.0);
    medtl_error err = {};

    cr_assert(object->getDataset()
                  ->putAndInsertUint8Array(DCM_ICCProfile, profile.data(), profile.size())
                  .good());
    const image_owner image = read_first_frame(*object);
    cr_assert_eq(medtl_image_to_srgb(image.get(), &err), MEDTL_OK, "%s", err.message);
    cr_expect_eq(image->photometric, MEDTL_RGB);
    for (unsigned sample = 0; sample < 3; sample++)
        cr_expect_float_eq(value_at(*image, 8, 8, sample), 255 * srgb(136 / 255.0), 1.6);
}

// Each limit can be set, is kept, and is named by the refusal.
#include "objects.h"

#include "medtl/reader.h"

#include <criterion/criterion.h>
#include <cstring>

namespace
{

/// How reading header and first frame fails under one changed limit; "" where nothing does.
std::string refusal(const std::vector<unsigned char> &bytes, const char *limit)
{
    medtl_limits limits;
    medtl_reader *reader = nullptr;
    medtl_instance *instance = nullptr;
    medtl_image *image = nullptr;
    medtl_error error = {};
    medtl_reader_options options = {};

    medtl_limits_default(&limits);
    cr_assert_eq(medtl_limits_set(&limits, limit, &error), MEDTL_OK, "%s", error.message);
    options.limits = &limits;
    cr_assert_eq(medtl_reader_create(&options, &reader, &error), MEDTL_OK);
    if (medtl_reader_instance_memory(reader, bytes.data(), bytes.size(), "object", nullptr, 0,
                                     &instance, &error) == MEDTL_OK)
        (void)medtl_image_read(instance, 0, &image, &error);
    medtl_image_destroy(image);
    medtl_instance_destroy(instance);
    medtl_reader_destroy(reader);
    if (error.status != MEDTL_OK)
        cr_expect_eq(error.status, MEDTL_E_FORMAT, "%s", error.message);
    return error.message;
}

void expect_refusal(const std::vector<unsigned char> &bytes, const char *limit, const char *reason)
{
    const std::string got = refusal(bytes, limit);

    cr_expect(got.find(reason) != std::string::npos, "%s: '%s' instead of '%s'", limit, got.c_str(),
              reason);
}

const picture two_frames = {8, 6, 1, 8, 8, false, "MONOCHROME2", 2};

} // namespace

Test(limits, of_native_images_are_kept)
{
    const auto object = make_object(two_frames);
    DcmItem *outer = nullptr, *inner = nullptr;

    object->getDataset()->findOrCreateSequenceItem(DCM_ReferencedSeriesSequence, outer, -2);
    outer->findOrCreateSequenceItem(DCM_ReferencedSOPSequence, inner, -2);
    inner->putAndInsertString(DCM_ReferencedSOPClassUID, "1.2");
    const auto bytes = file_bytes(*object, EXS_LittleEndianExplicit);

    expect_refusal(bytes, "file-bytes=100", "are more than the limit of 100");
    expect_refusal(bytes, "header-bytes=50", "makes the header larger than the limit of 50 bytes");
    expect_refusal(bytes, "elements=5", "more data elements than the limit of 5");
    expect_refusal(bytes, "depth=1", "nested deeper than the limit of 1 at (0008,1199)");
    expect_refusal(bytes, "frame-pixels=47", "8 x 6, is above the limit of 47 pixels");
    expect_refusal(bytes, "frames=1", "Number of Frames (0028,0008) is above the limit of 1");
    expect_refusal(bytes, "image-pixels=95", "2 of 8 x 6, makes more than the limit of 95 pixels");
    for (const char *enough : {"depth=2", "frame-pixels=48", "frames=2", "image-pixels=96"})
        cr_expect(refusal(bytes, enough).empty(), "%s", enough);
}

Test(limits, of_compressed_images_are_kept)
{
    const picture p = {16, 16, 1, 8, 8, false, "MONOCHROME2", 1};
    const auto object = make_object(p);
    auto frames = fragments_of(*object, EXS_RLELossless);
    const std::vector<unsigned char> &whole = frames.at(0);
    const size_t half = whole.size() / 4 * 2;

    put_fragments(*object, EXS_RLELossless, {},
                  {{whole.begin(), whole.begin() + static_cast<ptrdiff_t>(half)},
                   {whole.begin() + static_cast<ptrdiff_t>(half), whole.end()}});
    const auto bytes = file_bytes(*object, EXS_RLELossless);
    expect_refusal(bytes, "fragments=1", "more fragments than the limit of 1");
    expect_refusal(bytes, "frame-bytes=64", "compressed bytes, more than the limit of 64");
    cr_expect(refusal(bytes, "fragments=2").empty());

    expect_refusal(file_bytes(*make_object(p), EXS_DeflatedLittleEndianExplicit),
                   "inflated-bytes=200",
                   "the deflated data set is larger than the limit of 200 bytes");
}

Test(limits, a_value_above_its_limit_is_left_out_and_the_image_still_read)
{
    const auto object = make_object(two_frames);

    object->getDataset()->putAndInsertString(DCM_ImageComments, std::string(500, 'c').c_str());
    cr_expect(refusal(file_bytes(*object, EXS_LittleEndianExplicit), "value-bytes=200").empty());
}

Test(limits, a_value_above_its_limit_that_a_report_repeats_is_refused_by_tag)
{
    const auto object = make_object(two_frames);

    object->getDataset()->putAndInsertString(DCM_PatientName, std::string(500, 'n').c_str());
    expect_refusal(file_bytes(*object, EXS_LittleEndianExplicit), "value-bytes=200",
                   "(0010,0010) has 508 bytes, more than the limit of 200 for one value");
}

Test(limits, are_set_by_name_with_units)
{
    medtl_limits limits;

    medtl_limits_default(&limits);
    cr_expect_eq(medtl_limits_set(&limits, "frame-pixels=12", nullptr), MEDTL_OK);
    cr_expect_eq(limits.frame_pixels, 12);
    cr_expect_eq(medtl_limits_set(&limits, "file-bytes=3K", nullptr), MEDTL_OK);
    cr_expect_eq(limits.file_bytes, 3072);
    cr_expect_eq(medtl_limits_set(&limits, "file-bytes=2M", nullptr), MEDTL_OK);
    cr_expect_eq(limits.file_bytes, 2 * 1024 * 1024);
    cr_expect_eq(medtl_limits_set(&limits, "frame-bytes=1G", nullptr), MEDTL_OK);
    cr_expect_eq(limits.frame_bytes, 1024 * 1024 * 1024);
}

Test(limits, a_wrong_text_is_refused_and_changes_nothing)
{
    medtl_limits limits, before;
    medtl_error error = {};

    medtl_limits_default(&limits);
    before = limits;
    for (const char *wrong :
         {"", "frame-pixels", "frame-pixels=", "frame-pixels=0", "frame-pixels=-1",
          "frame-pixels=1Q", "frame-pixels=1KK", "depth=1000", "frame-pixels=99999999999999999999",
          "frames=4G", "nothing=1", "=5", "frame_pixels=5", "frame-pixels= 5"}) {
        cr_expect_eq(medtl_limits_set(&limits, wrong, &error), MEDTL_E_ARGUMENT, "'%s'", wrong);
        cr_expect_gt(std::strlen(error.message), 10);
    }
    cr_expect_arr_eq(&limits, &before, sizeof limits);
    for (size_t i = 0; medtl_limits_name(i) != nullptr; i++)
        cr_expect_eq(
            medtl_limits_set(&limits, (std::string(medtl_limits_name(i)) + "=7").c_str(), nullptr),
            MEDTL_OK);
    for (size_t i = 0; i < sizeof limits / sizeof(uint64_t); i++)
        cr_expect_eq(reinterpret_cast<const uint64_t *>(&limits)[i], 7);
}

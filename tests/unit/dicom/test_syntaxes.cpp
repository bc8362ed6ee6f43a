// Every transfer syntax gives back the values that went in.
#include "objects.h"

#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpeg/djrploss.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <cmath>
#include <criterion/criterion.h>

namespace
{

const struct {
    const char *label;
    picture what;
} pictures[] = {
    {"8 bits", {21, 34, 1, 8, 8, false, "MONOCHROME2", 1}},
    {"odd size", {7, 9, 1, 8, 8, false, "MONOCHROME1", 1}},
    {"10 of 16 bits", {20, 17, 1, 16, 10, false, "MONOCHROME2", 1}},
    {"12 of 16 bits", {64, 48, 1, 16, 12, false, "MONOCHROME1", 1}},
    {"16 bits", {32, 32, 1, 16, 16, false, "MONOCHROME2", 1}},
    {"16 bits, signed", {32, 32, 1, 16, 16, true, "MONOCHROME2", 1}},
    {"colour", {19, 22, 3, 8, 8, false, "RGB", 1}},
    {"colour, odd size", {3, 3, 3, 8, 8, false, "RGB", 1}},
    {"three frames", {16, 12, 1, 16, 12, false, "MONOCHROME2", 3}},
    {"three frames in colour", {15, 11, 3, 8, 8, false, "RGB", 3}},
};

void check_exact(const char *label, const picture &p, const std::vector<unsigned char> &file,
                 const char *syntax, value_formula value = pattern)
{
    const instance_owner instance = read_instance(file);

    cr_expect_eq(medtl_instance_facts(instance.get())->frames, p.frames, "%s in %s", label, syntax);
    for (unsigned frame = 0; frame < p.frames; frame++) {
        const image_owner image = read_frame(instance.get(), frame);

        cr_expect_eq(largest_difference(*image, p, frame, value), 0, "%s, frame %u in %s", label,
                     frame, syntax);
        cr_expect_eq(image->bits_stored, p.stored, "%s in %s", label, syntax);
        cr_expect_eq(image->photometric,
                     p.samples == 3                                ? MEDTL_RGB
                     : std::string(p.photometric) == "MONOCHROME1" ? MEDTL_MONOCHROME1
                                                                   : MEDTL_MONOCHROME2,
                     "%s in %s", label, syntax);
    }
}

void check_all(E_TransferSyntax syntax, const DcmRepresentationParameter *parameter)
{
    for (const auto &each : pictures) {
        const auto object = make_object(each.what);
        check_exact(each.label, each.what, file_bytes(*object, syntax, parameter),
                    DcmXfer(syntax).getXferName());
    }
}

/// A codestream of 16 bits a sample under a header of fewer, as JPEG 2000 encoders make them that take Bits Allocated.
void check_wide_codestream(const picture &stated, E_TransferSyntax syntax, value_formula coded,
                           const std::vector<int> &expected)
{
    picture wide = stated;
    const auto object = make_header(stated);

    wide.stored = 16;
    put_fragments(*object, syntax, {}, {jpeg2000_codestream(wide, 0, coded, false)});
    const image_owner image = read_frame(read_instance(file_bytes(*object, syntax)).get());
    for (unsigned i = 0; i < expected.size(); i++)
        cr_expect_eq(value_at(*image, 0, i), expected[i], "value %u in %s is %d", i,
                     DcmXfer(syntax).getXferName(), value_at(*image, 0, i));
}

int around_1023(const picture &, unsigned, unsigned, unsigned column, unsigned)
{
    static const int values[] = {0, 1022, 1023, 1024, 1027, 2047};

    return values[column];
}

int around_signed_12_bits(const picture &, unsigned, unsigned, unsigned column, unsigned)
{
    static const int values[] = {-2051, -2049, -2048, -1, 2047, 2050};

    return values[column];
}

int slope_across_1023(const picture &, unsigned, unsigned row, unsigned column, unsigned)
{
    return 990 + static_cast<int>(row + column);
}

/// The encoder for lossy JPEG moves the values so that the smallest becomes 0.
void check_close(const picture &p, E_TransferSyntax syntax,
                 const DcmRepresentationParameter &parameter, int tolerance)
{
    const auto object = make_object(p, smooth_pattern);
    const image_owner image =
        read_frame(read_instance(file_bytes(*object, syntax, &parameter)).get());
    const int smallest = smooth_pattern(p, 0, 0, 0, 0);
    int largest = 0;

    for (unsigned row = 0; row < p.rows; row++)
        for (unsigned column = 0; column < p.columns; column++)
            largest = std::max(largest, std::abs(value_at(*image, row, column) + smallest -
                                                 smooth_pattern(p, 0, row, column, 0)));
    cr_expect_leq(largest, tolerance, "%s: off by %d", DcmXfer(syntax).getXferName(), largest);
}

} // namespace

Test(syntaxes, uncompressed_values_come_back_from_little_endian)
{
    check_all(EXS_LittleEndianExplicit, nullptr);
}
Test(syntaxes, uncompressed_values_come_back_from_implicit_vr)
{
    check_all(EXS_LittleEndianImplicit, nullptr);
}
Test(syntaxes, uncompressed_values_come_back_from_big_endian)
{
    check_all(EXS_BigEndianExplicit, nullptr);
}
Test(syntaxes, uncompressed_values_come_back_from_a_deflated_data_set)
{
    check_all(EXS_DeflatedLittleEndianExplicit, nullptr);
}

Test(syntaxes, lossless_values_come_back_from_run_lengths) { check_all(EXS_RLELossless, nullptr); }

Test(syntaxes, lossless_values_come_back_from_jpeg_process_14)
{
    const DJ_RPLossless first_order(1, 0), fourth(4, 0);

    check_all(EXS_JPEGProcess14SV1, &first_order);
    check_all(EXS_JPEGProcess14, &fourth);
}

Test(syntaxes, lossless_values_come_back_from_jpeg_ls)
{
    const DJLSRepresentationParameter parameter(0, OFTrue);

    // DCMTK's encoder writes behind its buffer where a picture does not become smaller: smooth and not tiny.
    for (const auto &each : pictures) {
        picture p = each.what;
        p.rows += 32;
        p.columns += 32;
        const auto object = make_object(p, smooth_pattern);
        check_exact(each.label, p, file_bytes(*object, EXS_JPEGLSLossless, &parameter), "JPEG-LS",
                    smooth_pattern);
    }
}

Test(syntaxes, lossless_values_come_back_from_jpeg_2000)
{
    for (const auto &each : pictures)
        for (const bool transform : {false, true}) {
            if (transform && each.what.samples == 1)
                continue;
            const auto object = make_header(each.what);
            std::vector<std::vector<unsigned char>> frames;

            for (unsigned frame = 0; frame < each.what.frames; frame++)
                frames.push_back(jpeg2000_codestream(each.what, frame, pattern, transform));
            if (transform)
                object->getDataset()->putAndInsertString(DCM_PhotometricInterpretation, "YBR_RCT");
            put_fragments(*object, EXS_JPEG2000LosslessOnly, {}, frames);
            check_exact(each.label, each.what, file_bytes(*object, EXS_JPEG2000LosslessOnly),
                        "JPEG 2000");
        }
}

Test(syntaxes, near_lossless_jpeg_ls_stays_within_its_bound)
{
    const DJLSRepresentationParameter parameter(3, OFFalse);
    const picture p = {40, 30, 1, 16, 12, false, "MONOCHROME2", 1};
    const auto object = make_object(p, smooth_pattern);
    const auto file = file_bytes(*object, EXS_JPEGLSLossy, &parameter);

    cr_expect_leq(largest_difference(*read_frame(read_instance(file).get()), p, 0, smooth_pattern),
                  3);
}

Test(syntaxes, what_lossy_jpeg_2000_overshoots_stays_at_the_end_of_the_range)
{
    const picture unsigned10 = {1, 6, 1, 16, 10, false, "MONOCHROME2", 1};
    const picture signed12 = {1, 6, 1, 16, 12, true, "MONOCHROME2", 1};

    check_wide_codestream(unsigned10, EXS_JPEG2000, around_1023, {0, 1022, 1023, 1023, 1023, 1023});
    check_wide_codestream(signed12, EXS_JPEG2000, around_signed_12_bits,
                          {-2048, -2048, -2048, -1, 2047, 2047});
}

Test(syntaxes, bits_above_the_stored_ones_are_removed_from_lossless_jpeg_2000)
{
    check_wide_codestream({1, 6, 1, 16, 10, false, "MONOCHROME2", 1}, EXS_JPEG2000LosslessOnly,
                          around_1023, {0, 1022, 1023, 0, 3, 1023});
}

Test(syntaxes, what_near_lossless_jpeg_ls_overshoots_stays_at_the_end_of_the_range)
{
    const DJLSRepresentationParameter parameter(2, OFFalse);
    const picture wide = {40, 30, 1, 16, 16, false, "MONOCHROME2", 1};
    const picture stated = {40, 30, 1, 16, 10, false, "MONOCHROME2", 1};
    const auto coded = make_object(wide, slope_across_1023);
    const auto object = make_header(stated);

    put_fragments(*object, EXS_JPEGLSLossy, {}, fragments_of(*coded, EXS_JPEGLSLossy, &parameter));
    const image_owner image = read_frame(read_instance(file_bytes(*object, EXS_JPEGLSLossy)).get());
    for (unsigned row = 0; row < stated.rows; row++)
        for (unsigned column = 0; column < stated.columns; column++) {
            const int value = slope_across_1023(stated, 0, row, column, 0);

            cr_expect_leq(std::abs(value_at(*image, row, column) - std::min(value, 1023)), 2,
                          "%d instead of %d", value_at(*image, row, column), value);
        }
}

Test(syntaxes, lossy_jpeg_stays_close_to_a_smooth_picture)
{
    const DJ_RPLossy fine(98);

    check_close({48, 40, 1, 8, 8, false, "MONOCHROME2", 1}, EXS_JPEGProcess1, fine, 3);
    check_close({48, 40, 1, 16, 12, false, "MONOCHROME2", 1}, EXS_JPEGProcess2_4, fine, 24);
}

Test(syntaxes, lossy_colour_jpeg_is_labelled_as_what_it_is_now)
{
    const picture p = {48, 40, 3, 8, 8, false, "RGB", 1};
    const auto object = make_object(p, smooth_pattern);
    const image_owner image = read_first_frame(*object, EXS_JPEGProcess1);

    // The encoder turned RGB to YCbCr; PS3.3 C.7.6.3.1.2 gives the way: Y of the first pixel is
    // 0.2990 R + 0.5870 G + 0.1140 B.
    const double y = 0.2990 * smooth_pattern(p, 0, 0, 0, 0) +
                     0.5870 * smooth_pattern(p, 0, 0, 0, 1) +
                     0.1140 * smooth_pattern(p, 0, 0, 0, 2);

    cr_assert_eq(image->photometric, MEDTL_YBR_FULL);
    cr_expect_leq(std::abs(value_at(*image, 0, 0, 0) - y), 3.0);
}

Test(syntaxes, a_lossy_codestream_in_ycbcr_is_so_also_where_the_header_says_rgb)
{
    const picture p = {48, 40, 3, 8, 8, false, "RGB", 1};
    const auto object = make_object(p, smooth_pattern);
    const auto mislabelled = make_header(p);

    put_fragments(*mislabelled, EXS_JPEGProcess1, {}, fragments_of(*object, EXS_JPEGProcess1));
    cr_expect_eq(read_first_frame(*mislabelled, EXS_JPEGProcess1)->photometric, MEDTL_YBR_FULL);
}

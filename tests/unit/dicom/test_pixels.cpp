// Stored samples in all the ways that PS3.5 8 allows, checked against bytes written out by hand.
#include "objects.h"

#include <algorithm>
#include <criterion/criterion.h>

namespace
{

const picture gray8 = {2, 3, 1, 8, 8, false, "MONOCHROME2", 1};
const picture gray16 = {1, 4, 1, 16, 12, false, "MONOCHROME2", 1};

void put_bytes(DcmFileFormat &object, const std::vector<Uint8> &bytes)
{
    cr_assert(object.getDataset()
                  ->putAndInsertUint8Array(DCM_PixelData, bytes.data(), bytes.size())
                  .good());
}

void put_words(DcmFileFormat &object, const std::vector<Uint16> &words)
{
    cr_assert(object.getDataset()
                  ->putAndInsertUint16Array(DCM_PixelData, words.data(), words.size())
                  .good());
}

void put_number(DcmFileFormat &object, const DcmTagKey &key, unsigned value)
{
    cr_assert(object.getDataset()->putAndInsertUint16(key, static_cast<Uint16>(value)).good());
}

void check_values(const medtl_image &image, const std::vector<int> &expected, const char *label)
{
    cr_assert_eq(static_cast<size_t>(image.rows) * image.columns * image.samples, expected.size(),
                 "%s", label);
    for (size_t i = 0; i < expected.size(); i++) {
        const unsigned pixel = static_cast<unsigned>(i / image.samples);
        const int got = value_at(image, pixel / image.columns, pixel % image.columns,
                                 static_cast<unsigned>(i % image.samples));
        cr_expect_eq(got, expected[i], "%s: sample %zu is %d, not %d", label, i, got, expected[i]);
    }
}

} // namespace

Test(pixels, bits_above_the_stored_ones_are_removed)
{
    const auto object = make_header(gray16);

    put_words(*object, {0xF123, 0x0FFF, 0x8000, 0x1234}); // an overlay in bits 12 to 15
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(image->type, MEDTL_PIXEL_U16);
    check_values(*image, {0x123, 0xFFF, 0, 0x234}, "12 bits at the bottom");
}

Test(pixels, bits_below_the_stored_ones_are_removed)
{
    const auto object = make_header(gray16);

    put_number(*object, DCM_HighBit, 15);
    put_words(*object, {0x1230, 0xFFFF, 0x000F, 0x8001});
    check_values(*read_first_frame(*object), {0x123, 0xFFF, 0, 0x800}, "12 bits at the top");
}

Test(pixels, signs_of_fewer_bits_are_extended)
{
    picture p = gray16;
    p.is_signed = true;
    const auto object = make_header(p);

    put_words(*object, {0x07FF, 0x0800, 0x0FFF, 0xF001});
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(image->type, MEDTL_PIXEL_S16);
    check_values(*image, {2047, -2048, -1, 1}, "signed 12 bits");
}

Test(pixels, signed_bytes_are_read)
{
    picture p = gray8;
    p.is_signed = true;
    const auto object = make_header(p);

    put_bytes(*object, {0, 1, 127, 128, 255, 200});
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(image->type, MEDTL_PIXEL_S8);
    check_values(*image, {0, 1, 127, -128, -1, -56}, "signed 8 bits");
}

Test(pixels, single_bits_are_unpacked_from_the_lowest_and_across_frames)
{
    const picture p = {3, 3, 1, 1, 1, false, "MONOCHROME2", 2};
    const auto object = make_header(p);

    // 18 bits: frame 1 is bits 0 to 8, frame 2 bits 9 to 17 (PS3.5 8.1.1).
    put_bytes(*object, {0x35, 0xA6, 0x02, 0x00});
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    check_values(*read_frame(instance.get(), 0), {1, 0, 1, 0, 1, 1, 0, 0, 0}, "frame 1");
    check_values(*read_frame(instance.get(), 1), {1, 1, 0, 0, 1, 0, 1, 0, 1}, "frame 2");
}

Test(pixels, twelve_bits_are_unpacked_two_samples_in_three_bytes_and_across_frames)
{
    const picture p = {1, 3, 1, 12, 12, false, "MONOCHROME2", 2};
    const auto object = make_header(p);

    put_bytes(*object, {0x23, 0xF1, 0xFF, 0x56, 0x94, 0x78, 0xBC, 0xFA, 0xDE, 0x00});
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    check_values(*read_frame(instance.get(), 0), {0x123, 0xFFF, 0x456}, "frame 1");
    check_values(*read_frame(instance.get(), 1), {0x789, 0xABC, 0xDEF}, "frame 2");
}

Test(pixels, planes_become_interleaved)
{
    const picture p = {1, 3, 3, 8, 8, false, "RGB", 2};
    const auto object = make_header(p);

    put_number(*object, DCM_PlanarConfiguration, 1);
    put_bytes(*object,
              {1, 2, 3, 11, 12, 13, 21, 22, 23, 101, 102, 103, 111, 112, 113, 121, 122, 123});
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    check_values(*read_frame(instance.get(), 0), {1, 11, 21, 2, 12, 22, 3, 13, 23}, "frame 1");
    check_values(*read_frame(instance.get(), 1), {101, 111, 121, 102, 112, 122, 103, 113, 123},
                 "frame 2");
}

Test(pixels, halved_chrominance_is_spread_to_both_pixels)
{
    const picture p = {2, 2, 3, 8, 8, false, "YBR_FULL_422", 1};
    const auto object = make_header(p);

    put_bytes(*object, {10, 20, 128, 130, 30, 40, 90, 200}); // Y1 Y2 Cb Cr, twice
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(image->photometric, MEDTL_YBR_FULL);
    check_values(*image, {10, 128, 130, 20, 128, 130, 30, 90, 200, 40, 90, 200}, "YBR_FULL_422");
}

Test(pixels, chrominance_that_is_whole_in_spite_of_its_label_is_taken_as_it_is)
{
    const picture p = {1, 2, 3, 8, 8, false, "YBR_FULL_422", 1};
    const auto object = make_header(p);

    put_bytes(*object, {10, 128, 130, 20, 129, 131});
    check_values(*read_first_frame(*object), {10, 128, 130, 20, 129, 131},
                 "six bytes for two pixels");
}

Test(pixels, bytes_in_big_endian_words_come_in_order)
{
    const picture p = {3, 3, 1, 8, 8, false, "MONOCHROME2", 2};
    const auto object = make_object(p);
    const instance_owner instance = read_instance(file_bytes(*object, EXS_BigEndianExplicit));

    for (unsigned frame = 0; frame < 2; frame++) // the second frame begins inside a word
        cr_expect_eq(largest_difference(*read_frame(instance.get(), frame), p, frame, pattern), 0,
                     "frame %u", frame);
}

Test(pixels, the_icon_is_not_the_image)
{
    const auto object = make_object(gray8);
    const picture small = {1, 2, 1, 8, 8, false, "MONOCHROME2", 1};
    const auto icon = make_object(small);
    DcmItem *item = nullptr;

    cr_assert(
        object->getDataset()->findOrCreateSequenceItem(DCM_IconImageSequence, item, -2).good());
    for (const DcmTagKey &key : {DCM_Rows, DCM_Columns, DCM_BitsAllocated, DCM_BitsStored,
                                 DCM_HighBit, DCM_PixelRepresentation, DCM_SamplesPerPixel,
                                 DCM_PhotometricInterpretation, DCM_PixelData}) {
        DcmElement *element = nullptr;
        cr_assert(icon->getDataset()->findAndGetElement(key, element, OFFalse, OFTrue).good());
        cr_assert(item->insert(element).good());
    }
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(largest_difference(*image, gray8, 0, pattern), 0);

    // An icon in an object without pixels of its own does not make it an image.
    delete object->getDataset()->remove(DCM_PixelData);
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    cr_expect_not(medtl_instance_facts(instance.get())->has_pixel_data);
    cr_expect_eq(medtl_instance_facts(instance.get())->frames, 0);
}

namespace
{

// Smooth and not tiny: DCMTK's encoder writes behind its buffer where a picture does not become smaller.
const picture cine = {48, 40, 1, 8, 8, false, "MONOCHROME2", 4};

/// Four frames in JPEG-LS, each cut into two fragments of even length.
std::vector<std::vector<unsigned char>> halves(std::vector<uint32_t> *table)
{
    const auto object = make_object(cine, smooth_pattern);
    std::vector<std::vector<unsigned char>> parts;
    uint32_t offset = 0;

    for (const auto &whole : fragments_of(*object, EXS_JPEGLSLossless)) {
        const auto middle = whole.begin() + static_cast<ptrdiff_t>(whole.size() / 4 * 2);
        parts.emplace_back(whole.begin(), middle);
        parts.emplace_back(middle, whole.end());
        if (table != nullptr)
            table->push_back(offset);
        for (size_t i = parts.size() - 2; i < parts.size();
             i++) // item heads of 8 bytes count (PS3.5 A.4)
            offset += static_cast<uint32_t>(8 + (parts[i].size() + 1) / 2 * 2);
    }
    return parts;
}

void check_frames(const std::vector<uint32_t> &table,
                  const std::vector<std::vector<unsigned char>> &parts, const char *label)
{
    const auto object = make_header(cine);

    put_fragments(*object, EXS_JPEGLSLossless, table, parts);
    const instance_owner instance = read_instance(file_bytes(*object, EXS_JPEGLSLossless));
    for (unsigned frame = 0; frame < cine.frames; frame++)
        cr_expect_eq(
            largest_difference(*read_frame(instance.get(), frame), cine, frame, smooth_pattern), 0,
            "%s, frame %u", label, frame);
}

} // namespace

Test(fragments, frames_in_pieces_are_found_by_the_offset_table)
{
    std::vector<uint32_t> table;
    const auto parts = halves(&table);

    check_frames(table, parts, "with a table");
}

Test(fragments, frames_in_pieces_are_found_by_their_first_bytes)
{
    check_frames({}, halves(nullptr), "without a table");
}

Test(fragments, a_wrong_offset_table_is_not_believed)
{
    std::vector<uint32_t> table;
    const auto parts = halves(&table);

    for (uint32_t &offset : table)
        offset += 2;
    check_frames(table, parts, "with a wrong table");
    check_frames(std::vector<uint32_t>(table.size(), 0), parts, "with a table of zeros");
    table = {0, 0, 0, 8};
    check_frames(table, parts, "with a table that points behind the last frame's beginning");
}

Test(fragments, an_extended_offset_table_is_used)
{
    std::vector<uint32_t> table;
    const auto parts = halves(&table);
    const auto object = make_header(cine);
    std::vector<Uint8> extended;

    for (const uint32_t offset : table)
        for (unsigned byte = 0; byte < 8; byte++)
            extended.push_back(byte < 4 ? static_cast<Uint8>(offset >> 8 * byte) : 0);
    // As OB, since this DCMTK cannot write OV; the reader looks at the bytes.
    DcmOtherByteOtherWord *const element =
        new DcmOtherByteOtherWord(DcmTag(DCM_ExtendedOffsetTable, EVR_OB));
    cr_assert(element->putUint8Array(extended.data(), static_cast<unsigned long>(extended.size()))
                  .good());
    cr_assert(object->getDataset()->insert(element, OFTrue).good());
    put_fragments(*object, EXS_JPEGLSLossless, {}, parts);
    const instance_owner instance = read_instance(file_bytes(*object, EXS_JPEGLSLossless));
    for (unsigned frame = 0; frame < cine.frames; frame++)
        cr_expect_eq(
            largest_difference(*read_frame(instance.get(), frame), cine, frame, smooth_pattern), 0,
            "frame %u", frame);
}

Test(fragments, a_frame_that_is_missing_is_refused_and_the_others_are_read)
{
    const auto object = make_header(cine);
    const auto whole = make_object(cine, smooth_pattern);
    auto parts = fragments_of(*whole, EXS_JPEGLSLossless);
    std::string reason;

    parts.pop_back();
    put_fragments(*object, EXS_JPEGLSLossless, {}, parts);
    const auto file = file_bytes(*object, EXS_JPEGLSLossless);
    cr_expect_eq(try_frame(file, 2, reason), MEDTL_OK, "%s", reason.c_str());
    cr_expect_eq(try_frame(file, 3, reason), MEDTL_E_FORMAT);
    cr_expect_eq(try_frame(file, 4, reason), MEDTL_E_ARGUMENT);
}

Test(fragments, the_codestream_decides_where_the_transfer_syntax_is_wrong)
{
    const picture p = {40, 32, 1, 16, 12, false, "MONOCHROME2", 1};
    const char stated[] = "1.2.840.10008.1.2.4.80";
    const auto jpeg_ls = make_object(p, smooth_pattern);
    const auto jpeg_2000 = make_header(p);

    put_fragments(*jpeg_2000, EXS_JPEGLSLossless, {},
                  {jpeg2000_codestream(p, 0, smooth_pattern, false)});
    for (DcmFileFormat *object : {jpeg_ls.get(), jpeg_2000.get()})
        for (const char *wrong :
             {"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1\0\0\0"}) {
            auto file = file_bytes(*object, EXS_JPEGLSLossless);
            const auto found =
                std::search(file.begin(), file.end(), stated, stated + sizeof stated - 1);

            cr_assert(found != file.end());
            std::copy_n(wrong, sizeof stated - 1, found);
            cr_expect_eq(
                largest_difference(*read_frame(read_instance(file).get()), p, 0, smooth_pattern), 0,
                "%s", wrong);
        }
}

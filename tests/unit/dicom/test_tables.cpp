// What goes with the samples: windows, tables, padding, palettes. Expected values are those that were put in.
#include "objects.h"

#include <criterion/criterion.h>

namespace
{

const picture gray = {2, 3, 1, 16, 12, false, "MONOCHROME2", 1};
const picture gray_signed = {2, 3, 1, 16, 12, true, "MONOCHROME2", 1};
const picture colors = {2, 3, 1, 8, 8, false, "PALETTE COLOR", 1};

void put_text(DcmItem &item, const DcmTagKey &key, const char *value)
{
    cr_assert(item.putAndInsertString(key, value).good());
}

DcmItem &put_item(DcmItem &item, const DcmTagKey &sequence)
{
    DcmItem *added = nullptr;

    cr_assert(item.findOrCreateSequenceItem(sequence, added, -2).good());
    return *added;
}

void put_words(DcmItem &item, const DcmTag &tag, const std::vector<Uint16> &words)
{
    cr_assert(item.putAndInsertUint16Array(tag, words.data(), words.size()).good());
}

/// A LUT Descriptor of VR US or SS.
void put_descriptor(DcmItem &item, const DcmTagKey &key, unsigned count, int first, unsigned bits,
                    bool is_signed = false)
{
    if (is_signed) {
        const Sint16 values[3] = {static_cast<Sint16>(count), static_cast<Sint16>(first),
                                  static_cast<Sint16>(bits)};
        cr_assert(item.putAndInsertSint16Array(DcmTag(key, EVR_SS), values, 3).good());
    } else {
        put_words(
            item, DcmTag(key, EVR_US),
            {static_cast<Uint16>(count), static_cast<Uint16>(first), static_cast<Uint16>(bits)});
    }
}

void check_table(const medtl_lut &lut, int first, unsigned bits,
                 const std::vector<unsigned> &entries, const char *label)
{
    cr_assert_not_null(lut.entries, "%s", label);
    cr_expect_eq(lut.first, first, "%s: first is %d", label, lut.first);
    cr_expect_eq(lut.bits, bits, "%s", label);
    cr_assert_eq(lut.count, entries.size(), "%s: %u entries", label, lut.count);
    for (size_t i = 0; i < entries.size(); i++)
        cr_expect_eq(lut.entries[i], entries[i], "%s: entry %zu is %u", label, i, lut.entries[i]);
}

} // namespace

Test(tables, an_image_without_tables_has_neutral_ones)
{
    const auto object = make_object(gray);
    const image_owner image = read_first_frame(*object);

    cr_expect_eq(image->rescale_slope, 1.0);
    cr_expect_eq(image->rescale_intercept, 0.0);
    cr_expect_not(image->has_window);
    cr_expect_not(image->has_padding);
    cr_expect_not(image->inverse_presentation_lut);
    cr_expect_null(image->modality_lut.entries);
    cr_expect_null(image->voi_lut.entries);
    cr_expect_eq(image->laterality, MEDTL_LATERALITY_NONE);
}

Test(tables, the_first_window_and_its_function_are_read)
{
    static const struct {
        const char *function;
        medtl_voi_function expected;
    } functions[] = {{"LINEAR", MEDTL_VOI_LINEAR},
                     {"LINEAR_EXACT", MEDTL_VOI_LINEAR_EXACT},
                     {"SIGMOID", MEDTL_VOI_SIGMOID}};

    for (const auto &each : functions) {
        const auto object = make_object(gray);
        put_text(*object->getDataset(), DCM_WindowCenter, "2047.5\\100");
        put_text(*object->getDataset(), DCM_WindowWidth, "4096\\200");
        put_text(*object->getDataset(), DCM_VOILUTFunction, each.function);
        const image_owner image = read_first_frame(*object);
        cr_expect(image->has_window);
        cr_expect_eq(image->window_center, 2047.5);
        cr_expect_eq(image->window_width, 4096.0);
        cr_expect_eq(image->voi_function, each.expected, "%s", each.function);
    }
}

Test(tables, an_impossible_window_is_none)
{
    for (const char *width : {"0", "-5", "0.5", "wide", ""}) {
        const auto object = make_object(gray);
        put_text(*object->getDataset(), DCM_WindowCenter, "40");
        object->getDataset()->putAndInsertString(DCM_WindowWidth, width);
        cr_expect_not(read_first_frame(*object)->has_window, "width '%s'", width);
    }
}

Test(tables, rescale_is_read)
{
    const auto object = make_object(gray);

    put_text(*object->getDataset(), DCM_RescaleSlope, "0.5");
    put_text(*object->getDataset(), DCM_RescaleIntercept, "-1024");
    const image_owner image = read_first_frame(*object);
    cr_expect_eq(image->rescale_slope, 0.5);
    cr_expect_eq(image->rescale_intercept, -1024.0);
}

Test(tables, a_modality_table_is_instead_of_rescale)
{
    const auto object = make_object(gray);
    DcmItem &item = put_item(*object->getDataset(), DCM_ModalityLUTSequence);

    put_text(*object->getDataset(), DCM_RescaleSlope, "2");
    put_text(*object->getDataset(), DCM_RescaleIntercept, "1");
    put_descriptor(item, DCM_LUTDescriptor, 4, 100, 12);
    put_words(item, DcmTag(DCM_LUTData, EVR_US), {4095, 3000, 2000, 0});
    const image_owner image = read_first_frame(*object);
    check_table(image->modality_lut, 100, 12, {4095, 3000, 2000, 0}, "modality");
    cr_expect_eq(image->rescale_slope, 1.0);
}

Test(tables, a_voi_table_may_begin_below_zero_where_values_do)
{
    const auto object = make_object(gray_signed);
    DcmItem &item = put_item(*object->getDataset(), DCM_VOILUTSequence);

    put_descriptor(item, DCM_LUTDescriptor, 3, -5, 16, true);
    put_words(item, DcmTag(DCM_LUTData, EVR_OW), {1, 500, 65535});
    check_table(read_first_frame(*object)->voi_lut, -5, 16, {1, 500, 65535}, "VOI");
}

Test(tables, a_damaged_table_is_left_out)
{
    const auto object = make_object(gray);
    DcmItem &item = put_item(*object->getDataset(), DCM_VOILUTSequence);

    put_descriptor(item, DCM_LUTDescriptor, 4000, 0, 12);
    put_words(item, DcmTag(DCM_LUTData, EVR_US), {1, 2, 3});
    cr_expect_null(read_first_frame(*object)->voi_lut.entries);
}

Test(tables, padding_is_one_value_or_a_range_in_either_order)
{
    const auto object = make_object(gray);
    DcmDataset &d = *object->getDataset();

    cr_assert(d.putAndInsertUint16(DcmTag(DCM_PixelPaddingValue, EVR_US), 30).good());
    image_owner image = read_first_frame(*object);
    cr_expect(image->has_padding);
    cr_expect_eq(image->padding_first, 30);
    cr_expect_eq(image->padding_last, 30);
    cr_assert(d.putAndInsertUint16(DcmTag(DCM_PixelPaddingRangeLimit, EVR_US), 0).good());
    image = read_first_frame(*object);
    cr_expect_eq(image->padding_first, 0);
    cr_expect_eq(image->padding_last, 30);
}

Test(tables, padding_of_signed_pixels_is_signed_in_every_vr_and_syntax)
{
    const auto object = make_object(gray_signed);
    DcmDataset &d = *object->getDataset();

    cr_assert(d.putAndInsertSint16(DcmTag(DCM_PixelPaddingValue, EVR_SS), -2000).good());
    for (const E_TransferSyntax syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit}) {
        const image_owner image = read_first_frame(*object, syntax);
        cr_expect_eq(image->padding_first, -2000, "%s: %d", DcmXfer(syntax).getXferName(),
                     image->padding_first);
    }
    cr_assert(
        d.putAndInsertUint16(DcmTag(DCM_PixelPaddingValue, EVR_US), 63536).good()); // the same bits
    cr_expect_eq(read_first_frame(*object)->padding_first, -2000);
}

Test(tables, the_presentation_shape_is_read)
{
    const auto object = make_object(gray);

    put_text(*object->getDataset(), DCM_PresentationLUTShape, "INVERSE");
    cr_expect(read_first_frame(*object)->inverse_presentation_lut);
    put_text(*object->getDataset(), DCM_PresentationLUTShape, "IDENTITY");
    cr_expect_not(read_first_frame(*object)->inverse_presentation_lut);
}

Test(tables, tables_of_enhanced_images_come_from_their_functional_groups)
{
    picture p = gray;
    p.frames = 2;
    const auto object = make_object(p);
    DcmItem &shared = put_item(*object->getDataset(), DCM_SharedFunctionalGroupsSequence);
    DcmItem &values = put_item(shared, DCM_PixelValueTransformationSequence);

    put_text(values, DCM_RescaleSlope, "3");
    put_text(values, DCM_RescaleIntercept, "7");
    for (const char *center : {"100", "200"}) {
        DcmItem &group = put_item(*object->getDataset(), DCM_PerFrameFunctionalGroupsSequence);
        DcmItem &voi = put_item(group, DCM_FrameVOILUTSequence);
        DcmItem &anatomy = put_item(group, DCM_FrameAnatomySequence);
        put_text(voi, DCM_WindowCenter, center);
        put_text(voi, DCM_WindowWidth, "50");
        put_text(anatomy, DCM_FrameLaterality, center[0] == '1' ? "L" : "R");
    }
    const instance_owner instance = read_instance(file_bytes(*object, EXS_LittleEndianExplicit));
    const image_owner first = read_frame(instance.get(), 0), second = read_frame(instance.get(), 1);
    cr_expect_eq(first->rescale_slope, 3.0);
    cr_expect_eq(second->rescale_intercept, 7.0);
    cr_expect_eq(first->window_center, 100.0);
    cr_expect_eq(second->window_center, 200.0);
    cr_expect_eq(first->laterality, MEDTL_LATERALITY_LEFT);
    cr_expect_eq(second->laterality, MEDTL_LATERALITY_RIGHT);
}

namespace
{

const DcmTagKey descriptors[] = {DCM_RedPaletteColorLookupTableDescriptor,
                                 DCM_GreenPaletteColorLookupTableDescriptor,
                                 DCM_BluePaletteColorLookupTableDescriptor};
const DcmTagKey data[] = {DCM_RedPaletteColorLookupTableData, DCM_GreenPaletteColorLookupTableData,
                          DCM_BluePaletteColorLookupTableData};
const DcmTagKey segmented[] = {DCM_SegmentedRedPaletteColorLookupTableData,
                               DCM_SegmentedGreenPaletteColorLookupTableData,
                               DCM_SegmentedBluePaletteColorLookupTableData};

} // namespace

Test(tables, palettes_of_words_and_of_bytes_are_read)
{
    const auto object = make_object(colors);

    for (int i = 0; i < 3; i++) {
        put_descriptor(*object->getDataset(), descriptors[i], 4, 10, 16);
        put_words(*object->getDataset(), DcmTag(data[i], EVR_OW),
                  {static_cast<Uint16>(i), 1000, 2000, 65535});
    }
    image_owner image = read_first_frame(*object);
    cr_expect_eq(image->photometric, MEDTL_PALETTE_COLOR);
    for (unsigned i = 0; i < 3; i++)
        check_table(image->palette[i], 10, 16, {i, 1000, 2000, 65535}, "words");

    for (int i = 0; i < 3; i++) {
        put_descriptor(*object->getDataset(), descriptors[i], 4, 0, 8);
        put_words(*object->getDataset(), DcmTag(data[i], EVR_OW),
                  {0x2010, 0xFF30}); // two entries a word, the lower first
    }
    image = read_first_frame(*object, EXS_LittleEndianExplicit);
    for (int i = 0; i < 3; i++)
        check_table(image->palette[i], 0, 8, {0x10, 0x20, 0x30, 0xFF}, "bytes");
    image = read_first_frame(*object, EXS_BigEndianExplicit);
    for (int i = 0; i < 3; i++)
        check_table(image->palette[i], 0, 8, {0x10, 0x20, 0x30, 0xFF}, "bytes in big endian");
}

Test(tables, segmented_palettes_are_expanded)
{
    const auto object = make_object(colors);

    // PS3.3 C.7.9.2: discrete (0, length, values), linear (1, length, end value), indirect (2, segments, offset).
    for (int i = 0; i < 3; i++) {
        put_descriptor(*object->getDataset(), descriptors[i], 12, 0, 16);
        put_words(*object->getDataset(), DcmTag(segmented[i], EVR_OW),
                  {0, 2, 100, 200, 1, 4, 1000, 2, 2, 0, 0});
    }
    const image_owner image = read_first_frame(*object);
    for (int i = 0; i < 3; i++)
        check_table(image->palette[i], 0, 16,
                    {100, 200, 400, 600, 800, 1000, 100, 200, 400, 600, 800, 1000}, "segmented");
}

Test(tables, a_palette_image_without_a_usable_palette_is_refused)
{
    const auto object = make_object(colors);
    std::string reason;

    cr_expect_eq(try_frame(file_bytes(*object, EXS_LittleEndianExplicit), 0, reason),
                 MEDTL_E_FORMAT);
    cr_expect(reason.find("(0028,1201)") != std::string::npos, "%s", reason.c_str());
    for (int i = 0; i < 3; i++) { // an indirect segment that leads to itself
        put_descriptor(*object->getDataset(), descriptors[i], 4, 0, 16);
        put_words(*object->getDataset(), DcmTag(segmented[i], EVR_OW), {2, 1, 0, 0});
    }
    cr_expect_eq(try_frame(file_bytes(*object, EXS_LittleEndianExplicit), 0, reason),
                 MEDTL_E_FORMAT);
}

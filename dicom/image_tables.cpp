// From attributes to the facts of medtl_image that are no samples.
#include "image_tables.h"

#include "attributes.h"
#include "facts.h"
#include "laterality.h"
#include "lut.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace medtl_dicom
{
namespace
{

/// Attributes of classic images stand at the top, those of enhanced ones in a functional group.
DcmItem &where(DcmItem &header, uint32_t frame, const DcmTagKey &macro)
{
    DcmItem *const group = functional_group(header, frame, macro);

    return group == nullptr ? header : *group;
}

void read_modality(DcmItem &header, uint32_t frame, const pixel_description &pixels,
                   medtl_image &image)
{
    DcmItem &item = where(header, frame, DCM_PixelValueTransformationSequence);
    DcmItem *const table = sequence_item(header, DCM_ModalityLUTSequence);
    double slope = 1, intercept = 0;

    if (table != nullptr &&
        read_lut(*table, DCM_LUTDescriptor, DCM_LUTData, pixels.is_signed, image.modality_lut))
        return; // the table is instead of the rescale (PS3.3 C.11.1)
    if (decimal_value(item, DCM_RescaleSlope, slope) &&
        decimal_value(item, DCM_RescaleIntercept, intercept) && slope != 0) {
        image.rescale_slope = slope;
        image.rescale_intercept = intercept;
    }
}

/// Are the values that come out of the modality step possibly negative? VOI tables map those (C.11.2.1.1).
bool modality_output_is_signed(const pixel_description &pixels, const medtl_image &image)
{
    if (image.modality_lut.entries != nullptr)
        return false;
    return pixels.is_signed || image.rescale_intercept < 0 || image.rescale_slope < 0;
}

void read_voi(DcmItem &header, uint32_t frame, const pixel_description &pixels, medtl_image &image)
{
    DcmItem &item = where(header, frame, DCM_FrameVOILUTSequence);
    DcmItem *const table = sequence_item(item, DCM_VOILUTSequence);
    const std::string function = text_value(item, DCM_VOILUTFunction);
    double center = 0, width = 0;

    image.voi_function = function == "SIGMOID"        ? MEDTL_VOI_SIGMOID
                         : function == "LINEAR_EXACT" ? MEDTL_VOI_LINEAR_EXACT
                                                      : MEDTL_VOI_LINEAR;
    // C.11.2.1.2: the width is at least 1 for LINEAR, above 0 for the others.
    if (decimal_value(item, DCM_WindowCenter, center) &&
        decimal_value(item, DCM_WindowWidth, width) &&
        (image.voi_function == MEDTL_VOI_LINEAR ? width >= 1 : width > 0)) {
        image.has_window = true;
        image.window_center = center;
        image.window_width = width;
    }
    if (table != nullptr)
        read_lut(*table, DCM_LUTDescriptor, DCM_LUTData, modality_output_is_signed(pixels, image),
                 image.voi_lut);
}

/// What For Processing images count (PS3.3 C.8.11.3.1.2). The relationship's sign tells their polarity, whichever
/// Photometric Interpretation they have: where it is 1, low values are dense, and shall be white.
void read_exposure(DcmItem &header, medtl_image &image)
{
    long sign = 0;

    if (image.samples != 1 || image.photometric == MEDTL_PALETTE_COLOR ||
        intent_of(header) != MEDTL_INTENT_PROCESSING || image.has_window ||
        image.voi_lut.entries != nullptr || image.modality_lut.entries != nullptr)
        return;
    integer_value(header, DCM_PixelIntensityRelationshipSign, sign);
    sign = static_cast<int16_t>(sign);
    if (sign == 1 || sign == -1) {
        image.photometric = sign == 1 ? MEDTL_MONOCHROME1 : MEDTL_MONOCHROME2;
        image.inverse_presentation_lut = false;
    }
    image.counts_exposure =
        sign != -1 && text_value(header, DCM_PixelIntensityRelationship) == "LIN";
}

/// The ICC Profile module's, else the optical path's.
void read_profile(DcmItem &header, medtl_image &image)
{
    DcmItem *const path = sequence_item(header, DCM_OpticalPathSequence);
    DcmElement *element = nullptr;
    Uint8 *bytes = nullptr;

    if (header.findAndGetElement(DCM_ICCProfile, element).bad() &&
        (path == nullptr || path->findAndGetElement(DCM_ICCProfile, element).bad()))
        return;
    if (element->getLength() == 0 || element->getUint8Array(bytes).bad() || bytes == nullptr)
        return;
    image.icc_profile = static_cast<unsigned char *>(std::malloc(element->getLength()));
    if (image.icc_profile == nullptr)
        throw std::bad_alloc();
    image.icc_profile_size = element->getLength();
    std::memcpy(image.icc_profile, bytes, image.icc_profile_size);
}

/// A padding value as the samples are: US or SS, whichever VR its writer chose.
bool read_stored_value(DcmItem &header, const DcmTagKey &key, const pixel_description &pixels,
                       int32_t &value)
{
    long stated = 0;

    if (!integer_value(header, key, stated))
        return false;
    stated &= 0xFFFF;
    value = static_cast<int32_t>(pixels.is_signed && stated > 0x7FFF ? stated - 0x10000 : stated);
    return true;
}

void read_padding(DcmItem &header, const pixel_description &pixels, medtl_image &image)
{
    int32_t first = 0, last = 0;

    if (pixels.samples != 1 || image.photometric == MEDTL_PALETTE_COLOR ||
        !read_stored_value(header, DCM_PixelPaddingValue, pixels, first))
        return;
    if (!read_stored_value(header, DCM_PixelPaddingRangeLimit, pixels, last))
        last = first;
    image.has_padding = true;
    image.padding_first = std::min(first, last);
    image.padding_last = std::max(first, last);
}

void read_palette(DcmItem &header, const pixel_description &pixels, medtl_image &image)
{
    static const struct {
        const char *name;
        DcmTagKey descriptor, data, segmented;
    } colors[3] = {
        {"Red", DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData,
         DCM_SegmentedRedPaletteColorLookupTableData},
        {"Green", DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData,
         DCM_SegmentedGreenPaletteColorLookupTableData},
        {"Blue", DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData,
         DCM_SegmentedBluePaletteColorLookupTableData},
    };

    if (image.photometric != MEDTL_PALETTE_COLOR)
        return;
    for (int i = 0; i < 3; i++)
        if (!read_lut(header, colors[i].descriptor, colors[i].data, pixels.is_signed,
                      image.palette[i]) &&
            !read_segmented_lut(header, colors[i].descriptor, colors[i].segmented, pixels.is_signed,
                                image.palette[i]))
            fail(MEDTL_E_FORMAT, "the %s Palette Color Lookup Table %s is missing or damaged",
                 colors[i].name, tag_text(colors[i].data).c_str());
}

} // namespace

void read_tables(DcmItem &header, uint32_t frame, const pixel_description &pixels,
                 medtl_image &image)
{
    image.bits_stored = pixels.bits_stored;
    image.photometric = photometric_of(pixels);
    image.laterality = laterality_of(header, frame);
    read_modality(header, frame, pixels, image);
    read_voi(header, frame, pixels, image);
    read_padding(header, pixels, image);
    read_palette(header, pixels, image);
    image.inverse_presentation_lut = text_value(header, DCM_PresentationLUTShape) == "INVERSE";
    read_exposure(header, image);
    if (pixels.samples == 3 || image.photometric == MEDTL_PALETTE_COLOR)
        read_profile(header, image);
}

bool describes_image(const DcmTagKey &tag)
{
    return tag.getGroup() == 0x0028 || tag == DCM_PresentationLUTShape ||
           tag == DCM_PresentationIntentType || tag == DCM_OpticalPathSequence ||
           is_functional_group(tag) || tells_laterality(tag);
}

} // namespace medtl_dicom

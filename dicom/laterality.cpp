// The places where writers put the side, in the order of their precision.
#include "laterality.h"

#include "mammogram.h"

namespace medtl_dicom
{
namespace
{

// PS3.16 CID 244 and 245 (sides), and the sided breasts of CID 4031; SNOMED CT and the older SNOMED-RT codes.
const struct {
    const char *code;
    medtl_laterality side;
} coded_sides[] = {
    {"7771000", MEDTL_LATERALITY_LEFT},   {"G-A101", MEDTL_LATERALITY_LEFT},
    {"24028007", MEDTL_LATERALITY_RIGHT}, {"G-A100", MEDTL_LATERALITY_RIGHT},
    {"51440002", MEDTL_LATERALITY_BOTH},  {"G-A102", MEDTL_LATERALITY_BOTH},
    {"80248007", MEDTL_LATERALITY_LEFT},  {"T-04030", MEDTL_LATERALITY_LEFT},
    {"73056007", MEDTL_LATERALITY_RIGHT}, {"T-04020", MEDTL_LATERALITY_RIGHT},
    {"63762007", MEDTL_LATERALITY_BOTH},  {"T-04080", MEDTL_LATERALITY_BOTH},
};

/// "L", or the words that some writers put instead.
medtl_laterality from_letter(const std::string &text)
{
    const std::string word = plain_words(text);

    if (word == " L " || word == " LEFT ")
        return MEDTL_LATERALITY_LEFT;
    if (word == " R " || word == " RIGHT ")
        return MEDTL_LATERALITY_RIGHT;
    return word == " B " || word == " BOTH " || word == " BILATERAL " ? MEDTL_LATERALITY_BOTH
                                                                      : MEDTL_LATERALITY_NONE;
}

medtl_laterality from_code(DcmItem *item)
{
    if (item != nullptr) {
        const std::string value = text_value(*item, DCM_CodeValue);

        for (const auto &known : coded_sides)
            if (value == known.code)
                return known.side;
    }
    return MEDTL_LATERALITY_NONE;
}

/// The region itself may be sided ("left breast"), or a modifier says it.
medtl_laterality from_region(DcmItem &item, const DcmTagKey &region_key,
                             const DcmTagKey &modifier_key)
{
    DcmItem *const region = sequence_item(item, region_key);
    medtl_laterality side = MEDTL_LATERALITY_NONE;

    if (region == nullptr)
        return side;
    for (unsigned long i = 0; side == MEDTL_LATERALITY_NONE && i < 8; i++) {
        DcmItem *const modifier = sequence_item(*region, modifier_key, i);
        if (modifier == nullptr)
            break;
        side = from_code(modifier);
    }
    return side != MEDTL_LATERALITY_NONE ? side : from_code(region);
}

medtl_laterality from_anatomy(DcmItem &item)
{
    const medtl_laterality side =
        from_region(item, DCM_AnatomicRegionSequence, DCM_AnatomicRegionModifierSequence);

    return side != MEDTL_LATERALITY_NONE
               ? side
               : from_region(item, DCM_PrimaryAnatomicStructureSequence,
                             DCM_PrimaryAnatomicStructureModifierSequence);
}

} // namespace

medtl_laterality laterality_of(DcmItem &data_set, unsigned long frame)
{
    DcmItem *const frame_anatomy = functional_group(data_set, frame, DCM_FrameAnatomySequence);
    medtl_laterality side = MEDTL_LATERALITY_NONE;

    if (frame_anatomy != nullptr)
        side = from_letter(text_value(*frame_anatomy, DCM_FrameLaterality));
    if (side == MEDTL_LATERALITY_NONE)
        side = from_letter(text_value(data_set, DCM_ImageLaterality));
    if (side == MEDTL_LATERALITY_NONE)
        side = from_letter(text_value(data_set, DCM_Laterality));
    if (side == MEDTL_LATERALITY_NONE && frame_anatomy != nullptr)
        side = from_anatomy(*frame_anatomy);
    if (side == MEDTL_LATERALITY_NONE)
        side = from_anatomy(data_set);
    if (side == MEDTL_LATERALITY_NONE && is_mammogram(data_set))
        side = read_view_position(text_value(data_set, DCM_ViewPosition)).side;
    return side != MEDTL_LATERALITY_NONE ? side : guess_side_and_view(data_set).side;
}

bool tells_laterality(const DcmTagKey &tag)
{
    return tag == DCM_ImageLaterality || tag == DCM_Laterality ||
           tag == DCM_AnatomicRegionSequence || tag == DCM_PrimaryAnatomicStructureSequence ||
           tells_of_mammogram(tag);
}

} // namespace medtl_dicom

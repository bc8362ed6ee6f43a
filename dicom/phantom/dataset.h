// What makers of objects share: the phantoms, and pictures that are wrapped (dicom/wrap).
#ifndef MEDTL_PHANTOM_DATASET_H
#define MEDTL_PHANTOM_DATASET_H

#include "dicom/bridge_internal.h"

#include <string>

namespace medtl_dicom
{

/// An exam of one patient: what its instances have in common.
struct phantom_exam {
    const char *name;          // also in the names of its UIDs
    const char *character_set; // NULL: none, ASCII alone
    const char *patient_name;  // UTF-8
    const char *patient_id;
    const char *birth_date, *sex, *age;
    const char *description;
};

/// One instance of an exam.
struct phantom_place {
    const phantom_exam *exam;
    uint64_t seed;
    int series, number; // from 1
    const char *modality, *series_description;
};

/// Set an attribute, or throw.
void put(DcmItem &item, const DcmTagKey &tag, const char *value);
void put(DcmItem &item, const DcmTagKey &tag, const std::string &value);
void put(DcmItem &item, const DcmTagKey &tag, Uint16 value);

/// Append an item with a code to a sequence. @return the item.
DcmItem &put_code(DcmItem &item, const DcmTagKey &sequence, const char *value, const char *scheme,
                  const char *meaning);

/// A sequence without items: a type 2 attribute of which nothing is known.
void put_empty_sequence(DcmItem &item, const DcmTagKey &sequence);

/// The UID of something in an exam; the same for the same seed.
std::string phantom_uid(const phantom_place &place, const std::string &what);

/// Patient, General Study, General Series, General Equipment, General Image and SOP Common modules.
void put_exam(DcmItem &dataset, const phantom_place &place, const char *sop_class);

/// Rows to Pixel Representation, and the pixels. The values are `bits` wide; more than 8 take 16.
/// @param count  Of values: rows * columns * samples.
void put_gray_pixels(DcmItem &dataset, Uint16 rows, Uint16 columns, Uint16 bits,
                     const Uint16 *pixels);
void put_rgb_pixels(DcmItem &dataset, Uint16 rows, Uint16 columns, const Uint8 *pixels);

struct mammogram_plan {
    bool right, mlo;
    bool raw;         // For Processing
    bool monochrome1; // For Presentation, stored inverted
    bool sigmoid;     // the window's function
    bool voi_table;   // a VOI LUT and no window
    bool padding;     // a strip beyond the breast is padding
};
void build_mammogram(DcmItem &dataset, const phantom_place &place, const mammogram_plan &plan);

enum class photograph_kind { dermoscopic, visible_light, secondary_capture };
struct photograph_plan {
    photograph_kind kind;
    int lesion; // which of the patient's
    bool hairs;
};
void build_photograph(DcmItem &dataset, const phantom_place &place, const photograph_plan &plan);

/// Compress or reorder for a transfer syntax.
void encode(DcmDataset &dataset, E_TransferSyntax syntax);

/// A lossless JPEG 2000 codestream of gray pixels of 9 to 16 bits.
void encode_jpeg2000(DcmDataset &dataset);

/// Write a PS3.10 file by temporary file and rename.
void write_file(DcmFileFormat &file, E_TransferSyntax syntax, const std::string &path);

} // namespace medtl_dicom

#endif

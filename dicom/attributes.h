// Attribute values as plain C++ values, whatever VR the writer chose. Absent and unusable are the same answer.
#ifndef MEDTL_DICOM_ATTRIBUTES_H
#define MEDTL_DICOM_ATTRIBUTES_H

#include "bridge_internal.h"

#include "medtl/study.h"

#include <dcmtk/dcmdata/dcspchrs.h>

#include <string>
#include <vector>

namespace medtl_dicom
{

/// Text of the value at `index`, without surrounding spaces, in the data set's own character set; "" where absent.
std::string text_value(DcmItem &item, const DcmTagKey &key, unsigned long index = 0);

/// All values joined by backslashes, each without surrounding spaces.
std::string text_values(DcmItem &item, const DcmTagKey &key);

/// A whole number from US, SS, UL, SL, IS. @return false where absent or not a number.
bool integer_value(DcmItem &item, const DcmTagKey &key, long &value, unsigned long index = 0);

/// A finite decimal from DS, FD, FL or a whole number.
bool decimal_value(DcmItem &item, const DcmTagKey &key, double &value, unsigned long index = 0);

/// An item of a sequence, or NULL. Borrowed from `item`.
DcmItem *sequence_item(DcmItem &item, const DcmTagKey &key, unsigned long index = 0);

/// SOP Instance UIDs of the documents that a report took the place of (Predecessor Documents Sequence, PS3.3 C.17.2).
std::vector<std::string> predecessor_uids(DcmItem &report);

/// The item of a functional group (PS3.3 C.7.6.16) that holds for `frame` (0-based): from the Per-frame, else
/// the Shared Functional Groups Sequence; else NULL.
DcmItem *functional_group(DcmItem &data_set, unsigned long frame, const DcmTagKey &macro);

/// Does functional_group() need this attribute?
bool is_functional_group(const DcmTagKey &tag);

/// Converts text from the data set's character set to UTF-8. Bytes that it cannot convert become U+FFFD.
class utf8_converter
{
  public:
    explicit utf8_converter(DcmItem &data_set);
    std::string operator()(const std::string &text);

  private:
    DcmSpecificCharacterSet converter_;
    bool ready_ = false;
    bool already_utf8_ = false;
};

/// Well-formed UTF-8 (Unicode table 3-7)?
bool is_utf8(const std::string &text);

/// Text with bytes or escapes that only a Specific Character Set gives a meaning?
bool is_ascii(const std::string &text);

/// Copy into a fixed array; what does not fit is cut off at a character's edge. `size` includes the end mark.
void copy_text(char *to, size_t size, const std::string &text);

} // namespace medtl_dicom

#endif

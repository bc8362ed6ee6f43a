// From a parsed header to the facts of study.h and the values that rules ask for.
#ifndef MEDTL_DICOM_FACTS_H
#define MEDTL_DICOM_FACTS_H

#include "layout.h"

#include "instance_internal.h"

#include <utility>

namespace medtl_dicom
{

/// A keyword of the Standard's dictionary with its tag.
using wanted_keyword = std::pair<std::string, DcmTagKey>;

/// Look keywords up. Throws failure (MEDTL_E_ARGUMENT) for one that the dictionary does not know.
std::vector<wanted_keyword> find_keywords(const char *const *keywords, size_t count);

/// Presentation Intent Type, else what the SOP class says (PS3.4 B.5).
medtl_intent intent_of(DcmItem &header);

/// Fill in `instance.facts` and `instance.values`. Throws failure (MEDTL_E_FORMAT).
void read_facts(const dicom_file &file, const std::vector<wanted_keyword> &wanted,
                medtl_instance &instance);

/// An instance without its path. Throws failure.
std::unique_ptr<medtl_instance> read_instance(const dicom_file &file,
                                              const std::vector<wanted_keyword> &wanted);

} // namespace medtl_dicom

#endif

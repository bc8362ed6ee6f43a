// The kinds of report, as a table: which SOP class, which kind of DCMTK document, which root template.
#ifndef MEDTL_REPORT_PROFILE_H
#define MEDTL_REPORT_PROFILE_H

#include "templates.h"

namespace medtl_dicom
{

struct profile {
    medtl_report_profile id;
    const char *name;
    const char *sop_class_uid;
    DSRTypes::E_DocumentType type;
    int instance_number; ///< tells the reports of one series apart
    void (*write)(content &tree, const report_context &context); ///< the root template
};

/// @param id  0: tid1500. @return NULL where there is none of the name.
const profile *find_profile(medtl_report_profile id) noexcept;

} // namespace medtl_dicom

#endif

// A report's attributes outside the content tree, module by module.
#ifndef MEDTL_REPORT_HEADER_H
#define MEDTL_REPORT_HEADER_H

#include "templates.h"

#include <dcmtk/dcmdata/dctk.h>

#include <set>
#include <string>

namespace medtl_dicom
{

/// What the header needs beside the request.
struct header_facts {
    std::string series_uid;
    const char *sop_class_uid = "";
    int instance_number = 1;               ///< tells the profiles apart in their series
    std::set<std::string> private_schemes; ///< coding schemes that the content uses
    std::set<std::string> references;      ///< SOP Instance UIDs that the content refers to
};

/// Write every module of the SR IODs (PS3.3 A.35.1, A.35.3, A.35.5, A.35.13: they have the same ones) except
/// the content tree.
void write_header(DcmItem &report, const report_context &context, const header_facts &facts);

} // namespace medtl_dicom

#endif

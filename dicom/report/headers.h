// The headers of a request's images, each parsed once: several parts of a report ask for them.
#ifndef MEDTL_REPORT_HEADERS_H
#define MEDTL_REPORT_HEADERS_H

#include "dicom/instance_internal.h"

#include <map>
#include <memory>

namespace medtl_dicom
{

class headers
{
  public:
    /// What report_header() gives. Lives as long as this object; not for two threads.
    DcmDataset &of(const medtl_instance &instance)
    {
        std::unique_ptr<DcmDataset> &parsed = parsed_[&instance];

        if (parsed == nullptr)
            parsed = report_header(instance);
        return *parsed;
    }

  private:
    std::map<const medtl_instance *, std::unique_ptr<DcmDataset>> parsed_;
};

} // namespace medtl_dicom

#endif

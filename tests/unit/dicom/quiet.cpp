// DCMTK's own log is switched off before any test: the tests provoke its warnings on purpose.
#include "dicom/logging.h"

namespace
{

const bool quiet = (medtl_dicom_quiet_logs(), true);

} // namespace

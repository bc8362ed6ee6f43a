// Switches DCMTK's log off, for our own tools.
#include "logging.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>

extern "C" void medtl_dicom_quiet_logs(void) noexcept
try {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
} catch (...) {
    // Without it the terminal is noisier; nothing else depends on it.
}

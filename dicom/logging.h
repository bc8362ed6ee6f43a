/* For a tool's main() only, never for the plugin: DCMTK's log is one per process and belongs to the host. */
#ifndef MEDTL_DICOM_LOGGING_H
#define MEDTL_DICOM_LOGGING_H

#include "medtl/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Keep DCMTK from writing its own warnings and errors to the terminal. They are not lost: what
 *  matters comes back in a medtl_error, named by file. Call before any thread is started. */
void medtl_dicom_quiet_logs(void) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

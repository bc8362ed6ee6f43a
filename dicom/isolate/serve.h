/* The inside of medtl-decode: answers its host until that goes away. */
#ifndef MEDTL_DICOM_ISOLATE_SERVE_H
#define MEDTL_DICOM_ISOLATE_SERVE_H

#include "medtl/export.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** For medtl-decode's main() only: uses the descriptors 3 to 5, limits the process, and returns when the other
 *  end of the socket is closed.
 *  @param memory_bytes  Address space that this process may take.
 *  @param timeout_ms    What the host waits for; after twice as long the process ends itself, so that none is left
 *                       where a host is gone.
 *  @return the program's exit code. */
int medtl_isolate_serve(uint64_t memory_bytes, uint32_t timeout_ms) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

// What a host asks of a decoding process, as both sides see it.
#ifndef MEDTL_DICOM_ISOLATE_REQUEST_H
#define MEDTL_DICOM_ISOLATE_REQUEST_H

#include "isolate/message.h"

#include "medtl/image.h"
#include "medtl/limits.h"

namespace medtl_dicom
{

/// Begins every request. The bytes are those of the descriptor that comes along, or of the inbox.
struct request_head {
    medtl_limits limits;
    uint64_t size; ///< of the object in the inbox
    uint64_t here; ///< how many of its bytes are there; all, or its beginning
    uint32_t in_inbox;
    uint32_t frame; ///< of read_image and read_input
};

/// Follows the SOP Instance UID of read_input.
struct input_request {
    medtl_normaliser normaliser;
    uint32_t to_srgb;
};

} // namespace medtl_dicom

#endif

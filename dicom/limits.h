/* What a file may claim before it is refused. A file names sizes freely; these are above what any
 * real image needs and below what would harm the host. Every message of a refusal names the tag and
 * the limit. */
#ifndef MEDTL_DICOM_LIMITS_H
#define MEDTL_DICOM_LIMITS_H

#include <stdint.h>

#define MEDTL_LIMIT_FILE_BYTES     (UINT64_C(4) << 30) /* a file on disk or in memory */
#define MEDTL_LIMIT_INFLATED_BYTES (UINT64_C(1) << 30) /* a deflated data set once inflated */
#define MEDTL_LIMIT_HEADER_BYTES                                                                   \
    (UINT64_C(64) << 20) /* what precedes Pixel Data, large values left out */
#define MEDTL_LIMIT_VALUE_BYTES                                                                    \
    (UINT32_C(1) << 20) /* larger top-level values are left out of the header */
#define MEDTL_LIMIT_META_BYTES (UINT32_C(1) << 20) /* the file meta information */
#define MEDTL_LIMIT_ELEMENTS                                                                       \
    UINT32_C(2000000)               /* data elements and items of a header, nested ones too */
#define MEDTL_LIMIT_DEPTH        32 /* sequences inside sequences */
#define MEDTL_LIMIT_FRAME_PIXELS (UINT64_C(64) << 20) /* rows times columns */
#define MEDTL_LIMIT_FRAMES       UINT32_C(1000000)
#define MEDTL_LIMIT_FRAGMENTS    UINT32_C(4000000)
#define MEDTL_LIMIT_FRAME_BYTES  (UINT64_C(1) << 30) /* of one compressed frame */

#endif

/* What a file may claim before it is refused. A file names sizes freely: the defaults are above what any
 * real image needs and below what would harm a host. A refusal names the tag and the limit. */
#ifndef MEDTL_LIMITS_H
#define MEDTL_LIMITS_H

#include "medtl/error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Plain data, so that it can be copied, compared and handed to another process. */
typedef struct medtl_limits {
    uint64_t file_bytes;     /* a file on disk, in memory, or unpacked from an archive       */
    uint64_t inflated_bytes; /* a deflated data set once inflated (PS3.5 A.5)                */
    uint64_t header_bytes;   /* what precedes Pixel Data, large values left out              */
    uint64_t value_bytes;    /* larger top-level elements are left out of the header         */
    uint64_t elements;       /* data elements and items of a header, nested ones too         */
    uint64_t depth;          /* sequences inside sequences; at most MEDTL_LIMIT_DEPTH_MOST   */
    uint64_t frame_pixels;   /* Rows times Columns                                           */
    uint64_t frames;         /* Number of Frames                                             */
    uint64_t image_pixels;   /* Rows times Columns times Number of Frames                    */
    uint64_t fragments;      /* of encapsulated Pixel Data                                   */
    uint64_t frame_bytes;    /* of one compressed frame                                      */
    uint64_t members;        /* files in one archive                                         */
} medtl_limits;

enum { MEDTL_LIMIT_DEPTH_MOST = 64 }; /* the walk over sequences is recursive: a matter of stack */

/** The defaults. */
void medtl_limits_default(medtl_limits *limits) MEDTL_NOEXCEPT;

/** Set one limit from text: "NAME=NUMBER", NAME as in the struct with hyphens ("frame-pixels"), NUMBER a whole
 *  number above 0 that may end in K, M or G (1024, 1024^2, 1024^3).
 *  @return MEDTL_OK, or MEDTL_E_ARGUMENT with what is wrong; `limits` is as before then. */
medtl_status medtl_limits_set(medtl_limits *limits, const char *text,
                              medtl_error *err) MEDTL_NOEXCEPT;

/** The names that medtl_limits_set() knows. @param index  0-based. @return NULL behind the last. */
const char *medtl_limits_name(size_t index) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

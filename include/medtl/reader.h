/* How files are read: under which limits, and in which process. A reader replaces the plain functions of
 * study.h where a host must survive whatever a file does to a decoder. */
#ifndef MEDTL_READER_H
#define MEDTL_READER_H

#include "medtl/error.h"
#include "medtl/limits.h"
#include "medtl/study.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits, and decoding processes where isolation is asked for. Any number of threads may use one at a
 *  time: each then has a process of its own, and the processes are used again for the next files. */
typedef struct medtl_reader medtl_reader;

/** Everything may be zero. */
typedef struct medtl_reader_options {
    const medtl_limits *limits; /* NULL: the defaults; copied */

    /* Parse and decode in a child process (medtl-decode, started with posix_spawn). Where it crashes, runs
     * out of memory or takes too long, that file is lost with the reason, and the next one gets a new child.
     * No signal handler is set in this process; a dead child is waited for by its own descriptor only. A host
     * that ignores SIGCHLD or waits for any child does no harm. */
    bool isolate;
    const char
        *decoder; /* path of medtl-decode; NULL: ../libexec/medtl or ../bin beside the object that
                              holds this code */
    uint32_t timeout_ms;   /* for one answer of a child: a header or a frame; 0: 60 s */
    uint64_t memory_bytes; /* address space of a child; 0: 6 GiB */
} medtl_reader_options;

/** @param options  NULL: all defaults.
 *  @return MEDTL_OK; MEDTL_E_CONFIG where medtl-decode is not there or does not start; MEDTL_E_MEMORY. */
medtl_status medtl_reader_create(const medtl_reader_options *options, medtl_reader **out,
                                 medtl_error *err) MEDTL_NOEXCEPT;

/** NULL is allowed. Instances that came from the reader live on, and their images can still be read: the
 *  processes end with the last of them. */
void medtl_reader_destroy(medtl_reader *reader) MEDTL_NOEXCEPT;

/** As medtl_instance_read(); medtl_image_read() of the instance is then done by the reader too.
 *  @param reader  NULL: default limits, in this process.
 *  @return also MEDTL_E_FORMAT for a file on which the child crashed or took too long. */
medtl_status medtl_reader_instance(medtl_reader *reader, const char *path,
                                   const char *const *keywords, size_t keyword_count,
                                   medtl_instance **out, medtl_error *err) MEDTL_NOEXCEPT;

/** As medtl_instance_read_memory(), by the reader. */
medtl_status medtl_reader_instance_memory(medtl_reader *reader, const void *bytes, size_t size,
                                          const char *name, const char *const *keywords,
                                          size_t keyword_count, medtl_instance **out,
                                          medtl_error *err) MEDTL_NOEXCEPT;

/** As medtl_scan(), by the reader. */
medtl_status medtl_reader_scan(medtl_reader *reader, const char *const *paths, size_t path_count,
                               const char *const *keywords, size_t keyword_count,
                               medtl_scan_sink sink, void *context,
                               medtl_error *err) MEDTL_NOEXCEPT;

/** How many children ended before their time (crashed, or were ended for their slowness). 0 without isolation. */
size_t medtl_reader_lost_children(const medtl_reader *reader) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

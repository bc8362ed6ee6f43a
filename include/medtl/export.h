/* What the compiler must know about a public name. */
#ifndef MEDTL_EXPORT_H
#define MEDTL_EXPORT_H

/* Everything is compiled with hidden visibility. Only the entry points of a
 * shared object carry MEDTL_EXPORT; there is one per object (plugin.h). */
#if defined(__GNUC__)
#define MEDTL_EXPORT              __attribute__((visibility("default")))
#define MEDTL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define MEDTL_EXPORT
#define MEDTL_PRINTF(text, first)
#endif

/* C++ callers get the promise that no exception crosses the C boundary. */
#ifdef __cplusplus
#define MEDTL_NOEXCEPT noexcept
#else
#define MEDTL_NOEXCEPT
#endif

#endif

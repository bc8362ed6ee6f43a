/* Numbers as text in the C locale. printf and strtod follow the locale that the host has set, and where that
 * has a decimal comma, "55,11" is no DICOM decimal string (PS3.5, 6.2: DS). The host's locale is not ours to
 * change, so these change the calling thread's for the moment of the call (POSIX uselocale). */
#ifndef MEDTL_BASE_C_LOCALE_H
#define MEDTL_BASE_C_LOCALE_H

#include "medtl/export.h"

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** snprintf() and vsnprintf() with the C locale's decimal point. Thread-safe.
 *  @return As snprintf(): the length of the whole text, negative on failure; `out` is then "" where size > 0. */
int medtl_snprintf(char *out, size_t size, const char *format, ...) MEDTL_NOEXCEPT
    MEDTL_PRINTF(3, 4);
int medtl_vsnprintf(char *out, size_t size, const char *format, va_list arguments) MEDTL_NOEXCEPT
    MEDTL_PRINTF(3, 0);

/** strtod() with the C locale's decimal point. Thread-safe. */
double medtl_strtod(const char *text, char **end) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

/* Is this UTF-8? JSON and DICOM's ISO_IR 192 take nothing else; paths and tables are bytes. */
#ifndef MEDTL_BASE_UTF8_H
#define MEDTL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the character at `text`, which ends with a zero byte: 1 to 4 (1 at its end, too); 0 where those bytes are no
 *  well-formed character (The Unicode Standard 15, table 3-7: no overlong forms, no surrogates). Reentrant. */
size_t medtl_utf8_length(const char *text);

/** Are all characters up to the zero byte well-formed? Reentrant. */
bool medtl_is_utf8(const char *text);

#ifdef __cplusplus
}
#endif

#endif

/* A look at a JSON text before it is parsed, so that parsing cannot cost much more than the text is long: a
 * parser makes an object of hundreds of bytes from each "{}". */
#ifndef MEDTL_NN_JSON_GUARD_H
#define MEDTL_NN_JSON_GUARD_H

#include <stddef.h>

/** @return NULL, or why the text is not to be parsed: it nests deeper than `depth`, or has more than `most`
 *  values, counted as its opening brackets and commas outside of strings. The text need not be valid. */
const char *medtl_json_guard(const char *text, size_t size, size_t depth, size_t most);

#endif

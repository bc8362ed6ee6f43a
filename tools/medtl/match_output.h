/* Showing what fits between a file and a network. */
#ifndef MEDTL_TOOL_MATCH_OUTPUT_H
#define MEDTL_TOOL_MATCH_OUTPUT_H

#include "core/nn/network_match.h"

#include <jansson.h>
#include <stdio.h>

/** Misfits that are worth a line where a network is started from a file; more of them mean another network. */
enum { MATCHES_SHOWN = 8 };

/** A line of counts, then a line for each tensor that is not simply matched (counters are only counted).
 *  @param most  Lines; how many more there are is said in one. */
void matches_print(FILE *stream, const medtl_matches *matches, size_t most);

/** The counts and the names of each list. @return NULL without memory. */
json_t *matches_json(const medtl_matches *matches);

/** A name from a file with control characters as '?', for terminals. @return `text`. */
char *printable(const char *name, char *text, size_t size);

/** "F32 [64, 3, 7, 7]". @return `text`. */
char *stored_text(const medtl_stored *stored, char *text, size_t size);

#endif

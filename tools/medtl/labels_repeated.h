/* Tables that list an image more than once: one row for each finding in it, say. */
#ifndef MEDTL_TOOL_LABELS_REPEATED_H
#define MEDTL_TOOL_LABELS_REPEATED_H

#include "labels.h"

/** An image that counts twice makes intervals too narrow, and with two classes it teaches both. Which of its rows is
 *  meant cannot be guessed.
 *  @param path  Of the table, for the message. @return MEDTL_E_FORMAT with the line and how many rows repeat one. */
medtl_status labels_check_repeated(const labels *l, const char *path, medtl_error *err);

#endif

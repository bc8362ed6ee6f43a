/* Our own texts as DICOM values. The patient's attributes keep their character set, whatever it is;
 * what we add must be readable in all of them, and that is the printable part of ASCII without the
 * backslash (a value delimiter). */
#ifndef MEDTL_REPORT_TEXT_H
#define MEDTL_REPORT_TEXT_H

#include "medtl/config.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* PS3.5 6.2, with the terminating NUL */
enum { MEDTL_LO_SIZE = 65, MEDTL_SH_SIZE = 17, MEDTL_DS_SIZE = 17 };

/** Copy UTF-8 as ASCII: each character that is not printable ASCII becomes one '?', a control
 * character a space, a backslash a slash; leading and trailing spaces go. What does not fit is cut.
 *  @param text  NULL counts as "".
 *  @param size  Of `out`, at least 1; `out` is always terminated. */
void medtl_ascii_copy(const char *text, char *out, size_t size) MEDTL_NOEXCEPT;

/** The scheme of the codes below. */
#define MEDTL_PRIVATE_SCHEME "99MEDTL"

/** The private concept "probability of this class", e.g. (P_mel, 99MEDTL,
 * "P(Melanoma)"): DICOM has no code for it. Short, because OHIF writes it in front of the number and
 * cuts the line off at the viewport's edge.
 * The value follows from the label alone and fits 16 characters: a label that is too long or has
 * other characters than [A-Za-z0-9_-] is cut and made unique by six digits of its SHA-256. */
void medtl_probability_concept(const medtl_class *class_info, medtl_code *out) MEDTL_NOEXCEPT;

/** What people call a class: the meaning of its private code, else of its standard code, else its label.
 *  Borrowed. */
const char *medtl_class_meaning(const medtl_class *class_info) MEDTL_NOEXCEPT;

/** A probability in percent as a decimal string (PS3.5, 6.2: DS) with two decimals, rounded to nearest; with two significant
 *  digits where those would show a zero though it is none. */
void medtl_percent_text(float probability, char out[MEDTL_DS_SIZE]) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

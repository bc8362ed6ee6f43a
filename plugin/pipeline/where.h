/* Filters on attributes: "Modality=MG", "Rows>=1024", "BodyPartExamined~BREAST*". */
#ifndef MEDTL_PIPELINE_WHERE_H
#define MEDTL_PIPELINE_WHERE_H

#include "medtl/study.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Conditions that must all hold. Immutable once filled, so threads may share one. */
typedef struct medtl_where medtl_where;

medtl_status medtl_where_create(medtl_where **out, medtl_error *err) MEDTL_NOEXCEPT;
void medtl_where_destroy(medtl_where *where) MEDTL_NOEXCEPT; /* NULL is allowed */

/** Add a condition: KEYWORD OPERATOR VALUE, or KEYWORD alone (has a value), or !KEYWORD (has none).
 *
 *  KEYWORD is one of the data dictionary ("Modality") or a derived fact of medtl_instance_value()
 *  ("sop-class", "view", "view-modifier", "laterality", "intent", "kind"). Operators: = and != (the whole value), ~ and
 *  !~ (a pattern with *, ? and [...]), < <= > >= (as numbers where both are numbers, dates among them, else in the order of bytes). Letter case
 *  counts. Of an attribute with several values one that fits is enough; for != and !~ none may fit. An attribute that
 *  is absent or empty fits != , !~ and !KEYWORD only.
 *  @return MEDTL_OK, or MEDTL_E_ARGUMENT with what is wrong: text that is no condition, or a name in lower case that is
 *          no derived fact. A keyword that the dictionary does not know is found when files are read. */
medtl_status medtl_where_add(medtl_where *where, const char *condition,
                             medtl_error *err) MEDTL_NOEXCEPT;

/** The keywords that must be kept when headers are read. Borrowed. */
const char *const *medtl_where_keywords(const medtl_where *where, size_t *count) MEDTL_NOEXCEPT;

/** @return NULL where all conditions hold, else the keyword of the first that does not (not its value, which may
 *          name a patient); borrowed. */
const char *medtl_where_failing(const medtl_where *where,
                                const medtl_instance *instance) MEDTL_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif

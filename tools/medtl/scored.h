/* Images with their truth and the probabilities that a model gave them: from running it, or from a file of predictions. */
#ifndef MEDTL_TOOL_SCORED_H
#define MEDTL_TOOL_SCORED_H

#include "core/eval/evaluation.h"
#include "labels.h"
#include "predict.h"

typedef struct scored {
    size_t count, classes;
    char **names;         /* [classes]; owned, as all below */
    char **files;         /* [count], as in the table */
    float *probabilities; /* [count][classes] */
    uint32_t *labels;     /* [count] */
    uint32_t *groups;     /* [count], 0 to group_count - 1 */
    size_t group_count;
    bool has_groups; /* else each image is a group of its own */
} scored;

/** From logits of rows of a table. */
medtl_status scored_from_predictions(const predictions *p, const labels *table,
                                     const medtl_model_info *info, scored *out, medtl_error *err);

/** Some of them, in the order of `indices`. */
medtl_status scored_subset(const scored *all, const size_t *indices, size_t count, scored *out,
                           medtl_error *err);

/** Add the cases of `more` to `all`, whose groups they do not share. @param more  Emptied (still to be cleared).
 *  @param path  For messages. @return MEDTL_E_ARGUMENT for other classes, or a file that is there twice. */
medtl_status scored_join(scored *all, scored *more, const char *path, medtl_error *err);

/** An image that stands there twice; NULL: none. Borrowed. @param[out] memory  Is there enough to tell? */
const char *scored_repeated_file(const scored *s, bool *memory);
void scored_clear(scored *s); /* all zero is allowed */

/** The same, for core/eval. Borrowed. */
medtl_predictions scored_view(const scored *s);

/** A CSV table: file, label, predicted, p_CLASS for each class, group (a number; not what the table said). Nine digits
 *  keep every probability as it was. @param rule  Which class is predicted. */
medtl_status scored_write(const char *path, const scored *s, const medtl_evaluation_options *rule,
                          medtl_error *err);

/** What scored_write() wrote, or any table with the columns file, label and p_CLASS; group is optional.
 *  @return MEDTL_E_FORMAT with FILE:LINE for numbers that are no probabilities, rows that do not add up to 1, or labels
 *          that are no class, and with the image's name for one that is there twice. */
medtl_status scored_read(const char *path, scored *out, medtl_error *err);

#endif
